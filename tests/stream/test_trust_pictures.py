"""Trust in pictures: who is silent, which numbers that makes partial, and what is said beside a number."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from msgspec import UNSET

from stream.board.feeds import FEEDS
from stream.board.measures import MEASURES
from stream.board.moment import moment_at
from stream.board.sources import sources_at
from tests.strategies.pipeline import CATALOGUE
from tests.stream.office import Line, Office, arrival, at_ms, call, rep, win


def beats(office: Office, source: str, start: str, end: str, *, every_s: int = 15) -> None:
    """Heartbeats of a publisher from one wall time to another, both included."""
    moment, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
    while moment <= last:
        office.tell((str(moment), "source.heartbeat", {"interval_s": every_s}), source=source)
        moment += timedelta(seconds=every_s)


def two_publishers() -> Office:
    """The CRM sends the deals of Ada and Ben, the telephone system Ada's calls; the telephone falls silent at 10:04."""
    office = Office()
    office.tell(
        ("2026-05-01 08:00", "roster.changed", rep("ada", team="north")),
        ("2026-05-01 08:00", "roster.changed", rep("ben", team="south")),
    )
    office.tell(
        ("2026-05-13 09:00", "lead.created", {"lead": "L-1", "rep": "ada"}),
        ("2026-05-13 09:10", "deal.won", win("ada", "D-1", 100)),
        ("2026-05-13 09:20", "deal.won", win("ben", "D-2", 100) | {"account": "A-2"}),
        source="crm/eu",
    )
    office.tell(("2026-05-13 09:05", "touch.logged", call("ada", deal="D-1")), source="voice")
    office.tell(("2026-05-13 09:06", "touch.logged", call("ben", deal="D-2", account="A-2")), source="mobile")
    for source in ("crm/eu", "mobile"):
        beats(office, source, "2026-05-13 10:00", "2026-05-13 10:06")
    beats(office, "voice", "2026-05-13 10:00", "2026-05-13 10:04")
    return office


def read(office: Office, kpi: str, scope: str, at: str = "2026-05-13 10:05", window: str = "today") -> object:
    """The status, and what is missing."""
    value = office.value(kpi, scope, window, at)
    return value.status if value.missing is UNSET else (value.status, value.missing)


def test_a_publisher_silent_for_60_s_makes_what_it_feeds_partial_and_nothing_else() -> None:
    office = two_publishers()
    voice = ("partial", ["source:voice"])
    for scope in ("company", "team:north", "rep:ada"):
        assert read(office, "activity_count", scope) == voice
        assert read(office, "touches_per_won_deal", scope) == voice
        assert read(office, "revenue", scope) == "live"
        assert read(office, "new_leads", scope) == "live"
        assert read(office, "deals_won", scope) == "live"
    for scope in ("team:south", "rep:ben", "rep:nobody"):
        assert read(office, "activity_count", scope) == "live"
    assert read(office, "rep_stall", "rep:ada") == voice
    assert read(office, "rep_stall", "rep:ben") == "live"
    assert read(office, "leaderboard", "rep:ben") == "live"


def test_silence_begins_after_three_intervals_and_ends_with_a_word() -> None:
    office = two_publishers()
    as_of_ms = at_ms("2026-05-13 10:04:45")
    at_the_limit = office.pipeline.value("activity_count", "company", "today", as_of_ms=as_of_ms)
    beyond = office.pipeline.value("activity_count", "company", "today", as_of_ms=as_of_ms + 1)
    assert (at_the_limit.status, beyond.status) == ("live", "partial")
    assert at_the_limit.as_of == beyond.as_of
    assert read(office, "activity_count", "company", "2026-05-13 10:04:30") == "live"
    office.tell(("2026-05-13 10:05:30", "touch.logged", call("ada")), source="voice")
    assert read(office, "activity_count", "company", "2026-05-13 10:06") == "live"
    assert read(office, "activity_count", "company", "2026-05-13 10:05") == ("partial", ["source:voice"])


