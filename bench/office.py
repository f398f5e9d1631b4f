"""A tenant as BOARD knows it: cells of every measure by rep, day and minute, and the roster, shifts and targets of its
reps, in the records that BOARD folds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from schemas.cells import CELLS_PER_RECORD, MINUTE_MS, Packed, PackedLate, encode_cells
from stream.panes import DAY_MIN, MINUTE_HISTORY_MIN, kept_pane
from stream.sketch import bucket_of

TENANT = "acme"
NOW = datetime(2026, 5, 13, 14, 30, tzinfo=UTC)  # a Wednesday
NOW_MIN = int(NOW.timestamp()) // 60
NOW_MS = NOW_MIN * MINUTE_MS
REPS_IN_A_TEAM = 10
FIRST_MIN, LAST_MIN = 8 * 60, 17 * 60  # of a working day
MINUTE_KEPT = frozenset({"touches", "touches_automated", "stage_changes", "appointments_held", "new_leads"})
KINDS = ("call", "email", "meeting", "video_meeting")
SOURCES = ("web", "fair", "partner", "referral", "_none")
ANCHORS = ("first_touch", "lead_created", "deal_opened")
LATE_SHARE = 0.01
RECEIPTS_S = (NOW_MIN - 60 * DAY_MIN) * 60, NOW_MIN * 60

PER_DAY = {
    "touches": 8.0,
    "touches_automated": 1.0,
    "stage_changes": 1.0,
    "appointments_held": 0.5,
    "leads": 1.0,
    "deals_opened": 0.5,
    "wins": 0.25,
    "deals_lost": 0.25,
    "orders": 0.2,
    "refunds": 0.02,
    "answers": 0.1,
}
"""What a rep does on a working day."""


@dataclass(frozen=True)
class Size:
    """How large a tenant: its reps, and the days of which there are cells."""

    reps: int = 2_000
    days: int = 90


def reps_of(size: Size) -> list[str]:
    """Their ids."""
    return [f"R-{number:04}" for number in range(1, size.reps + 1)]


def organisation(size: Size) -> Iterator[bytes]:
    """What the organisation says: zone, money, shifts, the roster, a target of each rep for this month."""
    first = f"{NOW.date() - timedelta(days=size.days + 30)}T00:00:00Z"
    shifts = {day: [["08:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    said: list[tuple[str, dict[str, object]]] = [
        ("tenant.configured", {"time_zone": "UTC", "base_currency": "EUR"}),
        ("calendar.changed", {"calendar": "office", "shifts": shifts}),
    ]
    period = {"from": "2026-05-01", "to": "2026-06-01"}
    for number, rep in enumerate(reps_of(size)):
        team = f"T-{number // REPS_IN_A_TEAM:03}"
        said.append(
            ("roster.changed", {"rep": rep, "team": team, "territory": f"P-{number % 7}", "calendar": "office"})
        )
        wanted = {"kpi": "revenue", "unit": "money", "currency": "EUR", "value": 2_000_000}
        said.append(("target.set", {"target": f"t-{rep}", "scope": f"rep:{rep}", "period": period, **wanted}))
    for number, (name, about) in enumerate(said):
        envelope = {"specversion": "1.0", "id": f"o{number}", "source": "hr", "type": f"sales.{name}", "time": first}
        yield json.dumps({**envelope, "tenant": TENANT, "subject": "acme", "data": about}).encode()


def history(size: Size, seed: int) -> Iterator[bytes]:
    """Cells records of every working day, a day after the other; quarter-hours where they are old."""
    dice, reps = Random(seed), reps_of(size)
    for back in range(size.days, -1, -1):
        day = NOW.date() - timedelta(days=back)
        if day.weekday() < 5:
            yield from records(list(_day(dice, reps, day)), dice)


def records(cells: list[Packed], dice: Random) -> Iterator[bytes]:
    """Cells as records, some of them late."""
    late: list[PackedLate] = []
    on_time: list[Packed] = []
    for cell in cells:
        if dice.random() < LATE_SHARE:
            late.append((*cell, dice.randrange(*RECEIPTS_S)))
        else:
            on_time.append(cell)
    newest_ms = max(cell[4] for cell in cells) * MINUTE_MS
    for low in range(0, len(on_time), CELLS_PER_RECORD):
        yield from encode_cells(TENANT, newest_ms, on_time[low : low + CELLS_PER_RECORD], [])
    yield from encode_cells(TENANT, newest_ms, [], late)


def second(size: Size, seed: int, *, events: int, minute: int) -> list[bytes]:
    """The records of one second's events in a minute: what they add, coalesced, by as many reps as there are events."""
    dice, reps = Random(seed), reps_of(size)
    cells: list[Packed] = []
    whats = list(PER_DAY)
    for what in dice.choices(whats, [PER_DAY[what] for what in whats], k=events):
        cells += _told(what, dice, dice.choice(reps), minute)
    return list(records(cells, dice))


