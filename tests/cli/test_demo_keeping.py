"""What a demo keeps between runs, and the incidents that it plays."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cli.demo import keeping
from cli.demo.accounts import Account
from cli.demo.company import DAY_MS, MINUTE_MS, DemoEvent
from cli.demo.history import Demo, Plan
from cli.demo.incidents import SILENT_SYSTEM, STALLED_MIN, Incidents
from cli.demo.memory import Memory, remember, remembered
from cli.demo.mishaps import Broken, Sent
from cli.demo.story import effective
from cli.demo.systems import SYSTEMS, Systems

NOW_MS = 1_794_996_000_000  # 2026-11-18T10:00:00Z, a Wednesday


class Told:
    """A company with two weeks of history, its systems, and everything they told."""

    def __init__(self) -> None:
        self.demo = Demo(Plan.until(NOW_MS, seed=1, reps=40, days=4))
        self.systems = Systems()
        self.incidents = Incidents(self.demo, self.systems)
        self.log: list[DemoEvent] = []
        self.take(self.demo.history())

    def take(self, sent: object) -> None:
        assert hasattr(sent, "__iter__")
        self.log += [each for each in sent if isinstance(each, DemoEvent)]

    def touches(self, rep: str, since_ms: int) -> int:
        found = [e for e in effective(self.log) if e.type == "sales.touch.logged" and e.data.get("rep") == rep]
        return sum(e.time_ms >= since_ms for e in found)


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keeping, "home", lambda: tmp_path / "demo")
    return tmp_path / "demo"


def test_one_demo_holds_the_histories_and_the_next_keeps_nothing(home: Path) -> None:
    with keeping.kept(home, seed=1, reps=40, days=90) as folder:
        assert folder is not None
        assert folder.parent == home
        with keeping.kept(home, seed=1, reps=40, days=90) as second:
            assert second is None
        assert not keeping.remove_all()
    assert keeping.remove_all()
    assert not folder.exists()


def test_a_wish_is_answered_by_the_running_demo_and_by_nobody_else(home: Path) -> None:
    with pytest.raises(keeping.NobodyPlays, match="no demo runs here"):
        keeping.Letterbox().ask("big-deal")
    answers: list[str] = []
    with keeping.kept(home, seed=1, reps=40, days=90):
        asking = threading.Thread(target=lambda: answers.append(keeping.Letterbox().ask("big-deal")))
        asking.start()
        box = keeping.Letterbox()
        wishes: list[str] = []
        while not wishes:
            wishes = box.wishes()
        box.answer(wishes[0], "played")
        asking.join()
    assert (wishes, answers, box.wishes()) == (["big-deal"], ["played"], [])
    assert home.is_dir()


def test_what_is_remembered_holds_only_for_the_same_log(tmp_path: Path) -> None:
    account = Account("A-1", rep="R-1", lead="L-1", orders=[("O-1", 500)])
    memory = Memory({"0": 12, "1": 7}, NOW_MS - DAY_MS, NOW_MS, NOW_MS, 9, [account])
    remember(tmp_path, memory)
    assert remembered(tmp_path, {"0": 12, "1": 7}) == memory
    assert remembered(tmp_path, {"0": 13, "1": 7}) is None
    (tmp_path / "memory.json").write_text("{")
    assert remembered(tmp_path, {"0": 12, "1": 7}) is None


def test_the_floor_goes_on_from_its_events_where_it_stood(told: Told) -> None:
    again = Demo(told.demo.plan, run="later")
    again.floor.recall(effective(told.log))
    known = {account.key: account for account in told.demo.floor.accounts}
    recalled = {account.key: account for account in again.floor.accounts}
    both = known.keys() & recalled.keys()
    assert len(both) > 0.9 * len(known)
    assert sum(known[key].deal == recalled[key].deal for key in both) > 0.9 * len(both)


def test_a_rep_who_stalls_has_done_nothing_for_long_enough_and_the_colleague_did_it() -> None:
    told = Told()
    played = told.incidents.play("rep-stalls", told.log, NOW_MS)
    (idle,) = told.demo.idle
    rep = next(rep for rep in told.demo.reps if rep.id == idle)
    assert rep.name in played.text
    since_ms = told.demo.shifts.back(rep, NOW_MS, STALLED_MIN)
    assert since_ms is not None
    assert told.demo.shifts.back(rep, NOW_MS, 35) == NOW_MS - 35 * MINUTE_MS
    before = sum(told.touches(each.id, since_ms) for each in told.demo.reps)
    assert told.touches(rep.id, since_ms) > 0
    told.take(played.events)
    told.take(told.demo.live(NOW_MS, NOW_MS + 5 * MINUTE_MS, speed=50.0))
    assert told.touches(rep.id, since_ms) == 0
    assert sum(told.touches(each.id, since_ms) for each in told.demo.reps) > before
    assert told.incidents.due(NOW_MS + 5 * MINUTE_MS) is None
    assert told.incidents.due(NOW_MS + 10 * MINUTE_MS) is not None
    assert not told.demo.idle


def test_a_silent_system_says_nothing_and_later_everything(told: Told) -> None:
    told.incidents.play("source-silent", told.log, NOW_MS)
    sent = list(told.demo.live(NOW_MS, NOW_MS + MINUTE_MS, speed=500.0))
    passed: list[Sent] = list(told.systems.passing(sent))
    assert {each.source for each in passed} == set(SYSTEMS) - {SILENT_SYSTEM}
    assert {each.source for each in told.systems.beats(NOW_MS)} == set(SYSTEMS) - {SILENT_SYSTEM}
    back = told.incidents.play("calm", told.log, NOW_MS + MINUTE_MS).events
    assert sorted([*passed, *back], key=repr) == sorted(sent, key=repr)
    assert {each.source for each in told.systems.beats(NOW_MS + MINUTE_MS)} == set(SYSTEMS)


def test_a_big_deal_is_won_and_taken_back(told: Told) -> None:
    played = told.incidents.play("big-deal", told.log, NOW_MS)
    win = played.events[-1]
    assert not isinstance(win, Broken)
    assert (win.type, win.time_ms, win.backfill) == ("sales.deal.won", NOW_MS, False)
    log = [*told.log, *(each for each in played.events if not isinstance(each, Broken))]
    (void,) = told.incidents.play("win-voided", log, NOW_MS).events
    assert not isinstance(void, Broken)
    assert (void.id, void.revision, void.voided) == (win.id, 1, True)