def test_the_newest_heartbeat_says_how_soon_the_next_comes() -> None:
    office = two_publishers()
    office.tell(("2026-05-13 10:04:01", "source.heartbeat", {"interval_s": 60}), source="voice")
    moment = moment_at(office.board, at_ms("2026-05-13 10:07"))
    voice = sources_at(moment)["voice"]
    assert (voice.interval_s, voice.is_silent, voice.last_ms) == (60, False, at_ms("2026-05-13 10:04:01"))
    assert sources_at(moment)["mobile"].is_silent
    before = sources_at(moment_at(office.board, at_ms("2026-05-13 10:03:30")))["voice"]
    assert before.interval_s == 15


def test_a_month_that_was_closed_before_the_silence_is_not_partial() -> None:
    office = two_publishers()
    office.tell(("2026-04-20 09:00", "touch.logged", call("ada")), source="voice", backfill=True)
    assert read(office, "activity_count", "company", window="month:2026-04") == "live"
    assert read(office, "activity_count", "company", window="month:2026-05") == ("partial", ["source:voice"])


def test_a_source_that_spoke_for_nobody_in_28_days_feeds_nothing() -> None:
    office = two_publishers()
    assert read(office, "activity_count", "rep:ada", "2026-06-09 12:00") == ("partial", ["source:voice"])
    assert read(office, "activity_count", "rep:ada", "2026-06-11 12:00") == "live"


def test_a_rep_who_changed_teams_takes_the_silence_along() -> None:
    office = two_publishers()
    office.tell(("2026-05-13 08:00", "roster.changed", rep("ada", team="south")))
    assert read(office, "activity_count", "team:north", window="30d") == "live"
    assert read(office, "activity_count", "team:south", window="30d") == ("partial", ["source:voice"])


def test_an_unnamed_loss_is_of_the_reps_whose_deals_its_publisher_tells_of() -> None:
    office = two_publishers()
    office.tell(("2026-05-13 09:30", "deal.lost", {"deal": "D-2", "account": "A-2"}), source="erp")
    beats(office, "erp", "2026-05-13 09:30", "2026-05-13 09:31")
    erp = ("partial", ["source:erp"])
    assert [read(office, "win_rate", scope) for scope in ("rep:ada", "rep:ben", "company")] == [erp, erp, erp]
    office.tell(("2026-05-13 08:30", "deal.opened", {"deal": "D-2", "rep": "ben", "account": "A-2"}), source="erp")
    assert [read(office, "win_rate", scope) for scope in ("rep:ada", "rep:ben", "company")] == ["live", erp, erp]


def mondays(first: str, weeks: int) -> list[Line]:
    """A call every two minutes from nine to ten in the morning, each Monday."""
    start = datetime.fromisoformat(first)
    times = [start + timedelta(weeks=week, minutes=2 * n) for week in range(weeks) for n in range(30)]
    return [(str(time), "touch.logged", call("ada")) for time in times]


def test_habit_is_of_the_hour_of_the_week() -> None:
    office = Office()
    office.tell(*mondays("2026-04-20 09:00", 4), *mondays("2026-05-18 09:00", 1)[:11], source="voice")
    sources = sources_at(moment_at(office.board, at_ms("2026-05-18 09:27")))
    assert sources["voice"].interval_s is None
    assert sources["voice"].usual_gap_min == Fraction(2)
    assert read(office, "activity_count", "rep:ada", "2026-05-18 09:28") == "live"
    assert read(office, "activity_count", "rep:ada", "2026-05-18 09:29") == ("partial", ["source:voice"])
    assert read(office, "activity_count", "rep:ada", "2026-05-18 10:30") == "live", "nobody calls after ten"
    assert read(office, "activity_count", "rep:ada", "2026-05-24 09:30") == "live", "nor on a Sunday"


def test_a_usual_pause_is_no_silence() -> None:
    office = Office()
    office.tell(*mondays("2026-04-20 09:00", 4), source="voice")
    assert read(office, "activity_count", "rep:ada", "2026-05-18 09:08") == "live"
    assert read(office, "activity_count", "rep:ada", "2026-05-18 09:09") == ("partial", ["source:voice"])


