"""A report as CSV: numbers as the API gives them, one figure a line."""

from __future__ import annotations

import csv
import io

from msgspec import UNSET

from views.report.figures import Figure, Report

COLUMNS = (
    *("tenant", "section", "kpi", "title", "scope", "name", "rank", "period"),
    *("window", "as_of", "value", "unit", "currency", "n", "numerator", "denominator", "status", "missing"),
    *("before", "before_as_of", "target", "attainment", "pace"),
)
"""Money is in minor units of the currency, shares are fractions."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(report: Report) -> str:
    """The report's figures under COLUMNS."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for section in report.sections:
        for figure in section.figures:
            writer.writerow(_row(report, section.title, figure))
    return sheet.getvalue()


def _row(report: Report, section: str, figure: Figure) -> list[object]:
    value, before, target = figure.value, figure.before, figure.target
    words = (
        report.tenant,
        section,
        value.kpi,
        figure.title,
        value.scope,
        figure.name,
        figure.rank or "",
        report.period,
    )
    currency = report.money.currency if value.unit.startswith("money") else None
    missing = "" if value.missing is UNSET else " ".join(value.missing)
    row: list[object] = [_plain(word) for word in words]
    row += [value.window, value.as_of, value.value, value.unit, currency, value.n, value.numerator, value.denominator]
    row += [value.status, _plain(missing)]
    row += [None, None] if before is None else [before.value, before.as_of]
    return row + ([None] * 3 if target is None else [target.value, target.attainment, target.pace])


def _plain(word: str) -> str:
    """A name from outside must not be a formula to whoever opens the sheet."""
    return f"'{word}" if word.startswith(FORMULA) else word
