"""The lines of one tenant: its KPIs as of its last tick, and what goes with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Protocol

from schemas.kpi import KpiDefinition, KpiValue
from views.bounding import SERIES_MAX, bounded
from views.declared import tenants as declared
from views.families import Family
from views.kpi_families import KpiFamilies
from views.lines import Lines

Row = tuple[str, ...]
"""The labels of a series behind the tenant's."""
Part = tuple[Family, bytes]
Counts = Mapping[str, tuple[Sequence[Row], Sequence[int], Sequence[int]]]
"""By measure: rows, what each gained, what was taken back from each."""

_PLACE, _FACETS = attrgetter("scope", "window"), attrgetter("facets")
_VALUE, _N, _STATUS = attrgetter("value"), attrgetter("n"), attrgetter("status")
LIVE = "live"
_NUMERATOR, _DENOMINATOR = attrgetter("numerator"), attrgetter("denominator")
MS_PER_S = 1_000


class Published(Protocol):
    """A tick: the published values of a tenant at a moment (epoch ms); how many there might be, and how many of those
    were left out.
    """

    @property
    def tenant(self) -> str: ...
    @property
    def as_of_ms(self) -> int: ...
    @property
    def values(self) -> Sequence[KpiValue]: ...
    @property
    def series(self) -> int: ...
    @property
    def dropped(self) -> int: ...


@dataclass(frozen=True)
class Facts:
    """What goes with the values: reps as (rep, name, team, manager); the base currency and its minor units; publishers
    as (source, last heard (epoch ms), whether it is silent); the counters.
    """

    reps: Sequence[Row] = ()
    currency: tuple[str, int] | None = None
    sources: Sequence[tuple[str, int, bool]] = ()
    counted: Counts = field(default_factory=dict)


class KpiLines:
    """The lines of one KPI of a tenant."""

    def __init__(self, tenant: str, slug: str, families: KpiFamilies) -> None:
        def spell(place: tuple[str, str]) -> Row:
            kind, _, scope = place[0].partition(":")
            return tenant, kind, scope, place[1]

        self._facets: Lines[tuple[str, str, str]] | None = None
        if families.by_facet is not None:
            self._facets = Lines(families.by_facet, lambda row: (*spell(row[:2]), row[2]))
        self._trust: Lines[tuple[str, str, str]] = Lines(
            declared.TRUST, lambda row: (tenant, slug, *spell(row[:2])[1:], row[2])
        )
        columns = (
            (families.value, _VALUE),
            (families.n, _N),
            (families.numerator, _NUMERATOR),
            (families.denominator, _DENOMINATOR),
        )
        self._columns = [(family, Lines(family, spell), column) for family, column in columns if family is not None]
        self._families = families
        self._places: list[tuple[str, str]] = []

    def parts(self, values: Sequence[KpiValue]) -> Iterator[tuple[Family, bytes, int]]:
        """The lines of its values by metric, and how many they are."""
        places = list(map(_PLACE, values))
        if places == self._places:
            places = self._places  # the very same: no metric needs to compare them again
        self._places = places
        for family, lines, column in self._columns:
            yield family, lines.render(places, list(map(column, values))), lines.count
        if self._facets is not None and self._families.by_facet is not None:
            facets = list(map(_FACETS, values))
            names = list(map(tuple, facets))

            def rows() -> Iterator[tuple[str, str, str]]:
                return ((*place, name) for place, named in zip(places, names, strict=True) for name in named)

            numbers = list(chain.from_iterable(map(dict.values, facets)))
            text = self._facets.render_laid_out((places, names), rows, numbers)
            yield self._families.by_facet, text, self._facets.count
        statuses = list(map(_STATUS, values))
        doubted: list[tuple[str, str, str]] = []
        if statuses.count(LIVE) < len(statuses):
            doubted = [(*place, status) for place, status in zip(places, statuses, strict=True) if status != LIVE]
        yield declared.TRUST, self._trust.render(doubted, [1] * len(doubted)), self._trust.count


class TenantLines:
    """The lines of a tenant; those of a tick are written once, however often it is asked for."""

    def __init__(
        self,
        tenant: str,
        definitions: Mapping[str, KpiDefinition],
        families: Mapping[str, KpiFamilies],
        *,
        series_max: int = SERIES_MAX,
    ) -> None:
        self._tenant, self._definitions, self._series_max = tenant, definitions, series_max
        self._families, self._kpis = families, dict[str, KpiLines]()
        self._tables: dict[Family, Lines[Row]] = {}
        self._tick: Published | None = None
        self._written: list[Part] = []

    def of_tick(self, tick: Published) -> list[Part]:
        """Its values and how old and complete they are."""
        if tick is not self._tick:
            self._written = [*self._of_values(tick)]
            self._tick = tick
        return self._written

    def _of_values(self, tick: Published) -> Iterator[Part]:
        shown = bounded(tick.values, self._definitions, is_cut=bool(tick.dropped), series_max=self._series_max)
        by_kpi: dict[str, list[KpiValue]] = defaultdict(list)
        for value in shown.values:
            by_kpi[value.kpi].append(value)
        kept = 0
        for slug, values in sorted(by_kpi.items()):
            lines = self._kpis.get(slug)
            if lines is None:
                lines = self._kpis[slug] = KpiLines(self._tenant, slug, self._families[slug])
            for family, text, count in lines.parts(values):
                kept += count
                yield family, text
        yield self._one(declared.AS_OF, tick.as_of_ms / MS_PER_S)
        yield self._one(declared.SERIES_KEPT, kept)
        yield self._one(declared.SERIES_DROPPED, shown.dropped)
        yield self._one(declared.TICK_SERIES, tick.series)
        yield self._one(declared.TICK_DROPPED, tick.dropped)

    def of_facts(self, facts: Facts) -> Iterator[Part]:
        """What goes with the values."""
        reps = facts.reps[: declared.REPS_MAX]
        yield self._rows(declared.REP_INFO, reps, [1] * len(reps))
        if facts.currency is not None:
            yield self._rows(declared.CURRENCY, [(facts.currency[0],)], [facts.currency[1]])
        sources = facts.sources[: declared.SOURCES_MAX]
        names = [(source,) for source, _, _ in sources]
        yield self._rows(declared.SOURCE_HEARD, names, [last_ms / MS_PER_S for _, last_ms, _ in sources])
        yield self._rows(declared.SOURCE_SILENT, names, [int(is_silent) for _, _, is_silent in sources])
        for measure, (rows, gains, losses) in facts.counted.items():
            gained, lost = declared.COUNTED[measure]
            yield self._rows(gained, rows, gains)
            yield self._rows(lost, rows, losses)

    def _one(self, family: Family, number: float) -> Part:
        return self._rows(family, [()], [number])

    def _rows(self, family: Family, rows: Sequence[Row], numbers: Sequence[float]) -> Part:
        lines = self._tables.get(family)
        if lines is None:
            lines = self._tables[family] = Lines(family, lambda row: (self._tenant, *row))
        return family, lines.render(rows, numbers)
