"""A report as one HTML page without anything from elsewhere, which prints on A4; and as plain text for a mail."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from views.report.figures import TRUSTED, Report
from views.report.words import change_text, target_text, trust_text, value_text


def to_html(report: Report) -> str:
    """The page. Whatever comes from outside is escaped."""
    return _template("page.html.j2").render(report=report)


def to_text(report: Report) -> str:
    """The same in plain text, a figure a line."""
    lines = [f"{report.title}: {report.tenant}, {report.period}", f"As of {report.cut}, {report.compared}."]
    for section in report.sections:
        lines += ["", section.title] + ([section.note] if section.note else [])
        for figure in section.figures:
            value, trust = figure.value, trust_text(figure.value)
            rank = f"{figure.rank}. " if figure.rank else ""
            lines.append(
                f"  {rank}{figure.title}, {figure.name}: {value_text(value, report.money)} (n {value.n}; "
                f"{change_text(figure)}; target {target_text(figure, report.money)}; {trust})"
            )
    return "\n".join([*lines, ""])


@cache
def _template(name: str) -> Template:
    folder = Path(__file__).parent
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = {"value_text": value_text, "change_text": change_text, "target_text": target_text, "trust_text": trust_text}
    environment.globals.update(words, trusted=TRUSTED)
    return environment.get_template(name)
