"""A tenant's published values as they were last read, and which of them may read differently now."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from copy import copy

from schemas.kpi import KpiDefinition, KpiValue
from stream.board.board import FOREVER_MIN, Board, Spot
from stream.board.carrying import carry, edge_of, ground_of
from stream.board.forms.forms import FORMS
from stream.board.forms.plain import PLAIN
from stream.board.forms.reading import Reading
from stream.board.moment import Moment, moment_at
from stream.board.reads import Reads
from stream.board.reference.roster import NOBODY, Span
from stream.board.sums import read_together
from stream.board.values import instant, value_from
from stream.board.windows import BEGINNING_MIN, Window, is_out_of_history, window_at
from stream.catalogue.catalogue import Catalogue

KINDS = ("company", "team", "territory", "rep")
"""Scopes that are published, those first that are kept when there are too many."""
DATED_IN_A_STEP = 2_000
EVERYWHERE: list[Span] = [(BEGINNING_MIN, FOREVER_MIN)]
STRANGERS = {f"team:{NOBODY}": EVERYWHERE, f"territory:{NOBODY}": EVERYWHERE}

Row = tuple[str, str]
"""A KPI's slug and a scope: its windows stand side by side."""
Place = tuple[KpiDefinition, str, str]
"""With the name of a window."""


