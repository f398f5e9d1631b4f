"""`salespulse report`: the same numbers as the API and `replay` give, on every kind of paper."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.endings import UsageError
from cli.report.answers import Files, replayed
from cli.report.command import asked_of, compose
from cli.report.gather import Wanted
from config.settings import load_settings
from tests.cli.report.office import NASTY, NOW_MS, TENANT, write
from views.report.figures import Report
from views.report.page import to_html
from views.report.sheet import to_csv


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return replayed([write(tmp_path_factory.mktemp("office"))], TENANT)[0]


def rows(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(report), newline="")))


def test_a_week_holds_what_the_api_says(answers: Files) -> None:
    """Every figure, and what it is compared with, against the answer to the same question put by hand."""
    wanted = Wanted("Leads", ("new_leads", "win_rate"), ("company", "rep:*", "territory:*"))
    made = rows(compose(answers, wanted, "2026-W46", now_ms=NOW_MS))
    assert len(made) == 2 * 4 + 3
    for row in made:
        asked = {"kpi": row["kpi"], "scope": row["scope"], "window": "7d"}
        now, before = (
            answers.rows("/v1/values", asked | {"as_of": as_of})[0]
            for as_of in ("2026-11-15T22:59:59Z", "2026-11-08T22:59:59Z")
        )
        assert [json.loads(row[name]) for name in ("value", "n", "before")] == [now["value"], now["n"], before["value"]]
        assert (row["as_of"], row["status"]) == ("2026-11-15T23:00:00Z", now["status"])


def test_a_month_s_board_has_its_target(answers: Files) -> None:
    made = compose(answers, Wanted("Company", board="company"), "2026-10", now_ms=NOW_MS)
    revenue = made.figures[0]
    assert revenue.target is not None
    assert (revenue.target.value, revenue.target.is_final) == (20_000_000, True)
    assert revenue.target.attainment == pytest.approx(float(revenue.value.value or 0) / 20_000_000)
    assert [figure.target for figure in made.figures[1:]] == [None] * 4
    assert (made.cut, made.compared) == ("the end of 2026-10-31, Europe/Berlin", "compared with 2026-09")


def test_names_come_from_the_roster_and_are_escaped(answers: Files) -> None:
    made = compose(answers, Wanted("Revenue", board="ranking:revenue"), "last-month", now_ms=NOW_MS)
    assert {figure.name for figure in made.figures} == {"Ada Lovelace", NASTY, "=HYPERLINK(1)"}
    assert [figure.rank for figure in made.figures] == ["1", "2", "3"]
    assert NASTY not in to_html(made)


@pytest.mark.parametrize(
    ("wanted", "period", "said"),
    [
        (Wanted("x", board="trust"), "2026-10", "can't be reported on"),
        (Wanted("x", ("no_such",)), "2026-10", "is not known; allowed are acquisition_rate"),
        (Wanted("x", board="company"), "2026-W48", "is not over"),
    ],
)
def test_what_can_t_be_reported_is_named(answers: Files, wanted: Wanted, period: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        compose(answers, wanted, period, now_ms=NOW_MS)


def test_a_gateway_is_asked_with_what_the_settings_have() -> None:
    keys = {"k" * 20: {"tenant": "acme"}, "o" * 20: {"tenant": "other"}}
    asked = asked_of(load_settings(api_keys=keys, screen_tokens={"s" * 20: "acme"}), "acme")
    assert (asked.tenant, asked._key) == ("acme", "s" * 20)
    with pytest.raises(UsageError, match="2 tenants \\(acme, other\\)"):
        asked_of(load_settings(api_keys=keys), None)


def test_the_command_writes_all_three(tmp_path: Path) -> None:
    file = write(tmp_path)
    out = [word for name in ("a.html", "a.csv", "a.txt") for word in ("-o", str(tmp_path / name))]
    command = [sys.executable, "-m", "cli.main", "report", str(file), "--period", "2026-10", *out]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": "."})
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    assert "Sales revenue" in (tmp_path / "a.txt").read_text()
    assert (tmp_path / "a.csv").read_bytes().count(b"\r\n") == 6
