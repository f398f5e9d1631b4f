"""Frames: what the wall shows is what the API answers, and it fits any tenant: none, small, large, without targets."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.catalogue import load_definitions
from gateway.gate import Gate
from gateway.wall import memory
from gateway.wall.frame import Wall
from gateway.wall.memory import BUDGET_S, FRESH_S, Memory
from gateway.wall.plan import SPARK_DAYS
from gateway.wall.tiles import moment_before, nearest_hour, wilson
from schemas.kpi import to_line
from stream.board.board import Board
from stream.board.values import value_of
from stream.catalogue.catalogue import Catalogue
from tests.wallboard.company import NOW_MS, TENANT, Company

pytestmark = pytest.mark.timeout(600)
CATALOGUE = Catalogue(load_definitions())
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames take the time they need."""
    monkeypatch.setattr(memory, "BUDGET_S", 600.0)


async def frame_of(board: Board | None, *, tenant: str | None = TENANT, is_ready: bool = True) -> dict[str, Any]:
    """A frame, once everything in it has been read."""
    boards = {} if board is None else {TENANT: board}
    changed = asyncio.Event()
    wall = Wall(lambda: boards, Gate(), CATALOGUE, is_ready=lambda: is_ready, is_stale=lambda: False, changed=changed)
    while True:
        changed.clear()
        made = await wall.frame(tenant)
        if made is None:
            return {}
        if not changed.is_set():
            found: dict[str, Any] = json.loads(made)
            return found


