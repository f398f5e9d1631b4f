"""Leaderboards: who is first by another KPI, as far as the tenant's policy shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from schemas.cells import MINUTE_MS
from schemas.kpi import KpiDefinition
from stream.board.forms.form import Form
from stream.board.forms.plain import PLAIN
from stream.board.forms.reading import Number, Reading, round_half_even, shortest
from stream.board.moment import DAWN, Amount, Moment, moment_of
from stream.board.reference.roster import NOBODY, active_at
from stream.board.reference.settings import settings_of
from stream.board.windows import Window, closed_periods, is_out_of_history, kind_of, window_at
from stream.catalogue.catalogue import Catalogue

SHOWN_BY_TOP_N = 3
BEST_OF = {"mtd": "month", "month": "month", "qtd": "quarter", "quarter": "quarter", "ytd": "year", "year": "year"}
"""The sort of closed periods with which a personal best is compared."""


@dataclass
class Standing:
    """Who competes in a window: their readings; the values that are ranked, as shown; dense ranks, 1 the best; what had
    to be left out of anybody's value, since everybody's rank hangs on it; whether the company has any numbers.
    ``measures`` are those it is made of, ``kind`` the sort of scope.
    """

    kind: str
    measures: AbstractSet[str]
    readings: dict[str, Reading]
    values: dict[str, Amount]
    ranks: dict[str, int]
    ladder: list[Amount]
    missing: set[str]
    has_numbers: bool

    def left_of(self, dirty: Mapping[str, Collection[str]]) -> Standing | Stood:
        """All of it, or the readings of those whose numbers are the same."""
        changed = {scope for measure in self.measures for scope in dirty.get(measure, ())}
        if not changed:
            return self
        lead = f"{self.kind}:"
        return Stood({name: reading for name, reading in self.readings.items() if lead + name not in changed})


@dataclass(frozen=True)
class Stood:
    """What is left of an earlier standing."""

    readings: dict[str, Reading]


@dataclass(frozen=True)
class Race:
    """A window's standing, that of the beginning of the local day, and which ranks may be seen."""

    standing: Standing
    dawn: Standing | None
    policy: str


@dataclass(frozen=True)
class Contest:
    """A ranking by a KPI among the reps or the teams of a company."""

    catalogue: Catalogue
    ranked: KpiDefinition
    kind: str

    def read(self, moment: Moment, scope: str, window: Window) -> Reading:
        """The ranked KPI."""
        return PLAIN[self.ranked.form].read(moment, self.catalogue, self.ranked, scope, window)

    def scopes(self, moment: Moment) -> set[str]:
        """Of whom there are numbers."""
        return PLAIN[self.ranked.form].scopes(moment, self.catalogue, self.ranked)

    def closed(self, moment: Moment, sort: str) -> list[Window]:
        """The closed periods of a sort in which anybody may have numbers."""
        first = PLAIN[self.ranked.form].first_pane(moment, self.catalogue, self.ranked)
        if first is None:
            return []
        return [w for w in closed_periods(first, moment.cut, moment.calendar) if kind_of(w.name) == sort]


def read_leaderboard(
    moment: Moment, catalogue: Catalogue, definition: KpiDefinition, scope: str, window: Window
) -> Reading:
    """The dense rank of a rep or team. ``n`` is the ranked KPI's.

    Facets: value (the ranked KPI's), gap_to_next (to the rank above; 0 for the first), change (rank as the local day
    began − rank now), of (how many are ranked). Whoever rests on fewer than ``min_n`` gets no rank.
    """
    kind, _, name = scope.partition(":")
    ranked = catalogue.find(definition.ranks or "")
    key = ("race", ranked.slug, kind, window.name)
    race = moment.readings.get(key)
    if not isinstance(race, Race):
        race = moment.readings[key] = _race(moment, Contest(catalogue, ranked, kind), window)
    standing, before = race.standing, race.dawn
    reading = standing.readings.get(name)
    if reading is None:
        return Reading(None, 0)
    found = Reading(None, reading.n, missing=standing.missing, terms=ranked.terms)
    if name not in standing.ranks:
        found.is_insufficient = found.is_listed = reading.n > 0
        return found
    # A closed period in which nobody did anything is no contest worth a row.
    found.is_listed = ":" not in window.name or standing.has_numbers
    rank, value = standing.ranks[name], standing.values[name]
    above = standing.ladder[rank - 2] if rank > 1 else value
    facets: dict[str, Number] = {
        "gap_to_next": shortest(max(above, value) - min(above, value)),
        "of": len(standing.ranks),
    }
    facets["value"] = shortest(value)
    if before is not None and name in before.ranks:
        facets["change"] = before.ranks[name] - rank
    if _is_shown(race.policy, kind, rank):
        found.value, found.facets = rank, dict(sorted(facets.items()))
        return found
    found.is_suppressed = True
    if race.policy == "personal_best":
        best = _best(moment, Contest(catalogue, ranked, kind), scope, window)
        found.facets = (
            {"value": shortest(value)} if best is None else {"best": shortest(best), "value": shortest(value)}
        )
    return found


