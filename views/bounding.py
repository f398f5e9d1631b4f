"""What of a tenant's published values is shown to Prometheus: whole scopes, the company first, as many as there is room
for. The rest is there as one scope, OTHER, so that sums over scopes are still the company's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from schemas.kpi import KpiDefinition, KpiValue

SERIES_MAX = 100_000
"""A tenant's KPI series beyond this many are left out, and counted."""
OTHER = "_other"
KINDS = ("company", "team", "territory", "source", "rep")
"""Scopes, those first that are kept when there are too many."""
DIVIDED = ("team", "rep")
"""Kinds of scopes that add up to the company."""
ADDITIVE = ("sum", "ratio", "mean", "classes")
"""Forms whose parts add up."""
WHOLE, DIVISION = 3, 2
"""Series of a value at most, besides its facets: itself, n and trust; of what divides also its parts."""

_KPI, _PLACE, _SCOPE = attrgetter("kpi"), attrgetter("kpi", "window"), attrgetter("scope")
_FACETS, _N = attrgetter("facets"), attrgetter("n")
_NUMERATOR, _DENOMINATOR = attrgetter("numerator"), attrgetter("denominator")


@dataclass(frozen=True)
class Bounded:
    """What is shown, and how many series at most are not."""

    values: Sequence[KpiValue]
    dropped: int


def bounded(
    values: Sequence[KpiValue],
    definitions: Mapping[str, KpiDefinition],
    *,
    is_cut: bool,
    series_max: int = SERIES_MAX,
) -> Bounded:
    """As much as there is room for. ``is_cut``: something was left out before, from the end.

    A value counts as many series as it may have: else scopes at the end would come and go with every tick.
    """
    whole = series_of(values, definitions)
    if not is_cut and whole <= series_max:
        return Bounded(values, 0)
    scopes: dict[str, list[KpiValue]] = defaultdict(list)
    for scope, run in groupby(values, key=_SCOPE):
        scopes[scope] += run
    company = scopes.pop("company", [])
    room = series_max - series_of(company, definitions) * (len(DIVIDED) + 1)
    kept: list[KpiValue] = list(company)
    shown: dict[str, list[KpiValue]] = defaultdict(list)
    cut = set(KINDS[_rank(values[-1].scope) :]) if is_cut and values else set()
    for scope, found in sorted(scopes.items(), key=lambda each: (_rank(each[0]), each[0])):
        room -= series_of(found, definitions)
        kind = KINDS[_rank(scope)]
        if room < 0:
            cut |= {kind, KINDS[-1]}
            break
        kept += found
        shown[kind] += found
    dropped = whole - series_of(kept, definitions)
    for kind in DIVIDED:
        if kind in cut:
            kept += _others(kind, company, shown[kind], definitions)
    return Bounded(kept, dropped)


def series_of(values: Collection[KpiValue], definitions: Mapping[str, KpiDefinition]) -> int:
    """How many series values make at most."""
    parts = {slug: WHOLE + DIVISION * definition.divides for slug, definition in definitions.items()}
    return sum(map(parts.__getitem__, map(_KPI, values))) + sum(map(len, map(_FACETS, values)))


def _rank(scope: str) -> int:
    return KINDS.index(scope.partition(":")[0])


def _others(
    kind: str,
    company: Sequence[KpiValue],
    shown: Sequence[KpiValue],
    definitions: Mapping[str, KpiDefinition],
) -> Iterator[KpiValue]:
    """The company's values without those shown of a kind of scope."""
    parts: dict[tuple[str, str], list[KpiValue]] = defaultdict(list)
    for place, value in zip(map(_PLACE, shown), shown, strict=True):
        parts[place].append(value)
    for whole in company:
        definition = definitions[whole.kpi]
        if definition.form in ADDITIVE and kind in definition.scopes and whole.numerator is not None:
            yield _without(kind, definition, whole, parts[whole.kpi, whole.window])


def _without(kind: str, definition: KpiDefinition, whole: KpiValue, parts: Sequence[KpiValue]) -> KpiValue:
    numerator = (whole.numerator or 0) - sum(filter(None, map(_NUMERATOR, parts)))
    denominator = whole.denominator
    value: int | float | None = numerator
    if denominator is not None:
        denominator -= sum(filter(None, map(_DENOMINATOR, parts)))
        value = definition.multiplier * numerator / denominator / definition.divisor if denominator else None
    facets: dict[str, int | float] = {}
    if definition.facets == "count":
        names = definition.facet_names or sorted({name for value in (whole, *parts) for name in value.facets})
        facets = {name: whole.facets.get(name, 0) - sum(part.facets.get(name, 0) for part in parts) for name in names}
    return KpiValue(
        kpi=whole.kpi,
        scope=f"{kind}:{OTHER}",
        window=whole.window,
        as_of=whole.as_of,
        value=value,
        unit=whole.unit,
        n=whole.n - sum(map(_N, parts)),
        numerator=numerator,
        denominator=denominator,
        facets=facets,
        status="partial" if whole.status == "partial" else "live",
        restated_at=None,
        definition=whole.definition,
    )
