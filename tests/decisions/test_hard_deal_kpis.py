"""Examples of docs/decisions/0010: K29, K30, K40, K50, K63, worked out by hand there and summed by the board here."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from math import ceil

import pytest

from tests.decisions.emitters_deals import emit_closed_by_touches, emit_expansion, emit_funnel, emit_open_deals
from tests.decisions.scene import Line, Scene

STAGES = ["intro", "demo", "proposal", "won"]


def opened(when: str, account: str, deal: str, **fields: object) -> Line:
    """A deal is opened, or opened again with other fields."""
    return (when, account, "deal.opened", {"deal": deal, "rep": "R-1", **fields})


def won(when: str, account: str, deal: str, amount: int = 100, **fields: object) -> Line:
    """A deal is won."""
    return (when, account, "deal.won", {"deal": deal, "amount_minor": amount, "currency": "EUR", **fields})


def lost(when: str, account: str, deal: str) -> Line:
    """A deal is lost."""
    return (when, account, "deal.lost", {"deal": deal})


def touch(when: str, account: str, deal: str, kind: str = "call", rep: str = "R-1") -> Line:
    """A touch of a deal."""
    return (when, account, "touch.logged", {"deal": deal, "rep": rep, "kind": kind, "phase": "pre_sale"})


def entered(scene: Scene, stage: str, *, at: str) -> int:
    """Deals that reached ``stage`` or a later one: first entries at or behind it that come from before it."""
    behind = set(STAGES[STAGES.index(stage) :])
    total = 0
    for facet, count in scene.facets("entered", "all", "", at=at).items():
        reached, _, earlier = facet.partition("<")
        if reached in behind and not behind & set(earlier.split("|")):
            total += count
    return total


def test_k29_funnel_conversion() -> None:
    lines = [
        opened("2026-03-01 09:00", "A", "D-1", stage="intro"),
        opened("2026-03-02 09:00", "A", "D-1", stage="demo"),
        won("2026-03-03 09:00", "A", "D-1"),
        opened("2026-03-01 10:00", "B", "D-2", stage="intro", amount_minor=100, currency="EUR"),
        opened("2026-03-02 10:00", "B", "D-2", stage="demo"),
        opened("2026-03-01 11:00", "C", "D-3", stage="intro"),
        lost("2026-03-05 11:00", "C", "D-3"),
        opened("2026-03-04 10:00", "D", "D-4", stage="demo", amount_minor=300, currency="EUR"),
        opened("2026-03-09 10:00", "E", "D-5", stage="intro", amount_minor=400, currency="EUR"),
    ]
    scene, at = Scene(lines, emit_funnel), "2026-03-10 10:00"
    counts = [entered(scene, stage, at=at) for stage in STAGES]
    assert counts == [5, 3, 1, 1]
    assert [Fraction(counts[n + 1], counts[n]) for n in range(3)] == [Fraction(3, 5), Fraction(1, 3), 1]
    amounts = {stage: scene.sum("in_stage_amount", "stage", stage, at=at) for stage in STAGES}
    assert amounts == {"intro": 400, "demo": 400, "proposal": 0, "won": 0}
    weights = {stage: Fraction(amounts[stage], 800) * median_age_d(scene, stage, at) for stage in ("intro", "demo")}
    assert weights == {"intro": Fraction(1, 2), "demo": 3}  # the bottleneck is demo


def median_age_d(scene: Scene, stage: str, at: str) -> int:
    """The lower median age in whole days of the deals that stand in a stage, from the panes they stand at."""
    now = dt.datetime.fromisoformat(at)
    ages: list[int] = []
    for back in range(1, 30):
        start, end = (f"{now - dt.timedelta(days=days):%Y-%m-%d %H:%M}" for days in (back, back - 1))
        ages += [back] * scene.sum("in_stage", "stage", stage, at=at, start=start, end=end)
    return sorted(ages)[(len(ages) - 1) // 2]


def test_k30_conversion_by_touches() -> None:
    lines = [
        *[touch(f"2026-03-02 0{n}:00", "A", "D-1") for n in range(1)],
        won("2026-03-02 12:00", "A", "D-1"),
        *[touch(f"2026-03-03 0{n}:00", "B", "D-2") for n in range(2)],
        won("2026-03-03 12:00", "B", "D-2"),
        *[touch(f"2026-03-04 0{n}:00", "C", "D-3") for n in range(1)],
        lost("2026-03-04 12:00", "C", "D-3"),
        *[touch(f"2026-03-05 0{n}:00", "D", "D-4") for n in range(2)],
        lost("2026-03-05 12:00", "D", "D-4"),
        won("2026-03-06 12:00", "E", "D-5"),
        ("2026-03-07 12:00", "E", "deal.reopened", {"deal": "D-5"}),
    ]
    scene = Scene(lines, emit_closed_by_touches)
    assert hazard(scene, 0, at="2026-03-07") == Fraction(1, 5)  # D-5 still stands won without a touch
    at = "2026-03-31"
    assert [hazard(scene, k, at=at) for k in range(3)] == [0, Fraction(1, 4), Fraction(1, 2)]


def hazard(scene: Scene, k: int, *, at: str) -> Fraction:
    """P(win at exactly k touches): wins with k ÷ closed deals with k or more, a tail sum of the same cells."""
    wins = reached = 0
    for rep in scene.board.all_of("closed", "rep"):
        for facet, count in scene.facets("closed", "rep", rep, at=at, start="2026-03-01").items():
            outcome, touches = facet.split(":")
            reached += count if int(touches) >= k else 0
            wins += count if outcome == "won" and int(touches) == k else 0
    return Fraction(wins, reached)


def test_k40_touch_benchmark() -> None:
    lines = [
        *[touch(f"2026-03-02 09:0{n}", "A", "D-1", kind) for n, kind in enumerate(["call", "call", "email"])],
        won("2026-03-02 12:00", "A", "D-1", 120_000, rep="R-1"),
        *[touch(f"2026-03-03 09:0{n}", "B", "D-2", kind) for n, kind in enumerate(["call", "call", "email"])],
        won("2026-03-03 12:00", "B", "D-2", 80_000, rep="R-1"),
        *[touch(f"2026-03-04 09:0{n}", "C", "D-3", "demo", "R-2") for n in range(5)],
        won("2026-03-04 12:00", "C", "D-3", 90_000, rep="R-2"),
        won("2026-03-05 12:00", "D", "D-4", 50_000, rep="R-3"),
        won("2026-03-06 12:00", "E", "D-5", 10_000, rep="R-4"),
    ]
    scene, at = Scene(lines), "2026-04-10 00:00"
    targets = dict.fromkeys(["R-1", "R-2", "R-3", "R-4"], 100_000)
    sold = {rep: scene.value("revenue", f"rep:{rep}", "quarter:2026-Q1", at=at).value for rep in targets}
    attained = {rep: Fraction(sold[rep] or 0) / target for rep, target in targets.items()}
    bar = sorted(attained.values(), reverse=True)[ceil(len(targets) / 4) - 1]
    top = [rep for rep, reached in attained.items() if reached >= bar]
    assert top == ["R-1"]
    effort = {rep: scene.value("touches_per_won_deal", f"rep:{rep}", "quarter:2026-Q1", at=at) for rep in targets}
    touches = sum(effort[rep].numerator or 0 for rep in top)
    benchmark = Fraction(touches) / sum(effort[rep].n for rep in top)
    assert benchmark == 3
    assert effort["R-1"].facets == {"call": 2, "email": 1}
    assert (effort["R-2"].value or 0) - benchmark == 2  # the gap of R-2


def days_before(at: str, working_days: int) -> str:
    """So many working days (Monday to Friday) earlier, at the same hour, floored to the hour."""
    day = dt.datetime.fromisoformat(at).replace(minute=0)
    while working_days:
        day -= dt.timedelta(days=1)
        working_days -= day.isoweekday() <= 5
    return f"{day:%Y-%m-%d %H:%M}"


def test_k50_stalled_deals() -> None:
    def deal(when: str, account: str, stage: str, amount: int) -> Line:
        return opened(when, account, f"D-{account}", stage=stage, amount_minor=amount, currency="EUR")

    lines = [
        deal("2026-03-02 09:00", "A", "negotiation", 500),
        touch("2026-03-10 09:00", "A", "D-A"),
        deal("2026-03-02 09:00", "B", "negotiation", 900),
        touch("2026-03-11 13:00", "B", "D-B"),
        deal("2026-03-06 10:00", "C", "qualification", 200),
        ("2026-03-12 10:00", "C", "touch.logged", {"deal": "D-C", "kind": "sms", "automated": True}),
        deal("2026-03-01 10:00", "D", "negotiation", 700),
        lost("2026-03-12 10:00", "D", "D-D"),
    ]
    scene, at = Scene(lines, emit_open_deals), "2026-03-16 12:30"
    cutoffs = {stage: days_before(at, days) for stage, days in (("negotiation", 3), ("qualification", 5))}
    assert cutoffs == {"negotiation": "2026-03-11 12:00", "qualification": "2026-03-09 12:00"}
    stalled = {s: scene.sum("open_deals", "stage", s, at=at, end=cutoff) for s, cutoff in cutoffs.items()}
    value = {s: scene.facets("open_amount", "stage", s, at=at, end=cutoff) for s, cutoff in cutoffs.items()}
    assert stalled == {"negotiation": 1, "qualification": 1}
    assert value == {"negotiation": {"EUR": 500}, "qualification": {"EUR": 200}}
    assert (
        scene.sum("open_deals", "stage", "negotiation", at="2026-03-11 12:00", end="2026-03-06 12:00") == 2
    )  # B and D then


@pytest.mark.parametrize(
    ("facet", "rate", "n"), [("health|gold", Fraction(1, 2), 2), ("health|silver", 1, 1), ("retail|gold", 0, 1)]
)
def test_k63_expansion_response(facet: str, rate: Fraction, n: int) -> None:
    lines = [
        opened("2026-03-01 09:00", "A", "D-1", deal_type="upsell", vertical="health", tier="gold"),
        won("2026-03-02 09:00", "A", "D-1"),
        opened("2026-03-01 09:00", "B", "D-2", deal_type="upsell", vertical="health", tier="gold"),
        lost("2026-03-03 09:00", "B", "D-2"),
        won(
            "2026-03-04 09:00",
            "C",
            "D-3",
            vertical="health",
            lines=[
                {"product": "P-1", "tier": "silver", "qty": 1, "amount_minor": 60, "deal_type": "cross_sell"},
                {"product": "P-2", "tier": "gold", "qty": 1, "amount_minor": 40, "deal_type": "new"},
            ],
        ),
        opened("2026-03-01 09:00", "D", "D-4", deal_type="upsell", vertical="retail", tier="gold"),
        lost("2026-03-05 09:00", "D", "D-4"),
        won("2026-03-06 09:00", "E", "D-5", vertical="health", deal_type="new"),
    ]
    scene, at = Scene(lines, emit_expansion), "2026-03-31"
    closed = scene.facets("expansion_closed", "all", "", at=at, start="2026-03-01")
    wins = scene.facets("expansion_won", "all", "", at=at, start="2026-03-01")
    assert closed[facet] == n
    assert Fraction(wins.get(facet, 0), closed[facet]) == rate
    assert set(closed) == {"health|gold", "health|silver", "retail|gold"}