def _race(moment: Moment, contest: Contest, window: Window) -> Race:
    policy = settings_of(moment.board.organisation, moment.cut_ms).ranking
    return Race(standing_of(moment, contest, window), standing_at_dawn(moment, contest, window), policy)


def _is_shown(policy: str, kind: str, rank: int) -> bool:
    """Whether a policy lets a rank be seen."""
    if policy == "off":
        return False
    if policy == "top_n":
        return rank <= SHOWN_BY_TOP_N
    return kind != "rep" or policy == "full"


def standing_of(moment: Moment, contest: Contest, window: Window) -> Standing:
    """Everybody's standing in a window: every active rep of the roster or its team, and whoever has numbers."""
    key = ("standing", contest.ranked.slug, contest.kind, window.name)
    found = moment.readings.get(key)
    if isinstance(found, Standing):
        return found
    known = found.readings if isinstance(found, Stood) else {}
    lead = f"{contest.kind}:"
    readings: dict[str, Reading] = {}
    active = active_at(moment.board.organisation, moment.cut_ms)
    entered = set(active) if contest.kind == "rep" else {said.team or NOBODY for said in active.values()}
    scopes = {f"{lead}{name}" for name in entered} | contest.scopes(moment)
    for scope in scopes:
        name = scope.removeprefix(lead)
        if scope.startswith(lead) and name != NOBODY:
            reading = known.get(name) or contest.read(moment, scope, window)
            if reading.is_listed or name in entered:
                readings[name] = reading
    values = {name: _shown(reading) for name, reading in readings.items() if _is_ranked(moment, contest, reading)}
    ladder = sorted(set(values.values()), reverse=contest.ranked.direction == "up")
    places = {value: place for place, value in enumerate(ladder, 1)}
    ranks = {name: places[value] for name, value in values.items()}
    missing = {each for name in ranks for each in readings[name].missing}
    has_numbers = contest.read(moment, "company", window).is_listed
    measures = contest.ranked.measures
    standing = Standing(contest.kind, measures, readings, values, ranks, ladder, missing, has_numbers)
    moment.readings[key] = standing
    return standing


def standing_at_dawn(moment: Moment, contest: Contest, window: Window) -> Standing | None:
    """The standing as the local day of the cut began; None where minutes that far back are not kept."""
    began = moment.calendar.day_start(moment.calendar.date_of(moment.cut - 1))
    as_of_ms = began * MINUTE_MS - 1
    if is_out_of_history(window.name, as_of_ms, moment.board.newest_ms):
        return None
    dawn = moment.readings.get(DAWN)
    if not isinstance(dawn, Moment):
        dawn = replace(moment_of(moment.board, began, as_of_ms), without_late=moment.without_late)
        moment.readings[DAWN] = dawn
    return standing_of(dawn, contest, window_at(window.name, dawn.cut, dawn.calendar))


def _is_ranked(moment: Moment, contest: Contest, reading: Reading) -> bool:
    """Whether a reading is enough for a rank: a quotient must rest on ``min_n``."""
    least = contest.ranked.min_n if moment.min_n is None else moment.min_n
    return reading.value is not None and (not contest.ranked.divides or reading.n >= least)


def _shown(reading: Reading) -> Amount:
    """The value as it is shown: equal to the eye is equal in rank."""
    assert reading.value is not None
    is_rounded = reading.is_money and reading.denominator is None
    return round_half_even(reading.value) if is_rounded else reading.value


def _best(moment: Moment, contest: Contest, scope: str, window: Window) -> Amount | None:
    """One's own best in any closed period of the window's sort."""
    periods = contest.closed(moment, BEST_OF.get(kind_of(window.name), ""))
    readings = [contest.read(moment, scope, period) for period in periods]
    values = [_shown(reading) for reading in readings if reading.value is not None]
    return (max if contest.ranked.direction == "up" else min)(values, default=None)


def _scopes(moment: Moment, catalogue: Catalogue, definition: KpiDefinition) -> set[str]:
    """Every scope of the ranked KPI, and whoever is active."""
    ranked = catalogue.find(definition.ranks or "")
    active = active_at(moment.board.organisation, moment.cut_ms)
    scopes = {f"rep:{rep}" for rep in active} | {f"team:{said.team or NOBODY}" for said in active.values()}
    scopes |= PLAIN[ranked.form].scopes(moment, catalogue, ranked)
    return {scope for scope in scopes if scope.partition(":")[0] in definition.scopes}


def _first_pane(moment: Moment, catalogue: Catalogue, definition: KpiDefinition) -> int | None:
    ranked = catalogue.find(definition.ranks or "")
    return PLAIN[ranked.form].first_pane(moment, catalogue, ranked)


LEADERBOARD = Form(read_leaderboard, _scopes, _first_pane)
