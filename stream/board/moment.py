"""A board at a moment: what is in force, and what several values of the moment have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal, Protocol, runtime_checkable

from schemas.cells import MINUTE_MS, QUARTER_MIN
from stream.board.board import BEGINNING_MS, Board
from stream.board.measures import MONEY
from stream.board.reference.roster import Groups, groups_of
from stream.board.reference.settings import settings_of
from stream.board.reference.versions import FOREVER_MIN
from stream.board.series import Series
from stream.board.windows import BEGINNING_MIN, cut_of
from stream.calendars import Calendar

NONE: Mapping[Any, int] = MappingProxyType({})

Amount = int | Fraction
"""Exact: counts are integers, converted money may be a fraction."""
Cut = tuple[int, int, int]
"""Panes [start, end) known before a cut, UTC minutes."""


class Sums:
    """What cells add up to by facet, none of them zero. Of money ``facets`` holds the base currency alone; ``foreign``
    is the rest in its minor units at each day's rate, ``unrated`` what had no rate, by currency and day. ``late`` has
    the newest receipt (UTC s) of those facets to which anything came late. Nobody changes one that is made.
    """

    __slots__ = ("facets", "foreign", "late", "unrated")

    def __init__(
        self,
        facets: dict[str, int],
        foreign: Amount = 0,
        unrated: Mapping[tuple[str, date], int] = NONE,
        late: Mapping[str, int] = NONE,
    ) -> None:
        self.facets, self.foreign, self.unrated, self.late = facets, foreign, unrated, late


@dataclass(slots=True)
class Rest:
    """What a scope adds up to without some reps, whose sums are to be made again."""

    sums: Sums
    reps: list[str]


@dataclass(frozen=True)
class Moment:
    """Everything a sum depends on beside its window: the board, the cut (UTC minutes) of ``as_of_ms`` and what is in
    force at it. ``without_late``: as if late contributions had never come.
    """

    board: Board
    cut: int
    as_of_ms: int
    calendar: Calendar
    base_currency: str | None
    spans: Groups = field(default_factory=dict)  # of teams
    territories: Groups = field(default_factory=dict)
    min_n: int | None = None
    """What the tenant wants a ratio to rest on at least; None: what its definition says."""
    without_late: bool = False
    facets: Literal["all", "listed", "none"] = "all"
    """Whether readings have facets: all, those that are listed, or none (only those that the value needs)."""
    sums: dict[tuple[str, Cut], dict[str, Sums]] = field(default_factory=dict)
    """By measure and cut: the sums of scopes, as they are asked for."""
    together: dict[tuple[str, int, int], tuple[int, ...]] = field(default_factory=dict)
    """By measure, end and ``known before`` of cuts: the starts of sums that will all be asked for."""
    rests: dict[tuple[str, Cut], dict[str, Rest]] = field(default_factory=dict)
    """By measure and cut: what is left of sums of an earlier moment, by scope."""
    readings: dict[tuple[object, ...], object] = field(default_factory=dict)
    """What several values of this moment have in common, remembered by those who read it."""

    @property
    def cut_ms(self) -> int:
        """The cut in epoch milliseconds."""
        return self.cut * MINUTE_MS


@runtime_checkable
class Lasting(Protocol):
    """Something remembered that may outlast its moment."""

    @abstractmethod
    def left_of(self, dirty: Mapping[str, Collection[str]]) -> object:
        """What is left of it when sums are made again: by measure, of which scopes."""


DAWN = ("dawn",)
PUNCTUAL = ("without late",)
"""Where a moment remembers others: as the local day began, and as if late contributions had never come."""


def punctual_of(moment: Moment) -> Moment:
    """The moment as if late contributions had never come, for values alone."""
    found = moment.readings.get(PUNCTUAL)
    if not isinstance(found, Moment):
        found = replace(moment, without_late=True, facets="none", sums={}, rests={}, readings={})
        moment.readings[PUNCTUAL] = found
    return found


def moment_at(board: Board, as_of_ms: int) -> Moment:
    """The board at ``as_of`` (epoch ms), cut as precisely as its age allows."""
    newest_ms = board.newest_ms if board.newest_ms != BEGINNING_MS else as_of_ms
    finest = settings_of(board.organisation, (as_of_ms // MINUTE_MS + 1) * MINUTE_MS).calendar
    return moment_of(board, cut_of(as_of_ms, newest_ms, finest), as_of_ms)


def moment_of(board: Board, cut: int, as_of_ms: int) -> Moment:
    """The board at the cut of a moment."""
    organisation, cut_ms = board.organisation, cut * MINUTE_MS
    settings = settings_of(organisation, cut_ms)
    base = settings.base_currency or _only_currency(board, cut)
    teams, territories = (groups_of(organisation, cut_ms, field) for field in ("team", "territory"))
    return Moment(board, cut, as_of_ms, settings.calendar, base, teams, territories, settings.min_n)


def _only_currency(board: Board, cut: int) -> str | None:
    """The one currency in which anything is known before the cut; None if there are several, or none."""
    seen: set[str] = set()
    for measure in MONEY:
        for facets in board.all_of(measure, "rep").values():
            for currency, series in facets.items():
                if currency not in seen and _has_amounts(series, cut):
                    seen.add(currency)
    return next(iter(seen)) if len(seen) == 1 else None


def _has_amounts(series: Series, cut: int) -> bool:
    """Whether anything is left: an amount taken back cancels within its quarter-hour, to which old panes go."""
    net: dict[int, int] = {}
    for pane, amount in series.amounts(BEGINNING_MIN, FOREVER_MIN, cut):
        net[pane // QUARTER_MIN] = net.get(pane // QUARTER_MIN, 0) + amount
    return any(net.values())
