"""The reference against numbers worked out by hand: each test is a timeline with the answer beside it."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction
from typing import Any

from schemas.event import Event, decode
from tests.reference.arrivals import Arrival, judge
from tests.reference.readings import Reading, Tenant

DAY = "2026-11-22"
Line = tuple[str, str, dict[str, Any]]


def ms(clock: str) -> int:
    """Epoch milliseconds of HH:MM on the day, or of a full RFC 3339 time."""
    text = clock if "T" in clock else f"{DAY}T{clock}:00+00:00"
    return int(dt.datetime.fromisoformat(text).timestamp() * 1000)


def raw(number: int, line: Line, subject: str = "A-17") -> bytes:
    """A line of a timeline as a CloudEvent."""
    clock, name, data = line
    when = dt.datetime.fromtimestamp(ms(clock) / 1000, dt.UTC).isoformat()
    envelope = {"specversion": "1.0", "id": f"e{number}", "source": "crm", "type": f"sales.{name}", "time": when}
    return json.dumps({**envelope, "subject": subject, "tenant": "acme", "data": data}).encode()


def read(
    lines: list[Line], kpi: str, scope: str, window: str, *, at: str = "23:00", said: tuple[Line, ...] = ()
) -> Reading:
    """The KPI after all lines were received, each a second after it happened."""
    arrivals = [Arrival(raw(n, line), ms(line[0]) + 1000) for n, line in enumerate(lines)]
    organisation = [decode(raw(n, line)) for n, line in enumerate(said)]
    events = [event for event in organisation if isinstance(event, Event)]
    assert len(events) == len(said)
    return Tenant("acme", judge(arrivals, may_backfill=True), events, as_of_ms=ms(at)).reading(kpi, scope, window)


def test_a_late_touch_before_the_win_counts() -> None:
    lines: list[Line] = [
        ("10:00", "touch.logged", {"rep": "R-4", "deal": "D-9", "kind": "call"}),
        ("10:20", "deal.won", {"deal": "D-9", "amount_minor": 120000, "currency": "EUR", "rep": "R-4"}),
        ("10:10", "touch.logged", {"rep": "R-4", "deal": "D-9", "kind": "email"}),
    ]
    reading = read(lines, "touches_per_won_deal", "rep:R-4", "today")
    assert reading.value == 2
    assert reading.n == 1
    assert reading.facets == {"call": 1, "email": 1}


def test_a_reopened_win_is_neither_won_nor_lost() -> None:
    lines: list[Line] = [
        ("10:00", "deal.won", {"deal": "D-9", "amount_minor": 500, "currency": "EUR", "rep": "R-4"}),
        ("11:00", "deal.reopened", {"deal": "D-9"}),
        ("12:00", "deal.won", {"deal": "D-9", "amount_minor": 300, "currency": "EUR", "rep": "R-5"}),
    ]
    assert read(lines, "revenue", "company", "today", at="10:30").value == 500
    assert read(lines, "revenue", "company", "today", at="11:30").value == 0
    assert read(lines, "revenue", "company", "today", at="12:30").value == 300
    assert read(lines, "deals_won", "rep:R-4", "all").value == 0
    assert read(lines, "deals_won", "rep:R-5", "all").value == 1


def test_splits_go_by_largest_remainder() -> None:
    shares = [{"rep": "A", "share_bp": 3333}, {"rep": "B", "share_bp": 3333}, {"rep": "C", "share_bp": 3334}]
    lines: list[Line] = [
        ("10:00", "deal.won", {"deal": "D-9", "amount_minor": 100, "currency": "EUR", "splits": shares})
    ]
    found = [read(lines, "revenue", f"rep:{rep}", "today").value for rep in "ABC"]
    assert found == [33, 33, 34]
    assert read(lines, "deals_won", "rep:C", "today").value == 1


def test_the_first_created_keeps_the_day_and_the_last_gives_the_rep() -> None:
    lines: list[Line] = [
        ("10:00", "lead.created", {"lead": "L", "rep": "R-1", "source": "web"}),
        ("12:00", "lead.created", {"lead": "L", "rep": "R-2"}),
    ]
    assert read(lines, "new_leads", "rep:R-1", "1h", at="10:30").value == 1
    assert read(lines, "new_leads", "rep:R-1", "today").value == 0
    assert read(lines, "new_leads", "rep:R-2", "today").value == 1
    assert read(lines, "new_leads", "source:web", "1h", at="12:10").value == 0


def test_only_a_customer_s_latest_answer_in_the_window_counts() -> None:
    scale = {"min": 0, "max": 10}
    lines: list[Line] = [
        ("10:00", "survey.answered", {"survey": "S", "kind": "nps", "score": 3, "scale": scale, "rep": "R-1"}),
        ("12:00", "survey.answered", {"survey": "S", "kind": "nps", "score": 10, "scale": scale, "rep": "R-2"}),
    ]
    assert read(lines, "nps", "company", "today", at="11:00").value == -100
    assert read(lines, "nps", "company", "today").value == 100
    assert read(lines, "nps", "rep:R-1", "today").n == 0


def test_money_takes_the_day_s_rate_and_is_rounded_once() -> None:
    lines: list[Line] = [
        ("10:00", "deal.won", {"deal": "D-1", "amount_minor": 1, "currency": "USD", "rep": "R-1"}),
        ("11:00", "deal.won", {"deal": "D-2", "amount_minor": 2, "currency": "USD", "rep": "R-1"}),
        ("12:00", "deal.won", {"deal": "D-3", "amount_minor": 7, "currency": "GBP", "rep": "R-1"}),
    ]
    said: tuple[Line, ...] = (
        ("2026-11-01T00:00:00+00:00", "tenant.configured", {"base_currency": "EUR", "time_zone": "Europe/Berlin"}),
        ("13:00", "rate.set", {"currency": "USD", "base_per_unit": "0.5"}),
    )
    before = read(lines, "revenue", "company", "today", at="12:30", said=said)
    after = read(lines, "revenue", "company", "today", at="22:00", said=said)
    assert before.value == 0
    assert before.missing == ["rate:GBP", "rate:USD"]
    assert after.value == 2  # 1.5 is halfway between 1 and 2: to even
    assert after.missing == ["rate:GBP"]
    assert after.n == 3


def test_a_refund_is_the_order_s_and_falls_on_its_own_date() -> None:
    line = {"product": "P", "qty": 2, "unit_price_minor": 50}
    lines: list[Line] = [
        ("2026-11-21T10:00:00+00:00", "order.placed", {"order": "O", "lines": [line], "currency": "EUR", "rep": "R-1"}),
        ("10:00", "order.refunded", {"order": "O", "amount_minor": 30}),
    ]
    assert read(lines, "revenue", "rep:R-1", "today").value == -30
    assert read(lines, "revenue", "rep:R-1", "7d").value == 70


def test_days_follow_the_zone_of_the_tenant() -> None:
    lines: list[Line] = [("2026-11-21T23:30:00+00:00", "lead.created", {"lead": "L"})]
    said: tuple[Line, ...] = (("2026-11-01T00:00:00+00:00", "tenant.configured", {"time_zone": "Europe/Berlin"}),)
    assert read(lines, "new_leads", "company", "today").value == 0
    assert read(lines, "new_leads", "company", "today", at="20:00", said=said).value == 1


def test_two_scales_are_never_mixed() -> None:
    answers = [("09:00", 10, 10), ("10:00", 5, 5)]
    lines: list[Line] = [
        (clock, "survey.answered", {"survey": "S", "kind": "nps", "score": score, "scale": {"min": 0, "max": top}})
        for clock, score, top in answers
    ]
    reading = read(lines, "nps", "company", "all")
    assert reading.value == 100
    assert reading.n == 1
    assert reading.facets == {"detractor": 0, "passive": 0, "promoter": Fraction(1)}
