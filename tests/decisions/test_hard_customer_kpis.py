"""Examples of docs/decisions/0010: K25, K45, K46, K49, K51, K57, K68, K70, worked out by hand there, summed here."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

from tests.decisions.emitters_customers import (
    emit_check_ins,
    emit_early_churn,
    emit_held,
    emit_reached,
    emit_repeat_orders,
    emit_tenure,
    emit_units,
)
from tests.decisions.scene import Line, Scene, minute


def touch(when: str, account: str, rep: str = "R-1", **fields: Any) -> Line:
    """A call."""
    return (when, account, "touch.logged", {"rep": rep, "kind": "call", **fields})


def onboarded(when: str, account: str) -> Line:
    """A customer comes."""
    return (when, account, "customer.onboarded", {})


def churned(when: str, account: str) -> Line:
    """A customer goes."""
    return (when, account, "customer.churned", {})


def test_k25_prospects_reached() -> None:
    lines = [
        touch("2026-03-02 10:00", "A", "R-1", lead="L-1", direction="outbound"),
        touch("2026-03-10 10:00", "A", "R-2", lead="L-1", direction="outbound"),
        touch("2026-03-03 10:00", "B", "R-1", lead="L-2", direction="outbound"),
        touch("2026-03-04 10:00", "C", "R-1", lead="L-3", direction="inbound"),
        ("2026-03-05 09:00", "D", "deal.opened", {"deal": "D-1", "rep": "R-1", "lead": "L-4"}),
        touch("2026-03-05 10:00", "D", "R-1", deal="D-1", direction="outbound"),
    ]
    scene = Scene(lines, emit_reached)

    def reached(start: str, end: str, *, at: str) -> list[int]:
        return [scene.sum("reached", "rep", rep, at=at, start=start, end=end, latest=True) for rep in ("R-1", "R-2")]

    assert reached("2026-03-01", "2026-03-08", at="2026-03-31") == [3, 0]
    assert reached("2026-03-01", "2026-03-15", at="2026-03-31") == [2, 1]
    assert reached("2026-03-04", "2026-03-15", at="2026-03-31") == [1, 1]
    assert reached("2026-03-01", "2026-03-15", at="2026-03-03") == [1, 0]


def moments_at(scene: Scene, at: str, group: str = "") -> dict[str, int]:
    """n, Σx, Σy, Σxx, Σyy, Σxy of touches x and tenure y (hours) at a moment, of all or of one bucket of x."""
    now_h = minute(at) // 60
    kind, prefix = ("tenure_{}_bucket", group + ":") if group else ("tenure_{}", "")
    active, past = (scene.facets(kind.format(state), "all", "", at=at) for state in ("active", "past"))
    a, p = ({name: sums.get(prefix + name, 0) for name in ("n", "x", "y", "xx", "yy", "xy")} for sums in (active, past))
    a["yy"] += a["n"] * now_h**2 - 2 * now_h * a["y"]
    a["xy"] = now_h * a["x"] - a["xy"]
    a["y"] = now_h * a["n"] - a["y"]
    return {name: a[name] + p[name] for name in a}


def test_k45_touch_tenure_correlation() -> None:
    lines = [
        onboarded("2026-03-01 00:00", "A"),
        *[touch(f"2026-03-02 1{n}:00", "A") for n in range(3)],
        onboarded("2026-03-11 00:00", "B"),
        touch("2026-03-12 10:00", "B"),
        onboarded("2026-03-21 00:00", "C"),
        *[touch(f"2026-03-22 1{n}:00", "C") for n in range(2)],
        onboarded("2026-03-01 00:00", "D"),
        *[touch(f"2026-03-02 1{n}:00", "D") for n in range(2)],
        churned("2026-03-21 00:00", "D"),
    ]
    scene, at = Scene(lines, emit_tenure), "2026-03-31 00:00"
    m = moments_at(scene, at)
    assert (m["n"], m["x"], m["y"]) == (4, 8, 80 * 24)
    covariance = m["n"] * m["xy"] - m["x"] * m["y"]
    spread = (m["n"] * m["xx"] - m["x"] ** 2) * (m["n"] * m["yy"] - m["y"] ** 2)
    assert covariance > 0
    assert Fraction(covariance**2, spread) == Fraction(1, 4)  # r = 0.5
    buckets = {x: moments_at(scene, at, str(x)) for x in (1, 2, 3)}
    assert {x: Fraction(b["y"], 24 * b["n"]) for x, b in buckets.items()} == {1: 20, 2: 15, 3: 30}


def test_k46_check_in_coverage() -> None:
    lines = [
        *[onboarded("2026-01-05 09:00", account) for account in "ABCD"],
        ("2026-03-20 09:00", "A", "touch.logged", {"kind": "sms", "automated": True, "phase": "post_sale"}),
        touch("2026-02-10 09:00", "B"),
        touch("2026-03-10 09:00", "C"),
        churned("2026-03-25 09:00", "C"),
        touch("2026-03-05 09:00", "D", phase="pre_sale"),
    ]
    scene = Scene(lines, emit_check_ins)

    def coverage(start: str, at: str) -> Fraction:
        checked = scene.sum("checked_in", at=at, start=start, latest=True)
        return Fraction(checked, scene.sum("customers", at=at))

    assert coverage("2026-03-02", "2026-04-01") == Fraction(1, 3)
    assert coverage("2026-02-22", "2026-03-24") == Fraction(2, 4)


def test_k49_early_churn() -> None:
    def win(account: str, touched: str, closed: str) -> list[Line]:
        amount = {"deal": "D", "amount_minor": 1, "currency": "EUR", "rep": "R-1"}
        return [touch(touched, account, deal="D"), (closed, account, "deal.won", amount)]

    lines = [
        *win("A", "2025-12-30 09:00", "2026-01-04 09:00"),
        onboarded("2026-01-05 00:00", "A"),
        churned("2026-03-01 00:00", "A"),
        *win("B", "2025-12-20 09:00", "2026-01-09 09:00"),
        onboarded("2026-01-10 00:00", "B"),
        churned("2026-09-01 00:00", "B"),
        onboarded("2026-01-20 00:00", "C"),
        onboarded("2026-01-31 00:00", "D"),
        churned("2026-02-10 00:00", "D"),
    ]
    scene = Scene(lines, emit_early_churn)

    def cohort(measure: str, bucket: str, at: str) -> int:
        return scene.sum(measure, "cycle", bucket, at=at, start="2026-01-01", end="2026-02-01")

    def january(measure: str, at: str) -> int:
        return sum(cohort(measure, bucket, at) for bucket in ("short", "long", "_none"))

    seen = {
        at: [january(m, at) for m in ("onboarded", "matured", "churned_early")] for at in ("2026-07-15", "2026-08-01")
    }
    assert seen == {"2026-07-15": [4, 2, 1], "2026-08-01": [4, 4, 2]}
    assert [cohort("churned_early", bucket, "2026-07-15") for bucket in ("short", "long")] == [1, 0]


def working_minutes(start: dt.datetime, end: dt.datetime) -> int:
    """Minutes between two moments of one day that lie in the shift, 9 to 17 without 12 to 13."""
    shifts = [(9, 12), (13, 17)]
    spans = [(max(start, end.replace(hour=a, minute=0)), min(end, end.replace(hour=b, minute=0))) for a, b in shifts]
    return sum(max(0, int((b - a).total_seconds()) // 60) for a, b in spans)


def test_k51_rep_stall() -> None:
    lines = [
        *[touch(f"2026-03-{day:02} 13:20", "A", "R-1") for day in (2, 3, 9, 10, 16)],
        touch("2026-03-20 11:30", "A", "R-1"),
        ("2026-03-20 13:40", "A", "touch.logged", {"rep": "R-1", "kind": "sms", "automated": True}),
        touch("2026-03-20 13:30", "B", "R-2"),
    ]
    scene, now = Scene(lines, emit_held), dt.datetime.fromisoformat("2026-03-20 14:00")
    at = f"{now:%Y-%m-%d %H:%M}"
    idle = {}
    for rep in ("R-1", "R-2"):
        (series,) = scene.board.find("held", "rep", rep).values()
        last = max(pane for pane, amount in series.amounts(0, minute(at), minute(at)) if amount)
        idle[rep] = working_minutes(dt.datetime.fromtimestamp(last * 60, dt.UTC).replace(tzinfo=None), now)
    assert idle == {"R-1": 90, "R-2": 30}  # over a threshold of 60 working minutes only R-1 has stalled

    def hour(day: dt.datetime) -> int:
        start, end = (f"{day:%Y-%m-%d} {clock}" for clock in ("13:00", "14:00"))
        return scene.sum("held", "rep", "R-1", at=at, start=start, end=end)

    weeks = [now - dt.timedelta(days=back) for back in range(1, 29)]
    norm = Fraction(sum(hour(day) for day in weeks), sum(day.isoweekday() <= 5 for day in weeks))
    assert (hour(now), norm) == (0, Fraction(5, 20))  # nothing this hour, a quarter of a touch as a rule


def order(when: str, account: str, number: str, qty: int = 1, price: int = 100, **fields: Any) -> Line:
    """An order of one product that costs 50 to make."""
    line = {"product": "P", "qty": qty, "unit_price_minor": price, "unit_cost_minor": 50}
    return (when, account, "order.placed", {"order": number, "lines": [line], "currency": "EUR", **fields})


def test_k57_repeat_purchases() -> None:
    lines = [
        order("2026-03-02 10:00", "A", "O-1"),
        order("2026-03-20 10:00", "A", "O-2"),
        order("2026-03-05 10:00", "B", "O-3"),
        order("2026-02-10 10:00", "C", "O-4"),
        order("2026-03-11 10:00", "C", "O-5"),
        order("2026-03-15 10:00", "D", "O-6"),
        order("2026-04-02 10:00", "D", "O-7"),
    ]
    scene, at, start, end = Scene(lines, emit_repeat_orders), "2026-04-10", "2026-03-01", "2026-04-01"
    assert scene.sum("repeat_orders", at=at, start=start, end=end) == 2
    once = scene.sum("last_order", at=at, start=start, end=end, latest=True)
    twice = scene.sum("last_but_one_order", at=at, start=start, end=end, latest=True)
    assert (twice, once) == (1, 4)


def test_k68_promotion_lift() -> None:
    def sold(when: str, number: str, qty: int, price: int = 100, site: str = "S-1") -> Line:
        return order(when, "A", number, qty, price, location={"site": site})

    lines = [
        sold("2026-03-02 10:00", "O-1", 2),
        sold("2026-03-05 10:00", "O-2", 9),
        sold("2026-03-09 12:00", "O-3", 1),
        sold("2026-03-10 15:00", "O-4", 3),
        sold("2026-03-16 11:00", "O-5", 4, 80),
        sold("2026-03-17 16:00", "O-6", 2, 80),
        sold("2026-03-17 16:00", "O-7", 7, 80, "S-2"),
    ]
    scene, at, weeks = Scene(lines, emit_units), "2026-03-20", 2
    start, end = dt.datetime.fromisoformat("2026-03-16 09:00"), dt.datetime.fromisoformat("2026-03-18 17:00")

    def phase(measure: str, weeks_back: int) -> int:
        low, high = (f"{moment - dt.timedelta(weeks=weeks_back):%Y-%m-%d %H:%M}" for moment in (start, end))
        return scene.facets(measure, "product", "P", at=at, start=low, end=high).get("S-1", 0)

    lifts = {}
    for measure in ("units", "margin"):
        baseline = Fraction(sum(phase(measure, back) for back in range(1, weeks + 1)), weeks)
        lifts[measure] = (phase(measure, 0) - baseline) / baseline
    assert lifts == {"units": 1, "margin": Fraction(1, 5)}


def test_k70_nps() -> None:
    def answer(when: str, account: str, score: int, rep: str) -> Line:
        scale = {"min": 0, "max": 10}
        return (
            when,
            account,
            "survey.answered",
            {"survey": "S", "kind": "nps", "score": score, "scale": scale, "rep": rep},
        )

    scene = Scene(
        [
            answer("2026-03-02 10:00", "A", 9, "R-1"),
            answer("2026-03-05 10:00", "B", 10, "R-1"),
            answer("2026-03-06 10:00", "C", 8, "R-2"),
            answer("2026-03-20 10:00", "A", 6, "R-2"),
        ]
    )
    early, late = (scene.value("nps", "company", "mtd", at=at) for at in ("2026-03-10 00:00", "2026-03-31 00:00"))
    assert (early.numerator, early.n, early.value) == (2, 3, 200 / 3)
    assert (late.numerator, late.n, late.value) == (0, 3, 0)
    assert late.facets == {"detractor": 1, "passive": 1, "promoter": 1}
    assert scene.value("nps", "rep:R-2", "mtd", at="2026-03-31 00:00").value == -50
