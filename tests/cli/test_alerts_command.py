"""`salespulse alerts`: the rules, and how often they would have fired."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.alerts.command import alerts
from cli.endings import UsageError
from tests.stream.office import OFFICE_HOURS, Line, arrival, call, rep

OFFICE: list[Line] = [
    ("2026-01-01 00:00", "tenant.configured", {"time_zone": "Europe/Berlin", "calendar": "office"}),
    ("2026-01-01 00:00", "calendar.changed", {"calendar": "office", "shifts": OFFICE_HOURS}),
    ("2026-05-04 08:00", "roster.changed", rep("R-1", team="T-1")),
    ("2026-05-04 08:00", "roster.changed", rep("R-2", team="T-1")),
]
DAY: list[Line] = [
    *(("2026-05-12 16:55", "touch.logged", call(who)) for who in ("R-1", "R-2")),
    *(("2026-05-13 " + time, "touch.logged", call("R-1")) for time in ("09:00", "09:30", "11:30", "14:00", "15:10")),
    *(("2026-05-13 " + time, "touch.logged", call("R-2")) for time in ("09:00", "10:00", "11:00", "13:00", "14:00")),
    ("2026-05-13 15:15", "touch.logged", call("R-2")),
]
MINE = """
alert: mine
title: Mine
kpi: rep_stall
window: today
scopes: [rep]
worse: up
fire: 70
clear: 10
step: 10
severity: info
owner: me
shown_as: minutes
text: "{who}: {value}"
next_step: none
link: /
definition: 1
"""


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A file of the office's events."""
    path = tmp_path / "events.ndjson"
    made = [json.loads(arrival(n, line).raw) for n, line in enumerate([*OFFICE, *DAY])]
    path.write_text("".join(json.dumps(event) + "\n" for event in made))
    return path


def said(*arguments: str) -> str:
    """What the command prints."""
    answer = CliRunner().invoke(alerts, list(arguments), catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def test_the_rules_are_listed() -> None:
    listed = said("rules").splitlines()
    assert [line.split()[0] for line in listed] == [
        "deal_stall",
        "detractors_rising",
        "pace_behind",
        "rep_stall",
        "source_silent",
    ]


def test_a_backtest_counts_what_would_have_fired(events: Path) -> None:
    lines = said("backtest", str(events), "--rule", "rep_stall", "--days", "1", "--each").splitlines()
    assert lines[0].startswith("acme: 2026-05-12T13:15:00Z to 2026-05-13T13:15:00Z, 1 days")
    assert lines[1] == "  rep_stall: 1 times, 1.0 a day, most on 2026-05-13: 1; 1 scopes: rep:R-1 1"
    assert lines[2].startswith(
        "    2026-05-13T09:05:00Z rep:R-1 warning, until 2026-05-13T09:30:00Z: R-1 of team T-1 has"
    )


def test_a_rule_of_one_s_own_is_tried_before_it_is_switched_on(events: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE)
    lines = said("backtest", str(events), "--rule", str(tmp_path / "mine.yaml"), "--days", "1").splitlines()
    assert lines[1].startswith("  mine: 2 times, 2.0 a day")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (MINE.replace("fire: 70", "fire: 5"), "would resolve at 10"),
        (MINE.replace("kpi: rep_stall", "kpi: nothing"), "kpi 'nothing' is not known"),
        (MINE.replace("scopes: [rep]", "scopes: [territory]"), "is not served for scopes of territory"),
        (MINE.replace("fire: 70\n", ""), "mine.yaml: fire: Field required"),
    ],
)
def test_a_rule_that_can_not_work_is_refused(events: Path, tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(UsageError, match=complaint):
        said("backtest", str(events), "--rule", str(tmp_path / "mine.yaml"))


def test_an_unknown_rule_is_named(events: Path) -> None:
    with pytest.raises(UsageError, match='rule "rep_stal" is not known; there are deal_stall, detractors_rising'):
        said("backtest", str(events), "--rule", "rep_stal")
