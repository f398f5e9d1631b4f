"""When epochs end and which rows are due, on a clock that the test turns."""

from __future__ import annotations

from agents.epochs.pace import Pace, Tempo

TEMPO = Tempo(epoch_s=0.2, epoch_records=100, flush_after_s=5.0, refold_limit_records=1_000)


def at(offset: int) -> dict[str, int]:
    """An offset of the one source."""
    return {"activity": offset}


def started(now: float = 0.0, offset: int = 0, floor: int = 0) -> Pace:
    """A pace of a slot that begins at ``offset``."""
    pace = Pace(TEMPO)
    pace.start(now, at(offset), at(floor))
    return pace


def test_an_epoch_ends_a_while_after_its_first_fold_or_at_its_bound() -> None:
    pace = started()
    assert not pace.folded(1.0, 60)
    assert round(pace.left_s(1.05), 2) == 0.15
    assert pace.left_s(1.5) == 0
    assert pace.folded(1.1, 40)
    assert pace.next_epoch() == 100


def test_rows_are_due_after_a_time() -> None:
    pace = started()
    pace.ended(1.0, at(10), flushed=False)
    pace.ended(2.0, at(20), flushed=False)
    assert pace.flush_before(5.9, at(30)) == at(0)
    assert pace.flush_before(6.1, at(30)) == at(10)
    assert pace.flush_before(7.1, at(30)) == at(20)


def test_rows_are_due_before_a_restart_would_fold_too_much_again() -> None:
    pace = started()
    assert pace.flush_before(0.1, at(5_000)) == at(4_000)


def test_what_is_due_never_goes_back() -> None:
    pace = started()
    assert pace.flush_before(0.1, at(5_000)) == at(4_000)
    pace.ended(0.2, at(5_000), flushed=False)
    assert pace.flush_before(5.3, at(5_001)) == at(5_000)


def test_a_quiet_slot_writes_its_rows_once() -> None:
    pace = started()
    assert pace.idle_s(0.0) is None
    pace.folded(1.0, 1)
    assert not pace.is_quiet(7.0)  # an epoch is open
    pace.next_epoch()
    assert not pace.is_quiet(5.9)
    assert pace.is_quiet(6.0)
    pace.ended(6.0, at(1), flushed=True)
    assert not pace.is_quiet(60.0)
    assert pace.idle_s(60.0) is None


def test_a_restored_slot_with_missing_rows_writes_them_when_quiet() -> None:
    assert started(0.0, 10, 4).is_quiet(5.0)
    assert not started(0.0, 10, 10).is_quiet(5.0)