def test_nobody_has_habits_in_less_than_two_weeks() -> None:
    office = Office()
    office.tell(*mondays("2026-04-20 09:00", 2), source="voice")
    assert read(office, "activity_count", "rep:ada", "2026-04-27 09:59") == "live"
    assert read(office, "activity_count", "rep:ada", "2026-05-04 09:09") == ("partial", ["source:voice"])


def test_habits_keep_local_time_when_the_clocks_change() -> None:
    office = Office()
    office.tell(*mondays("2026-03-02 09:00", 4), source="voice")
    assert at_ms("2026-03-30 09:00") - at_ms("2026-03-23 09:00") == (7 * 24 - 1) * 3_600_000
    assert read(office, "activity_count", "rep:ada", "2026-03-30 09:08") == "live"
    assert read(office, "activity_count", "rep:ada", "2026-03-30 09:09") == ("partial", ["source:voice"])
    assert read(office, "activity_count", "rep:ada", "2026-03-30 10:05") == "live"


def test_a_restated_value_says_by_how_much() -> None:
    office = Office()
    office.tell(("2026-05-13 09:00", "deal.won", win("ada", "D-1", 100)))
    late = arrival(901, ("2026-05-13 09:30", "deal.won", win("ada", "D-2", 40)))
    office.pipeline.publish([late._replace(received_ms=at_ms("2026-05-13 11:00"))], [])
    office.pipeline.run()
    for _ in range(2):
        revenue = office.value("revenue", "company", "today", "2026-05-13 12:00")
        assert (revenue.value, revenue.status, revenue.restated_by) == (14_000, "restated", 4_000)
        assert revenue.restated_at == "2026-05-13T09:00:00Z"
        size = office.value("average_deal_size", "rep:ada", "today", "2026-05-13 12:00")
        assert (size.value, size.restated_by) == (7_000, -3_000)
        assert office.value("revenue", "company", "today", "2026-05-13 09:20").restated_by is UNSET
        (slot,) = office.pipeline.boards
        slot.resume(office.pipeline.fresh_board(0))


def test_a_ratio_of_too_few_is_insufficient() -> None:
    office = Office()
    office.tell(("2026-05-01 00:00", "tenant.configured", {"min_n": 3}))
    office.tell(("2026-05-13 09:00", "deal.won", win("ada", "D-1", 100)))
    assert read(office, "average_deal_size", "rep:ada") == "insufficient"
    assert read(office, "average_deal_size", "rep:ben") == "live"
    assert read(office, "revenue", "rep:ada") == "live"


def test_a_cohort_matures() -> None:
    office = Office()
    office.tell(("2026-05-12 09:00", "lead.created", {"lead": "L-1", "rep": "ada"}))
    office.tell(("2026-05-15 09:00", "lead.created", {"lead": "L-2", "rep": "ada", "account": "A-2"}))
    young = office.value("acquisition_rate_7d", "company", "30d", "2026-05-20 09:00")
    assert (young.status, young.maturing) == ("maturing", 0.5)
    assert office.value("acquisition_rate_7d", "company", "30d", "2026-05-23 09:00").status == "live"


def test_the_company_names_whom_the_roster_does_not_know() -> None:
    office = Office()
    office.tell(*((f"2026-05-13 09:{n:02}", "touch.logged", call(f"r{n:02}")) for n in range(23)))
    at = "2026-05-13 12:00"
    assert office.value("activity_count", "company", "today", at).unrostered is UNSET, "there is no roster"
    office.tell(("2026-05-13 08:00", "roster.changed", rep("r00", team="north")))
    named = office.value("activity_count", "company", "today", at).unrostered
    assert named == [*(f"r{n:02}" for n in range(1, 21)), "+2"]
    assert office.value("activity_count", "company", "15m", at).unrostered is UNSET
    assert office.value("activity_count", "team:_none", "today", at).unrostered is UNSET
    assert office.value("deals_won", "company", "today", at).unrostered is UNSET


def test_every_measure_has_kinds_that_feed_it() -> None:
    assert FEEDS.keys() >= MEASURES
    assert all(definition.measures <= FEEDS.keys() for definition in CATALOGUE.definitions.values())
