"""Climates: what sorts of storm there are, each of which reaches a part of the core that others seldom do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tests.strategies.authors import DAY_MS, HOUR_MS, MINUTE_MS, TYPE_NAMES, Cast

START_MS = 1_774_564_800_000
"""An hour and a bit before midnight, shortly before clocks change."""


@dataclass(frozen=True)
class Climate:
    """What sort of storm: how much of what. Shares are of the records."""

    cast: Cast = field(default_factory=Cast)
    types: tuple[str, ...] = TYPE_NAMES
    most: int = 120
    subjects: tuple[str, ...] = ("A-1",)
    tenants: tuple[str, ...] = ("default",)
    sources: tuple[str, ...] = ("crm", "app")
    steps_ms: tuple[int, ...] = (0, 0, 1, 999, 1_000, MINUTE_MS, 10 * MINUTE_MS)
    lateness_ms: tuple[int, ...] = (0, 0, 0, 0, 500, MINUTE_MS)
    grain_ms: int = 1
    again: float = 0.12
    odd: float = 0.01
    backfill: float = 0.0
    id_pool: int = 0  # ids are drawn from so many; 0: each event has its own
    settle_after_ms: int = 36 * DAY_MS
    memory_bytes: int = 200 * 1_048_576
    partitions: int = 1
    restarts: float = 0.01
    least: int = 1
    commits: tuple[float, ...] = (0.02, 0.1, 0.3, 1.0)
    spread_ms: int = 3 * HOUR_MS
    start_ms: int = START_MS


DEAL_STORY = (
    *("sales.lead.created", "sales.deal.opened", "sales.deal.opened", "sales.deal.won", "sales.deal.won"),
    *("sales.deal.lost", "sales.deal.reopened", *["sales.touch.logged"] * 4, "sales.deal.owner_changed"),
    *("sales.deal.stage_changed", "sales.order.placed", "sales.order.refunded", "sales.customer.onboarded"),
    *("sales.customer.churned", "sales.customer.reactivated", "sales.appointment.held", "sales.deal.amount_changed"),
    "sales.survey.answered",
)
COURSE = (
    *(["sales.touch.logged"] * 6 + ["sales.appointment.held", "sales.deal.opened", "sales.deal.stage_changed"] * 2),
    *("sales.deal.amount_changed", "sales.deal.owner_changed", "sales.deal.reopened", "sales.deal.lost"),
)
MONEY = (
    *["sales.order.placed", "sales.order.refunded", "sales.deal.won"] * 3,
    *["sales.deal.reopened", "sales.deal.opened", "sales.lead.created", "sales.customer.churned"],
)
SETTLING = (
    *["sales.touch.logged"] * 8,
    *("sales.appointment.held", "sales.appointment.set", "sales.appointment.no_show", "sales.follow_up.due"),
    *("sales.email.sent", "sales.email.opened", "sales.support.opened", "sales.support.resolved"),
    *("sales.feedback.received", "sales.deal.opened", "sales.deal.won", "sales.deal.lost", "sales.lead.created"),
    "sales.deal.reopened",
)
LATE = (0, 0, 0, 0, MINUTE_MS, 30 * MINUTE_MS, HOUR_MS + MINUTE_MS, 5 * HOUR_MS, 51 * HOUR_MS, 9 * DAY_MS, 34 * DAY_MS)
VERY_LATE = (*LATE, 35 * DAY_MS, 35 * DAY_MS + 1, 36 * DAY_MS, 400 * DAY_MS, 21_000 * DAY_MS, -300_000, -300_001)
SHUFFLED = tuple(n * MINUTE_MS for n in range(0, 240, 7))


def _names(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}-{n}" for n in range(1, count + 1))


LARGE = Cast(_names("R", 6), _names("L", 12), _names("D", 25), _names("O", 12), vast=0.002, odd=0.005)
ODD = Cast(vast=0.05, odd=0.15)
CLIMATES = {
    "crowded": Climate(types=DEAL_STORY, most=40, lateness_ms=SHUFFLED, steps_ms=(0, 1_000), again=0.2),
    "crowded in order": Climate(types=DEAL_STORY, most=60, grain_ms=MINUTE_MS),
    "every type": Climate(most=150, subjects=_names("A", 3), lateness_ms=LATE, again=0.2),
    "large": Climate(LARGE, DEAL_STORY, 500, lateness_ms=LATE, steps_ms=(1_000, 60_000, HOUR_MS), again=0.08),
    "course": Climate(
        Cast(deals=("D-1", "D-2")), COURSE, 120, grain_ms=10 * MINUTE_MS, steps_ms=(0, MINUTE_MS, HOUR_MS)
    ),
    "touches": Climate(
        Cast(deals=("D-1",)), ("sales.touch.logged",) * 9 + ("sales.deal.opened", "sales.deal.won"), 200
    ),
    "money": Climate(Cast(vast=0.15), MONEY, 80, lateness_ms=(*LATE[:8], *SHUFFLED), again=0.2),
    "settling": Climate(
        types=SETTLING, most=200, lateness_ms=LATE[:8], settle_after_ms=2 * HOUR_MS, id_pool=150, again=0.05
    ),
    "settling slowly": Climate(
        replace(LARGE, vast=0.0),
        SETTLING,
        300,
        lateness_ms=LATE,
        steps_ms=(HOUR_MS, 9 * HOUR_MS),
        again=0.1,
        settle_after_ms=20 * DAY_MS,
        subjects=_names("A", 2),
        id_pool=2_000,
    ),
    "answers": Climate(
        types=("sales.survey.answered",) * 4 + ("sales.touch.logged",), most=60, lateness_ms=LATE, again=0.3
    ),
    "many accounts": Climate(
        most=250,
        subjects=_names("A", 40),
        tenants=("default", "acme", "t" * 64),
        memory_bytes=20_000,
        restarts=0.02,
    ),
    "strays": Climate(
        ODD,
        most=120,
        subjects=(*("subject-of-a-length"[:n] for n in range(1, 20)), "Ä-日本", "x" * 256, "a/b"),
        odd=0.3,
        partitions=3,
    ),
    "odd": Climate(ODD, most=120, subjects=("A-1", "a/b", "a/"), odd=0.5, lateness_ms=VERY_LATE, backfill=0.3),
    "history": Climate(
        ODD, DEAL_STORY, 100, lateness_ms=VERY_LATE, backfill=0.6, tenants=("default", "acme"), again=0.2
    ),
    "before 1970": Climate(
        types=(*DEAL_STORY, *TYPE_NAMES),
        most=100,
        lateness_ms=LATE,
        start_ms=HOUR_MS,
        steps_ms=(0, 1, 999, HOUR_MS),
        settle_after_ms=DAY_MS,
    ),
    "few ids": Climate(
        types=DEAL_STORY, most=150, id_pool=12, sources=("crm", "app", "ä"), again=0.4, lateness_ms=LATE[:8]
    ),
    "cohorts": Climate(
        types=("sales.lead.created", "sales.deal.opened", "sales.deal.won", "sales.deal.won", "sales.deal.reopened"),
        most=40,
        grain_ms=HOUR_MS,
        steps_ms=(0, HOUR_MS, DAY_MS, 6 * DAY_MS, 7 * DAY_MS, 23 * DAY_MS, 30 * DAY_MS),
        lateness_ms=(0, 0, 0, 7 * DAY_MS, 30 * DAY_MS),
    ),
    "one large account": Climate(
        Cast(_names("R", 30), _names("L", 90), _names("D", 150), _names("O", 90), odd=0.01),
        (*DEAL_STORY, *TYPE_NAMES),
        700,
        lateness_ms=LATE,
        again=0.2,
        commits=(0.01, 0.1),
        settle_after_ms=9 * DAY_MS,
    ),
    "at the epoch": Climate(
        types=(*DEAL_STORY, *TYPE_NAMES),
        most=60,
        start_ms=-200,
        spread_ms=300,
        steps_ms=(0, 1, 30, 100),
        lateness_ms=(0, 1, 100, 129, 257, 40_000),
        settle_after_ms=150,
    ),
    "long lists": Climate(
        types=(*MONEY, "sales.touch.logged"),
        most=250,
        lateness_ms=LATE,
        again=0.3,
        steps_ms=(1_000, HOUR_MS),
        id_pool=90,
        memory_bytes=0,
        commits=(0.05, 0.3),
    ),
}
RARE = {
    "many publishers": Climate(
        most=3_500,
        least=2_500,
        sources=_names("pub", 700),
        subjects=_names("A", 50),
        odd=0.02,
        commits=(0.002,),
        restarts=0.0005,
    ),
    "many tenants": Climate(
        most=11_000,
        least=9_000,
        tenants=_names("t", 2_600),
        types=("sales.touch.logged",) * 4 + ("sales.lead.created",),
        commits=(0.001,),
        restarts=0.0005,
        memory_bytes=100_000,
        lateness_ms=(0, 0, 0, 50 * HOUR_MS, 3 * DAY_MS),
    ),
    "many voices": Climate(
        Cast(("R-1",)),
        ("sales.touch.logged", "sales.email.sent", "sales.feedback.received", "sales.support.opened"),
        most=9_000,
        least=6_000,
        sources=_names("s", 900),
        subjects=_names("A", 200),
        commits=(0.002,),
        steps_ms=(0, 1, 999),
        restarts=0.0,
    ),
    "many reps": Climate(
        Cast(_names("R", 20_000)),
        most=30_000,
        least=15_000,
        types=("sales.touch.logged",),
        again=0.01,
        grain_ms=HOUR_MS,
        commits=(0.0003,),
        subjects=_names("A", 500),
        sources=_names("s", 9),
        restarts=0.0,
    ),
    "long names": Climate(
        Cast(tuple(f"{n:05}".ljust(256, "ß") for n in range(9_000))),
        ("sales.touch.logged", "sales.lead.created"),
        6_000,
        least=4_000,
        sources=_names("s", 3),
        subjects=_names("A", 500),
        commits=(0.0005,),
        restarts=0.0,
        lateness_ms=LATE,
    ),
    "many words": Climate(ODD, most=2_500, least=1_500, odd=0.9, commits=(0.01,), sources=_names("pub", 9)),
}
"""What only shows beyond some thousands of records."""