class Sheet:
    """The values of one board, of at most ``series_max`` places. A value is None where there is nothing to publish."""

    def __init__(self, board: Board, catalogue: Catalogue, reads: Reads, *, series_max: int) -> None:
        self.board = board
        self.series = 0
        self.values: list[KpiValue | None] = []
        self._catalogue, self._reads, self._series_max = catalogue, reads, series_max
        self._moment: Moment | None = None
        self._ground: tuple[object, ...] = ()
        self._applied = -1
        self._places: list[Place] = []
        self._rows: dict[Row, range] = {}
        self._scopes: dict[str, set[str]] = {}  # by KPI, all there are
        self._groups: dict[str, dict[str, list[Span]]] = {}  # of reps, and when they belonged to them
        self._ranks: dict[int, Reading] = {}  # by place, of leaderboards
        self._edges: dict[Spot, int] = {}  # → the first cut at which its sums change by themselves

    def read(self, as_of_ms: int) -> Generator[None, None, None]:
        """Read what may have changed, in short steps; anything may be folded between two of them. One that is given up
        is made up for by the next.
        """
        board = self.board
        moment, applied = moment_at(board, as_of_ms), board.applied
        ground, cuts = ground_of(moment), self._reads.cuts(moment)
        read_together(moment, cuts)
        before, self._moment = self._moment, None
        if before is None or ground != self._ground or moment.cut < before.cut:
            spots: set[Spot] = self._all_spots()
            around: set[str] = set()
            self._edges, self._ranks = {}, {}
            self.values, self._rows = [], {}
            stale = self._lay_out(moment)
        else:
            spots = self._changed(moment.cut)
            moved = set(zip(self._reads.cuts(before), cuts, strict=True))
            outdated = self._outdated(spots)
            around = set[str]().union(*outdated.values())
            yield from carry(before, moment, moved, outdated)
            stale = self._stale(moment, spots, has_turned=moment.cut != before.cut)
            if moment.cut != before.cut:
                yield from self._date(instant(moment.cut * 60))
        windows = {name: window_at(name, moment.cut, moment.calendar) for name in self._reads.windows}
        for at in sorted(stale):
            definition, scope, name = self._places[at]
            reading = FORMS[definition.form].read(moment, self._catalogue, definition, scope, windows[name])
            if definition.ranks is None or not self._is_held(at, reading, scope in around):
                self.values[at] = self._value(moment, self._places[at], windows[name], reading)
            yield
        for spot in spots:
            self._edges[spot] = edge_of(moment, spot, self._reads.edges[spot[0]])
            yield
        self._moment, self._ground, self._applied = moment, ground, applied

    def _value(self, moment: Moment, place: Place, window: Window, reading: Reading) -> KpiValue | None:
        definition, scope, _ = place
        if not reading.is_listed and definition.form not in PLAIN:
            return None
        return value_from(moment, self._catalogue, definition, scope, window, reading)

    def _is_held(self, at: int, reading: Reading, is_around: bool) -> bool:
        """Whether a rank reads as before. Everybody's hangs on everybody's numbers, and most stay when one sells."""
        held, value = self._ranks.get(at), self.values[at]
        self._ranks[at] = reading
        return held == reading and not is_around and (value is None or value.restated_at is None)

    def _date(self, as_of: str) -> Generator[None, None, None]:
        """What did not change reads the same a minute later."""
        values = self.values
        for low in range(0, len(values), DATED_IN_A_STEP):
            for at in range(low, min(low + DATED_IN_A_STEP, len(values))):
                value = values[at]
                if value is not None:
                    values[at] = value = copy(value)
                    value.as_of = as_of
            yield

    # -- what changed

    def _all_spots(self) -> set[Spot]:
        return {
            (measure, dimension, value)
            for (measure, dimension), values in self.board.series.items()
            if dimension == "rep" and measure in self._reads.edges
            for value in values
        }

    def _changed(self, cut: int) -> set[Spot]:
        """Where cells were added, and where sums change by themselves before the cut."""
        spots = {spot for spot, edge in self._edges.items() if edge <= cut}
        for spot in self.board.touched_since(self._applied):
            if spot[1] == "rep" and spot[0] in self._reads.edges:
                spots.add(spot)
        return spots

    def _outdated(self, spots: Iterable[Spot]) -> dict[str, dict[str, list[str] | None]]:
        """The scopes whose sums of a measure are to be made again, and which of their reps changed."""
        found: dict[str, dict[str, list[str] | None]] = {}
        for measure, _, rep in spots:
            scopes = found.setdefault(measure, {"company": []})
            around = self._around(measure, rep)
            for scope in (*around, "company"):
                # A rep that changed its team is in neither as a whole.
                reps = scopes.setdefault(scope, [])
                if scope.startswith(("team:", "territory:")) and not self._is_settled(measure, rep, scope):
                    scopes[scope] = None
                elif reps is not None and scope != around[0]:
                    reps.append(rep)
        return found

    def _is_settled(self, measure: str, rep: str, group: str) -> bool:
        """Whether a rep has been in a group since its first cell."""
        first = self.board.first_pane((measure, "rep", rep))
        return any(low <= first and high == FOREVER_MIN for low, high in self._groups.get(rep, STRANGERS)[group])

    def _stale(self, moment: Moment, spots: Iterable[Spot], *, has_turned: bool) -> set[int]:
        """The places of values that may have changed."""
        stale = self._lay_out(moment) if any(self._is_new(spot) for spot in spots) else set[int]()
        rows: set[Row] = set()
        whole = {each.slug for each in self._reads.timed} if has_turned else set[str]()
        for measure, _, rep in spots:
            readers = self._reads.readers.get(measure, ())
            whole |= {each.slug for each in readers if each.ranks is not None}
            for scope in ("company", *self._around(measure, rep)):
                rows.update((each.slug, scope) for each in (*readers, *self._reads.timed))
        rows |= {row for row in self._rows if row[0] in whole}
        for row in rows:
            stale.update(self._rows.get(row, ()))
        return stale

    def _around(self, measure: str, rep: str) -> list[str]:
        """A rep, and the groups it belonged to since its first cell."""
        first = self.board.first_pane((measure, "rep", rep))
        groups = self._groups.get(rep, STRANGERS)
        return [f"rep:{rep}", *(scope for scope, spans in groups.items() if any(first < high for _, high in spans))]

    def _is_new(self, spot: Spot) -> bool:
        """Whether a rep has its first cell for a KPI."""
        measure, _, rep = spot
        return any(f"rep:{rep}" not in self._scopes[each.slug] for each in self._reads.entrances.get(measure, ()))

    def _lay_out(self, moment: Moment) -> set[int]:
        """Give every value that might be published its place; the places of those that had none."""
        before, rows_before = self.values, self._rows
        self._groups, self._ranks = _groups_of(moment), {}
        self._scopes = {
            each.slug: FORMS[each.form].scopes(moment, self._catalogue, each) for each in self._reads.published
        }
        rows: list[tuple[int, str, str, KpiDefinition, list[str]]] = []
        for each in self._reads.published:
            names = sorted(name for name in each.publish_windows if not _is_gone(moment, name))
            for scope in self._scopes[each.slug] if names else ():
                kind = scope.partition(":")[0]
                if kind in KINDS:
                    rows.append((KINDS.index(kind), scope, each.slug, each, names))
        rows.sort(key=lambda row: row[:3])
        self.series = sum(len(names) for *_, names in rows)
        self.values, self._rows, self._places = [], {}, []
        stale: set[int] = set()
        for _, scope, slug, definition, names in rows:
            low, kept = len(self._places), rows_before.get((slug, scope))
            here = range(low, min(low + len(names), self._series_max))
            self._places += [(definition, scope, name) for name in names[: len(here)]]
            self._rows[slug, scope] = here
            if kept is not None and len(kept) == len(here):
                self.values += before[kept.start : kept.stop]
            else:
                self.values += [None] * len(here)
                stale.update(here)
            if here.stop == self._series_max:
                break
        return stale


def _groups_of(moment: Moment) -> dict[str, dict[str, list[Span]]]:
    """The teams and territories that each rep ever belonged to, as scopes, and when."""
    found: dict[str, dict[str, list[Span]]] = {}
    for kind, groups in (("team", moment.spans), ("territory", moment.territories)):
        for name, members in groups.items():
            for rep, spans in members.items():
                found.setdefault(rep, {})[f"{kind}:{name}"] = spans
    return found


def _is_gone(moment: Moment, window: str) -> bool:
    """Whether minutes are asked for that are no longer kept."""
    return is_out_of_history(window, moment.as_of_ms, moment.board.newest_ms)