def tiles_of(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [tile for page in frame["pages"] for tile in page.get("tiles", [])]


def page_of(frame: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(page for page in frame["pages"] if page["id"] == name)
    return found


@pytest.mark.usefixtures("still_clock", "patient")
async def test_every_number_is_the_api_s(board: Board) -> None:
    frame = await frame_of(board)
    assert [page["id"] for page in frame["pages"]] == [
        *("company", "team:East", "team:Key accounts", "team:North", "team:South", "team:West"),
        *("ranking:revenue", "ranking:win_rate", "activity", "goals", "trust"),
    ]
    for tile in [*frame["pages"][0]["tiles"], *frame["pages"][1]["tiles"], *page_of(frame, "activity")["tiles"]]:
        asked = {name: tile[name] for name in ("kpi", "scope", "window")}
        answered = json.loads(to_line(value_of(board, CATALOGUE, **asked, as_of_ms=NOW_MS)))
        assert {name: tile.get(name) for name in answered} == answered
        if tile["before"] is not None:
            at_ms = int(datetime.fromisoformat(tile["before"]["as_of"]).timestamp() * 1000) - 1
            assert value_of(board, CATALOGUE, **asked, as_of_ms=at_ms).value == tile["before"]["value"]
    hero = frame["pages"][0]["tiles"][0]
    assert len(hero["trend"]["now"]) == 18
    assert hero["trend"]["now"][-1] == hero["value"]
    assert sorted(hero["trend"]["now"]) == hero["trend"]["now"]
    assert hero["target"]["pace"] == pytest.approx(hero["value"] / hero["target"]["expected"])
    (won,) = [tile for tile in frame["pages"][0]["tiles"] if tile["kpi"] == "deals_won"]
    assert len(won["spark"]) == SPARK_DAYS
    assert won["spark"][-1] == won["value"]
    asked = {"kpi": "deals_won", "scope": "company", "window": "7d"}
    assert sum(won["spark"][-7:]) == value_of(board, CATALOGUE, **asked, as_of_ms=NOW_MS).value
    (rate,) = [tile for tile in frame["pages"][0]["tiles"] if tile["kpi"] == "win_rate"]
    yesterday_ms = NOW_MS - (14 * 60 + 40) * 60_000 - 1
    asked = {"kpi": "win_rate", "scope": "company", "window": "30d"}
    assert rate["spark"][-2] == value_of(board, CATALOGUE, **asked, as_of_ms=yesterday_ms).value
    stalled = [next(t for t in page["tiles"] if t["kpi"] == "stalled_deals") for page in frame["pages"][1:6]]
    assert all(tile["wide"] and tile["value"] and tile["before"] for tile in stalled)
    (silent, *others) = page_of(frame, "trust")["sources"]
    assert (silent["source"], silent["silent"], [each["silent"] for each in others]) == ("web shop", True, [False] * 2)


@pytest.mark.usefixtures("still_clock", "patient")
@pytest.mark.parametrize(
    ("policy", "kind", "ranks"),
    [("full", "rep", 7), ("top_n", "rep", 3), ("team_only", "team", 2), ("personal_best", "rep", 0), ("off", None, 0)],
)
async def test_leaderboards_follow_the_policy(policy: str, kind: str | None, ranks: int) -> None:
    frame = await frame_of(Company(reps=10, teams=("A", "B"), ranking=policy, days=30).board())
    page = page_of(frame, "ranking:revenue")
    assert (page["policy"], page["scope_kind"]) == (policy, kind)
    assert len([row for row in page["rows"] if row["rank"] is not None]) == ranks
    if policy == "personal_best":
        assert all("best" in row["facets"] for row in page["rows"])


@pytest.mark.usefixtures("still_clock", "patient")
async def test_few_cases_get_no_rank_but_their_interval() -> None:
    page = page_of(await frame_of(Company(reps=3, teams=("A",)).board()), "ranking:win_rate")
    for row in page["rows"]:
        assert (row["rank"] is None) == (row["n"] < 5)
        if row["interval"]:
            assert row["interval"][0] < row["facets"]["value"] < row["interval"][1]


@pytest.mark.usefixtures("still_clock", "patient")
async def test_any_tenant_fits() -> None:
    assert await frame_of(None, is_ready=False) == {}
    empty = await frame_of(None)
    assert (empty["tenants"], empty["pages"]) == ([], [])
    bare = await frame_of(Board())
    assert bare["pages"][0]["id"] == "company"
    without = await frame_of(Company(reps=4, teams=("A",), targets=False, currency="JPY", days=4).board())
    assert (without["currency"], without["exponent"], page_of(without, "goals")["rows"]) == ("JPY", 0, [])
    assert {tile["target"] for tile in tiles_of(without)} == {None}
    teams = tuple(f"T-{n:02}" for n in range(30))
    many = await frame_of(Company(reps=60, teams=teams, currency="KWD", days=4).board())
    assert (many["exponent"], len(page_of(many, "ranking:revenue")["rows"])) == (3, 7)
    assert page_of(many, "ranking:revenue")["of"] == 60
    assert sum(page["id"].startswith("team:") for page in many["pages"]) == 24
    assert page_of(many, "trust")["hidden_teams"] == 6
    assert len(json.dumps(many)) < 200_000


def test_wilson() -> None:
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(1.0, 3) == pytest.approx((0.4385, 1.0), abs=1e-4)
    assert wilson(0.0, 0) is None


def test_comparisons_keep_the_local_time() -> None:
    def before(at: datetime, sort: Any, window: str = "today") -> datetime:
        return datetime.fromtimestamp(moment_before(int(at.timestamp() * 1000), sort, window, BERLIN) / 1000, BERLIN)

    assert before(datetime(2026, 10, 28, 9, 30, tzinfo=UTC), "week").isoformat() == "2026-10-21T10:30:00+02:00"
    assert before(datetime(2026, 3, 31, 10, 0, tzinfo=BERLIN), "month").day == 28
    assert before(datetime(2026, 11, 18, 10, 0, tzinfo=BERLIN), "span", "30d").date().isoformat() == "2026-10-19"


@pytest.mark.parametrize(
    ("at", "end"), [("13:20", "13:00"), ("13:29", "13:00"), ("13:40", "14:00"), ("00:10", "01:00"), ("23:50", "00:00")]
)
def test_a_day_long_ago_is_cut_at_the_nearest_whole_hour(at: str, end: str) -> None:
    hour, minute = map(int, at.split(":"))
    long_ago_ms = int(datetime(2026, 11, 11, hour, minute, tzinfo=BERLIN).timestamp() * 1000)
    found = datetime.fromtimestamp(nearest_hour(long_ago_ms, BERLIN) / 1000, BERLIN)
    assert found.day == 11
    assert f"{(found.hour + 1) % 24:02}:00" == end


def test_a_frame_never_waits_for_what_may_be_old() -> None:
    now = [0.0]
    known = Memory(lambda: now[0])
    known.begin()

    def slow() -> str:
        now[0] += BUDGET_S
        return "read"

    assert (known.recall("a", slow), known.recall("b", slow), known.is_behind) == ("read", None, True)
    known.begin()
    assert (known.recall("a", slow), known.recall("b", slow), known.is_behind) == ("read", "read", False)
    now[0] += FRESH_S + 1
    known.begin()
    assert (known.recall("a", slow), known.recall("b", slow), known.is_behind) == ("read", "read", False)
