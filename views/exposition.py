"""KPI values in Prometheus' text format 0.0.4: gauges that the engine computed, never counters to be extrapolated.

For each KPI ``<slug>`` (money: ``<slug>_minor``, in minor units; ratios of 0 to 1: ``<slug>_ratio``), with the labels
tenant, scope_kind, scope and window:

    salespulse_kpi_<slug>              the value; absent where there is none
    salespulse_kpi_<slug>_n            how much it rests on
    salespulse_kpi_<slug>_numerator    of a KPI with a denominator, so that ratios can be added up rightly
    salespulse_kpi_<slug>_denominator
    salespulse_kpi_<slug>_by_facet     with the label facet; apart from the value, or a plain sum() would count twice

For each publishing source, with the labels tenant and source:

    salespulse_source_last_heard_timestamp_seconds
    salespulse_source_silent                       1 if it should have been heard since

Timestamps, not ages: ``salespulse_kpi_as_of_timestamp_seconds`` is the moment the values stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from schemas.kpi import KpiDefinition, KpiValue

SERIES_MAX = 50_000
"""A tenant's series beyond this many are left out, and counted."""

SOURCES_MAX = 1_000
"""A tenant's sources beyond this many are left out; GET /v1/sources has them all."""

PREFIX = "salespulse_kpi_"
SOURCE_PREFIX = "salespulse_source_"
MONEY_UNIT = "money"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

BoardT = TypeVar("BoardT")
BoardT_contra = TypeVar("BoardT_contra", contravariant=True)


class Definitions(Protocol):
    """A catalogue."""

    @property
    def definitions(self) -> Mapping[str, KpiDefinition]:
        """KPI definitions by slug."""


CatalogueT = TypeVar("CatalogueT", bound=Definitions)
CatalogueT_contra = TypeVar("CatalogueT_contra", bound=Definitions, contravariant=True)


class Read(Protocol[BoardT_contra, CatalogueT_contra]):
    """How values are read from a board: `stream.board.values.every_value`, which views may not import."""

    def __call__(
        self,
        board: BoardT_contra,
        catalogue: CatalogueT_contra,
        /,
        *,
        as_of_ms: int,
        kpis: tuple[str, ...],
        windows: tuple[str, ...],
    ) -> Iterable[KpiValue]: ...


def render(
    boards: Mapping[str, BoardT], catalogue: CatalogueT, now_ms: int, *, read: Read[BoardT, CatalogueT]
) -> bytes:
    """The exposition of every tenant's board at ``now_ms`` (epoch ms), for the windows that definitions publish."""
    exposition = Exposition(catalogue.definitions, now_ms)
    for tenant, board in sorted(boards.items()):
        for slug, definition in catalogue.definitions.items():
            for value in read(board, catalogue, as_of_ms=now_ms, kpis=(slug,), windows=definition.publish_windows):
                exposition.add(tenant, value)
    return exposition.render()