def _day(dice: Random, reps: list[str], day: date) -> Iterator[Packed]:
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // 60
    for rep in reps:
        for what, usual in PER_DAY.items():
            for _ in range(int(usual) + (dice.random() < usual % 1)):
                minute = start + dice.randrange(FIRST_MIN, LAST_MIN)
                if minute < NOW_MIN:
                    yield from _told(what, dice, rep, minute)


def _told(what: str, dice: Random, rep: str, minute: int) -> Iterator[Packed]:
    """The cells of something that happened."""
    coarse = NOW_MIN - MINUTE_HISTORY_MIN
    source = dice.choice(SOURCES)
    for measure, dimension, facet, amount, pane, known in _measures(what, dice, minute):
        value = rep if dimension == "rep" else source
        if measure in MINUTE_KEPT:
            yield measure, dimension, value, facet, pane, known, amount
        else:
            yield measure, dimension, value, facet, kept_pane(pane, coarse), kept_pane(known, coarse), amount


def _measures(what: str, dice: Random, minute: int) -> Iterator[tuple[str, str, str, int, int, int]]:
    """(measure, dimension, facet, amount, pane, known)"""
    if what == "wins":
        yield from _win(dice, minute)
    elif what == "answers":
        promoter = dice.choice(("promoter", "passive", "detractor"))
        yield "nps_answers", "rep", promoter, 1, minute, minute
        before = minute - dice.randrange(1, 60) * DAY_MIN
        yield "nps_answers", "rep", promoter, -1, before, minute
    elif what == "orders":
        yield from _twice("revenue_orders", "", 1, minute)
        yield from _twice("revenue", "EUR", dice.randrange(100, 90_000), minute)
    elif what == "refunds":
        yield "refunds", "rep", "", 1, minute, minute
        yield from _twice("revenue", "EUR", -dice.randrange(100, 9_000), minute)
    elif what == "leads":
        yield from _twice("new_leads", "", 1, minute)
        if dice.random() < 0.2:
            for age in (7, 30, 90):
                for dimension in ("rep", "source"):
                    yield "cohort_won", dimension, str(age), 1, minute, minute + age * DAY_MIN
    elif what in ("touches", "touches_automated"):
        yield what, "rep", dice.choice(KINDS), 1, minute, minute
    elif what in ("deals_opened", "deals_lost"):
        yield from _twice(what, "", 1, minute)
    else:
        yield what, "rep", "", 1, minute, minute


def _twice(measure: str, facet: str, amount: int, minute: int) -> Iterator[tuple[str, str, str, int, int, int]]:
    for dimension in ("rep", "source"):
        yield measure, dimension, facet, amount, minute, minute


def _win(dice: Random, minute: int) -> Iterator[tuple[str, str, str, int, int, int]]:
    amount = dice.randrange(10_000, 900_000)
    counted = [("deals_won", "", 1), ("revenue", "EUR", amount), ("won_amount", "EUR", amount)]
    if dice.random() < 0.5:
        counted.append(("customers_won", "", 1))
    counted += [("touches_on_won", kind, dice.randrange(1, 5)) for kind in dice.sample(KINDS, 2)]
    days_ms = dice.randrange(1, 80) * DAY_MIN * MINUTE_MS
    counted += [("convert_ms", "", days_ms), ("converted", "", 1), ("convert_bucket", bucket_of(days_ms), 1)]
    for measure, facet, number in counted:
        yield from _twice(measure, facet, number, minute)
    for anchor in ANCHORS:
        length_ms = dice.randrange(1, 80) * DAY_MIN * MINUTE_MS
        yield "cycle_deals", "rep", anchor, 1, minute, minute
        yield "cycle_ms", "rep", anchor, length_ms, minute, minute
        yield "cycle_bucket", "rep", f"{anchor}:{bucket_of(length_ms)}", 1, minute, minute
