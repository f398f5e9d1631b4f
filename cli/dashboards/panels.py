"""The four sorts of panels that boards are made of. Each has a title, a description, a unit and a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from grafana_foundation_sdk.builders import bargauge, prometheus, stat, table, text, timeseries
from grafana_foundation_sdk.builders.common import (
    ReduceDataOptions,
    TableFooterOptions,
    TableSortByFieldState,
    VizLegendOptions,
    VizTextDisplayOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BarGaugeNamePlacement,
    BarGaugeSizing,
    BarGaugeValueMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueJustifyMode,
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
    TableCellHeight,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    GridPos,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from cli.dashboards.look import BAR_VALUE, INFO, PLAIN, TILE, UNITS, by_steps, one_colour, sized, steps

SOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")
THIN_PX, THICK_PX = 16, 90
NOTHING = "–"
"""What a panel shows where there is no value."""

Panel = stat.Panel | bargauge.Panel | timeseries.Panel | table.Panel | text.Panel
P = TypeVar("P", stat.Panel, bargauge.Panel, timeseries.Panel, table.Panel)


@dataclass(frozen=True)
class Query:
    """What is asked, what it is called, in which unit of the catalogue (or Grafana's, with decimals) it is shown."""

    expression: str
    legend: str
    unit: str | tuple[str, int] = "none"
    colours: ThresholdsConfig | str | None = None

    @property
    def shown_in(self) -> tuple[str, int]:
        """(unit, decimals) of Grafana."""
        return UNITS.get(self.unit, (self.unit, 0)) if isinstance(self.unit, str) else self.unit


@dataclass(frozen=True)
class Place:
    """Where on the grid of 24 columns, and how high in rows of 38 px."""

    x: int
    y: int
    w: int
    h: int

    @property
    def grid(self) -> GridPos:
        """As Grafana has it."""
        return GridPos(x=self.x, y=self.y, w=self.w, h=self.h)


def tile(
    title: str, description: str, place: Place, *queries: Query, sizes: tuple[int, int] = TILE, across: bool = False
) -> stat.Panel:
    """Large numbers, each under its name; ``across`` side by side."""
    made = (
        stat.Panel().text_mode(BigValueTextMode.VALUE_AND_NAME).text(sized(sizes)).color_mode(BigValueColorMode.VALUE)
    )
    made.graph_mode(BigValueGraphMode.NONE).justify_mode(BigValueJustifyMode.CENTER).wide_layout(False)
    made.orientation(VizOrientation.VERTICAL if across else VizOrientation.HORIZONTAL)
    made.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
    return _filled(made, title, description, place, queries, PLAIN)


def bars(title: str, description: str, place: Place, query: Query) -> bargauge.Panel:
    """A bar for each series, from zero, not ranked: a rank is the engine's to give. Names are as large as bars are
    thick: with a size of their own Grafana cuts them off where there are many.
    """
    made = bargauge.Panel().min(0).orientation(VizOrientation.HORIZONTAL).display_mode(BarGaugeDisplayMode.BASIC)
    made.value_mode(BarGaugeValueMode.TEXT).name_placement(BarGaugeNamePlacement.LEFT).show_unfilled(True)
    made.sizing(BarGaugeSizing.MANUAL).min_viz_height(THIN_PX).min_viz_width(8).max_viz_height(THICK_PX)
    made.text(VizTextDisplayOptions().value_size(BAR_VALUE))
    made.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
    return _filled(made, title, description, place, (query,), INFO)


def lines(title: str, description: str, place: Place, *queries: Query, step_s: int = 15) -> timeseries.Panel:
    """Lines over the dashboard's time."""
    made = timeseries.Panel().line_width(3).fill_opacity(0).show_points(VisibilityMode.NEVER).min(0)
    made.interval(f"{step_s}s").tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(True)
    return _filled(made.legend(legend), title, description, place, queries, None, is_instant=False)


def rows(title: str, description: str, place: Place, key: dict[str, str], *queries: Query) -> table.Panel:
    """A row for each series, a column for each query, by the labels ``key`` (label → heading), sorted by the first."""
    refs = [chr(ord("A") + number) for number in range(len(queries))]
    shown = dict(zip((f"Value #{ref}" if len(refs) > 1 else "Value" for ref in refs), queries, strict=True))
    names = key | {field: query.legend for field, query in shown.items()}
    made = table.Panel().show_header(True).cell_height(TableCellHeight.MD)
    made.footer(TableFooterOptions().show(False))
    made.sort_by([TableSortByFieldState().display_name(next(iter(key.values()))).desc(False)])
    if len(queries) > 1:
        made.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    order = {"indexByName": {field: number for number, field in enumerate(names)}, "renameByName": names}
    hidden = {"excludeByName": {"Time": True, "tenant": "tenant" not in key}}
    made.with_transformation(DataTransformerConfig(id_val="organize", options=order | hidden))
    for query in queries:
        coloured = [_property("custom.cellOptions", {"type": "color-text"})] if query.colours else []
        made.override_by_name(query.legend, _properties(query) + coloured)
    return _filled(made, title, description, place, queries, PLAIN, is_table=True)


def words(title: str, place: Place, content: str) -> text.Panel:
    """A text in Markdown."""
    return text.Panel().title(title).grid_pos(place.grid).mode(TextMode.MARKDOWN).content(content)


def _filled(
    made: P,
    title: str,
    description: str,
    place: Place,
    queries: Sequence[Query],
    colour: str | None,
    *,
    is_instant: bool = True,
    is_table: bool = False,
) -> P:
    made.title(title).description(description).grid_pos(place.grid).datasource(SOURCE).no_value(NOTHING)
    unit, decimals = queries[0].shown_in
    made.unit(unit).thresholds(steps(colour or INFO))
    if colour is not None:
        made.color_scheme(by_steps())
    if is_instant:
        made.decimals(decimals)
    for number, query in enumerate(queries):
        ref = chr(ord("A") + number)
        asked = prometheus.Dataquery().expr(query.expression).ref_id(ref).legend_format(query.legend)
        asked.instant() if is_instant else asked.range()
        made.with_target(asked.format(PromQueryFormat.TABLE) if is_table else asked)
        if not is_table and (number or query.colours):
            made.override_by_query(ref, _properties(query, rounded=is_instant))
    return made


def _properties(query: Query, *, rounded: bool = True) -> list[DynamicConfigValue]:
    unit, decimals = query.shown_in
    found = [_property("unit", unit), *([_property("decimals", decimals)] if rounded else [])]
    if isinstance(query.colours, str):
        found.append(_property("color", one_colour(query.colours).build()))
    elif query.colours is not None:
        found += [_property("thresholds", query.colours.build()), _property("color", by_steps().build())]
    return found


def _property(name: str, value: Any) -> DynamicConfigValue:
    return DynamicConfigValue(id_val=name, value=value)
