"""Every table of reference data as rows, as it was in force at a moment.

``since`` is the first local day that a row's version rules. Dates are local, ``to`` is exclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

from msgspec.structs import asdict

from schemas.cells import MINUTE_MS
from schemas.data import (
    AbsenceRecorded,
    CostRecorded,
    Data,
    PipelineConfigured,
    ProductConfigured,
    TenantConfigured,
)
from stream.board.forms.reading import shortest
from stream.board.moment import Moment
from stream.board.organisation import Organisation
from stream.board.reference.rates import rate_versions
from stream.board.reference.roster import rosters_of
from stream.board.reference.settings import settings_of
from stream.board.reference.targets import targets_of
from stream.board.reference.versions import Version, by_day, grouped, local_date
from stream.board.reference.working import calendars_of

Row = dict[str, Any]
D = TypeVar("D", bound=Data)


def _tenant(moment: Moment) -> Iterator[Row]:
    settings = settings_of(moment.board.organisation, moment.cut_ms)
    said = settings.by_day[-1].data if settings.by_day else TenantConfigured()
    row = asdict(said) | {"base_currency": moment.base_currency, "ranking": settings.ranking}
    row |= {"time_zone": str(settings.calendar.spans[-1].zone)}
    row |= {"week_starts_on": settings.calendar.week_starts_on}
    yield row | {"fiscal_year_starts_in": settings.calendar.fiscal_year_starts_in}


def _roster(moment: Moment) -> Iterator[Row]:
    for row in _now(moment, rosters_of(moment.board.organisation, moment.cut_ms)):
        ramp = row["ramp"]
        yield row | {"active": row["active"] is not False, "ramp": None if ramp is None else asdict(ramp)}


def _calendars(moment: Moment) -> Iterator[Row]:
    return _now(moment, calendars_of(moment.board.organisation, moment.cut_ms))


def _rates(moment: Moment) -> Iterator[Row]:
    return _now(moment, rate_versions(moment.board.organisation, moment.cut_ms))


def _pipelines(moment: Moment) -> Iterator[Row]:
    for row in _now(moment, _versions(moment.board.organisation, moment.cut_ms, PipelineConfigured, "pipeline")):
        yield row | {"stages": [asdict(stage) for stage in row["stages"]]}


def _products(moment: Moment) -> Iterator[Row]:
    return _now(moment, _versions(moment.board.organisation, moment.cut_ms, ProductConfigured, "product"))


def _absences(moment: Moment) -> Iterator[Row]:
    said = [asdict(data) for _, data in moment.board.organisation.in_force(AbsenceRecorded, moment.cut_ms)]
    rows = [{"rep": row["rep"], "from": row["from_"], "to": row["to"], "reason": row["reason"]} for row in said]
    return iter(sorted(rows, key=lambda row: (row["rep"], row["from"], row["to"])))


def _targets(moment: Moment) -> Iterator[Row]:
    targets = targets_of(moment.board.organisation, moment.cut_ms)
    rows = []
    for (_, first, after), several in targets.items():
        for target in several:
            row = asdict(target) | {"from": first.isoformat(), "to": after.isoformat()}
            del row["period"]
            rows.append(row | {"primary": target.primary is True})
    return iter(sorted(rows, key=lambda row: row["target"]))


def _costs(moment: Moment) -> Iterator[Row]:
    """A cost spreads evenly over the days of its period."""
    for _, cost in moment.board.organisation.in_force(CostRecorded, moment.cut_ms):
        first, after = (local_date(edge, moment.calendar) for edge in (cost.period.from_, cost.period.to))
        days = max((after - first).days, 1)
        row = asdict(cost) | {"from": first.isoformat(), "to": after.isoformat(), "days": days}
        del row["period"]
        yield row | {"per_day_minor": shortest(Fraction(cost.amount_minor, days))}


def _versions(organisation: Organisation, cut_ms: int, shape: type[D], key: str) -> dict[str, list[Version[D]]]:
    calendar = settings_of(organisation, cut_ms).calendar
    said = grouped(organisation.in_force(shape, cut_ms), key)
    return {name: by_day(changes, calendar) for name, changes in said.items()}


def _now(moment: Moment, versions: dict[str, list[Version[D]]]) -> Iterator[Row]:
    """The version of each row that rules the day of the cut."""
    for _, history in sorted(versions.items()):
        ruling = [version for version in history if version.start * MINUTE_MS < moment.cut_ms]
        if ruling:
            since: date = moment.calendar.date_of(ruling[-1].start)
            yield asdict(ruling[-1].data) | {"since": since.isoformat()}


TABLES: dict[str, Callable[[Moment], Iterator[Row]]] = {
    "tenant": _tenant,
    "roster": _roster,
    "calendars": _calendars,
    "absences": _absences,
    "targets": _targets,
    "rates": _rates,
    "pipelines": _pipelines,
    "products": _products,
    "costs": _costs,
}
"""The rows of each table at a moment, by their key."""
