"""Whatever is read, and wherever everything is restarted: an episode fires once, and a record says it all."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from config.alerts import load_alerts
from schemas.alert import AlertAction, AlertDefinition, AlertRecord, decode_alert, encode_alert
from stream.alerts.actions import acted
from stream.alerts.machine import Seen, step
from stream.alerts.notices import delivered, due, failed, is_waiting

RULES = {definition.alert: definition for definition in load_alerts()}
MINUTE_MS = 60_000
CHANNELS = ("mail", "webhook")

readings = st.one_of(st.none(), st.sampled_from([0.0, 10.0, 15.0, 16.0, 89.0, 90.0, 91.0, 160.0, 250.0]))
sights = st.builds(
    Seen, readings, n=st.integers(0, 20), is_believed=st.sampled_from([True, True, True, False]), may_fire=st.booleans()
)
doings = st.sampled_from([None, None, None, "acknowledge", "snooze", "restart"])
turns = st.lists(st.tuples(sights, doings, st.integers(1, 40)), max_size=40)
definitions = st.builds(
    lambda for_s, clear_for_s: RULES["rep_stall"].model_copy(update={"for_s": for_s, "clear_for_s": clear_for_s}),
    st.sampled_from([0, 0, 600]),
    st.sampled_from([0, 0, 600]),
)


def blank(now_ms: int) -> AlertRecord:
    return AlertRecord("acme", "rep_stall", "rep:R-1", "pending", "warning", "team lead", now_ms, now_ms, now_ms)


def walk(
    definition: AlertDefinition, story: list[tuple[Seen, str | None, int]], *, restarts: bool
) -> list[AlertRecord]:
    """The record after each turn in which there is one."""
    record: AlertRecord | None = None
    now_ms, found = 0, list[AlertRecord]()
    for number, (seen, doing, minutes) in enumerate(story):
        now_ms += minutes * MINUTE_MS
        if record is not None and doing in ("acknowledge", "snooze"):
            until_ms = now_ms + 60 * MINUTE_MS if doing == "snooze" else None
            place = ("acme", "rep_stall", "rep:R-1", record.fired_ms or 0)
            action = AlertAction(*place, doing, now_ms, "Ann", until_ms=until_ms)  # type: ignore[arg-type]  # one of two words
            record = acted(record, action, number)
            assert acted(record, action, number) is record
        record = step(definition, record, seen, blank(now_ms), CHANNELS)
        assert step(definition, record, seen, blank(now_ms), CHANNELS) == record
        if record is not None:
            if restarts:
                record = decode_alert(encode_alert(record))
            found.append(record)
    return found


@given(definitions, turns)
def test_going_on_from_what_was_written_is_the_same_as_never_having_stopped(
    definition: AlertDefinition, story: list[tuple[Seen, str | None, int]]
) -> None:
    assert walk(definition, story, restarts=True) == walk(definition, story, restarts=False)


@given(definitions, turns)
def test_an_episode_fires_once_and_between_two_it_was_resolved(
    definition: AlertDefinition, story: list[tuple[Seen, str | None, int]]
) -> None:
    before: AlertRecord | None = None
    for record in walk(definition, story, restarts=False):
        keys = [notice.key for notice in record.notices]
        assert len(keys) == len(set(keys))
        for channel in CHANNELS:
            fired = [
                n
                for n in record.notices
                if n.channel == channel and n.key.endswith(f"{record.fired_ms}-fired-{channel}")
            ]
            assert len(fired) <= 1
        if before is not None and record.episode > before.episode:
            assert record.episode == before.episode + 1
            assert not before.is_open
        before = record


@given(definitions, turns)
def test_what_is_not_believed_changes_nothing(
    definition: AlertDefinition, story: list[tuple[Seen, str | None, int]]
) -> None:
    trusted = [(seen, None, minutes) for seen, _, minutes in story]
    record: AlertRecord | None = None
    now_ms = 0
    for seen, _, minutes in trusted:
        now_ms += minutes * MINUTE_MS
        doubted = replace(seen, is_believed=False)
        assert step(definition, record, doubted, blank(now_ms), CHANNELS) is record
        record = step(definition, record, seen, blank(now_ms), CHANNELS)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 600_000)), max_size=30))
def test_a_notice_is_tried_until_it_is_taken_or_a_day_has_passed(tries: list[tuple[bool, int]]) -> None:
    record = step(RULES["rep_stall"], None, Seen(91.0, 1), blank(0), ["webhook"])
    assert record is not None
    now_ms, is_taken = 0, False
    for takes, pause_ms in tries:
        now_ms += pause_ms
        for notice in due(record, now_ms):
            assert not is_taken
            is_taken = takes
            record = delivered(record, notice.key, now_ms) if takes else failed(record, notice.key, now_ms, "HTTP 503")
    assert is_taken == (not any(is_waiting(notice) for notice in record.notices))
