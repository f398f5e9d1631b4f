"""What of a tenant's published values is shown to Prometheus: whole scopes, the company first, as many as there is room
for. The rest is there as one scope, OTHER, so that sums over scopes are still the company's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
PARTS_MAX = 5
"""Series of a value besides its facets: itself, n, numerator, denominator, trust."""
_FACETS = attrgetter("facets")


@dataclass(frozen=True)
class Bounded:
    """What is shown, and how many series are not."""

    values: Sequence[KpiValue]
    dropped: int


def bounded(
    values: Sequence[KpiValue],
    definitions: Mapping[str, KpiDefinition],
    *,
    is_cut: bool,
    series_max: int = SERIES_MAX,
) -> Bounded:
    """As much as there is room for. ``is_cut``: something was left out before, from the end."""
    if not is_cut and _at_most(values) <= series_max:
        return Bounded(values, 0)
    scopes: dict[str, list[KpiValue]] = defaultdict(list)
    for value in values:
        scopes[value.scope].append(value)
    company = {(value.kpi, value.window): value for value in scopes.get("company", ())}
    room = series_max - _at_most(company.values()) * (len(DIVIDED) + 1)
    kept: list[KpiValue] = list(company.values())
    dropped, cut = 0, {KINDS[-1]} if is_cut else set()
    if is_cut and values:
        cut |= set(KINDS[_rank(values[-1].scope) :])
    for scope in sorted(scopes.keys() - {"company"}, key=lambda scope: (_rank(scope), scope)):
        size = sum(map(series_of, scopes[scope]))
        if dropped or size > room:
            dropped += size
            cut.add(KINDS[_rank(scope)])
        else:
            room -= size
            kept += scopes[scope]
    for kind in DIVIDED:
        if kind in cut:
            kept += _others(kind, company, kept, definitions)
    return Bounded(kept, dropped)


def series_of(value: KpiValue) -> int:
    """How many series a value makes."""
    parts = (value.value, value.denominator, None if value.denominator is None else value.numerator)
    return 1 + sum(part is not None for part in parts) + len(value.facets) + (value.status != "live")


def _at_most(values: Collection[KpiValue]) -> int:
    return PARTS_MAX * len(values) + sum(map(len, map(_FACETS, values)))


def _rank(scope: str) -> int:
    return KINDS.index(scope.partition(":")[0])


def _others(
    kind: str,
    company: Mapping[tuple[str, str], KpiValue],
    kept: Sequence[KpiValue],
    definitions: Mapping[str, KpiDefinition],
) -> Iterator[KpiValue]:
    """The company's values without those shown of a kind of scope."""
    shown: dict[tuple[str, str], list[KpiValue]] = defaultdict(list)
    for value in kept:
        if value.scope.startswith(f"{kind}:"):
            shown[value.kpi, value.window].append(value)
    for place, whole in company.items():
        definition = definitions[whole.kpi]
        if definition.form in ADDITIVE and kind in definition.scopes and whole.numerator is not None:
            yield _without(kind, definition, whole, shown[place])


def _without(kind: str, definition: KpiDefinition, whole: KpiValue, parts: Sequence[KpiValue]) -> KpiValue:
    numerator = whole.numerator or 0
    numerator -= sum(part.numerator or 0 for part in parts)
    denominator = whole.denominator
    value: int | float | None = numerator
    if denominator is not None:
        denominator -= sum(part.denominator or 0 for part in parts)
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
        n=whole.n - sum(part.n for part in parts),
        numerator=numerator,
        denominator=denominator,
        facets=facets,
        status="partial" if whole.status == "partial" else "live",
        restated_at=None,
        definition=whole.definition,
    )
