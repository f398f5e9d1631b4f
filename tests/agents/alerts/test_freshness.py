"""Boards are fresh once all is read that was there at the first look, and until something waits too long."""

from __future__ import annotations

from agents.alerts.freshness import Freshness, Wait
from agents.epochs.crew import Crew
from agents.epochs.kafka import KafkaLog
from config.settings import load_settings

ACTIVITY, CELLS, ORGANISATION = ("activity", 0), ("cells", 0), ("organisation", 0)


def made() -> Freshness:
    """One partition each; neither log nor crew is asked here."""
    port, crew = KafkaLog.__new__(KafkaLog), Crew.__new__(Crew)
    return Freshness(load_settings(stale_after_s=10.0), port, crew, 1)


def looked(fresh: Freshness, now_s: float, activity: tuple[int, int], cells: tuple[int, int] = (5, 5)) -> bool:
    """Whether the boards are fresh after a look; each pair is what was read and where the log ends."""
    positions = {ACTIVITY: activity[0], CELLS: cells[0], ORGANISATION: 0}
    fresh.note(now_s, positions, {ACTIVITY: activity[1], CELLS: cells[1], ORGANISATION: 0})
    return fresh.holds(0, now_s)


def test_who_begins_behind_is_not_fresh_until_it_has_caught_up() -> None:
    fresh = made()
    assert not fresh.holds(0, 0.0)
    assert not looked(fresh, 0.0, (0, 100))
    assert not looked(fresh, 2.0, (60, 120))
    assert looked(fresh, 4.0, (100, 140))  # what came since has not waited long


def test_a_record_that_waits_too_long_ends_it_and_a_stream_does_not() -> None:
    fresh = made()
    assert looked(fresh, 0.0, (10, 10))
    for turn in range(1, 20):
        assert looked(fresh, 2.0 * turn, (10 * turn, 10 * turn + 10))
    for turn in range(20, 25):
        assert looked(fresh, 2.0 * turn, (190, 10 * turn + 10))
    assert not looked(fresh, 52.0, (190, 500))
    assert not looked(fresh, 54.0, (499, 600))
    assert looked(fresh, 56.0, (500, 600))


def test_cells_that_wait_count_as_well_and_not_looking_is_not_knowing() -> None:
    fresh = made()
    assert looked(fresh, 0.0, (10, 10))
    assert looked(fresh, 2.0, (10, 10), (5, 6))
    assert not looked(fresh, 14.0, (10, 10), (5, 6))
    assert looked(fresh, 30.0, (10, 10), (6, 6))
    assert not fresh.holds(0, 60.0)


def test_a_wait_is_that_of_the_oldest_record() -> None:
    wait = Wait()
    assert wait.note(0.0, 5, 5) == 0.0
    assert wait.note(2.0, 9, 5) == 0.0
    assert wait.note(4.0, 12, 5) == 2.0
    assert wait.note(6.0, 12, 9) == 2.0
    assert wait.note(8.0, 12, 12) == 0.0