class Exposition:
    """Gathers values, then renders them family by family, as the format wants it."""

    def __init__(self, definitions: Mapping[str, KpiDefinition], as_of_ms: int) -> None:
        self._as_of_ms = as_of_ms
        self._families: dict[str, list[bytes]] = {}
        self._help: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._series: dict[str, int] = {}
        self._dropped: dict[str, int] = {}
        self._heard: list[bytes] = []
        self._silent: list[bytes] = []
        self._sources: dict[str, int] = {}
        for slug, definition in sorted(definitions.items()):
            self._declare(slug, definition)

    def add(self, tenant: str, value: KpiValue) -> None:
        """Take a value, unless its tenant has SERIES_MAX series already."""
        name = self._names[value.kpi]
        base = PREFIX + value.kpi
        parts: list[tuple[str, str, int | float | None]] = [(name, "", value.value), (f"{base}_n", "", value.n)]
        if value.denominator is not None:
            parts += [(f"{base}_numerator", "", value.numerator), (f"{base}_denominator", "", value.denominator)]
        parts += [(f"{base}_by_facet", facet, amount) for facet, amount in value.facets.items()]
        known = [part for part in parts if part[2] is not None]
        if self._series.setdefault(tenant, 0) + len(known) > SERIES_MAX:
            self._dropped[tenant] = self._dropped.get(tenant, 0) + len(known)
            return
        self._series[tenant] += len(known)
        labels = _labels(tenant, value)
        for family, facet, amount in known:
            suffix = f',facet="{escape(facet)}"' if facet else ""
            self._families[family].append(f"{family}{{{labels}{suffix}}} {amount!r}".encode())

    def add_source(self, tenant: str, source: str, last_ms: int, *, is_silent: bool) -> None:
        """Take a publishing source, last heard at ``last_ms`` (epoch ms), unless its tenant has SOURCES_MAX already."""
        self._sources[tenant] = self._sources.get(tenant, 0) + 1
        if self._sources[tenant] <= SOURCES_MAX:
            labels = f'{{tenant="{escape(tenant)}",source="{escape(source)}"}} '.encode()
            self._heard.append(f"{SOURCE_PREFIX}last_heard_timestamp_seconds".encode() + labels + _seconds(last_ms))
            self._silent.append(f"{SOURCE_PREFIX}silent".encode() + labels + b"%d" % is_silent)

    def render(self) -> bytes:
        """Everything gathered; families without series are left out."""
        blocks = [_block(name, self._help[name], lines) for name, lines in self._families.items() if lines]
        if self._heard:
            blocks += [
                _block(
                    f"{SOURCE_PREFIX}last_heard_timestamp_seconds", "When a publishing source was heard.", self._heard
                ),
                _block(
                    f"{SOURCE_PREFIX}silent",
                    "1 if a publishing source should have been heard since; what it feeds is partial. See /v1/sources.",
                    self._silent,
                ),
            ]
        as_of = _seconds(self._as_of_ms)
        blocks += [
            self._per_tenant("as_of_timestamp_seconds", "The moment the KPI values stand for.", lambda _: as_of),
            self._per_tenant(
                "series_kept", "KPI series in this exposition.", lambda tenant: b"%d" % self._series[tenant]
            ),
            self._per_tenant(
                "series_dropped",
                f"KPI series left out because a tenant has more than {SERIES_MAX}. Publish fewer windows or scopes.",
                lambda tenant: b"%d" % self._dropped.get(tenant, 0),
            ),
        ]
        return b"".join(blocks)

    def _declare(self, slug: str, definition: KpiDefinition) -> None:
        name = self._names[slug] = metric_name(definition)
        base = PREFIX + slug
        self._help[name] = f"{definition.title}, {definition.unit}."
        self._help[f"{base}_n"] = f"{definition.title}: how much the value rests on."
        if definition.divides:
            self._help[f"{base}_numerator"] = f"{definition.title}: what is divided."
            self._help[f"{base}_denominator"] = f"{definition.title}: what it is divided by."
        if definition.facets != "none":
            self._help[f"{base}_by_facet"] = f"{definition.title}, by facet."
        self._families |= {family: [] for family in self._help if family not in self._families}

    def _per_tenant(self, name: str, meaning: str, number: Callable[[str], bytes]) -> bytes:
        family = PREFIX + name
        lines = [f'{family}{{tenant="{escape(tenant)}"}} '.encode() + number(tenant) for tenant in sorted(self._series)]
        return _block(family, meaning, lines) if lines else b""


def metric_name(definition: KpiDefinition) -> str:
    """The gauge of a KPI's value: its slug with its unit last."""
    if definition.unit.partition("/")[0] == MONEY_UNIT:
        return f"{PREFIX}{definition.slug}_minor"
    return f"{PREFIX}{definition.slug}_ratio" if definition.unit == "ratio" else PREFIX + definition.slug


def escape(text: str) -> str:
    """A label's text as the format wants it."""
    return text.translate(_ESCAPES)


def _labels(tenant: str, value: KpiValue) -> str:
    kind, _, scope = value.scope.partition(":")
    return f'tenant="{escape(tenant)}",scope_kind="{kind}",scope="{escape(scope)}",window="{value.window}"'


def _block(family: str, meaning: str, lines: list[bytes]) -> bytes:
    meaning = meaning.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {family} {meaning}\n# TYPE {family} gauge\n".encode() + b"\n".join(lines) + b"\n"


def _seconds(at_ms: int) -> bytes:
    return b"%d.%03d" % divmod(at_ms, 1000)
