"""Every query of every panel, asked of a real Prometheus: there is an answer, and it is the engine's."""

from __future__ import annotations

import re
from math import isclose

import pytest

from cli.dashboards import activity, sales_lead, team
from tests.grafana.boards import Target, boards, targets
from tests.grafana.company import TEAMS, TENANT
from tests.grafana.engine import Engine, of_kpis, place
from tests.grafana.exposed import EVERY_MIN, HOURS, LINES, OLD_MIN, Exposed
from tests.grafana.scraped import Prometheus

pytestmark = pytest.mark.takes(20)

MAY_LACK = {"trust"}
"""Labels that say nothing of a value that is as it should be."""
LATER_S = 600


@pytest.mark.parametrize("target", targets(), ids=str)
def test_every_query_has_an_answer_with_the_labels_of_its_legend(scraped: Prometheus, target: Target) -> None:
    series = scraped.ask(target.asked)
    assert series
    wanted = set(re.findall(r"\{\{(\w+)\}\}", target.legend)) - MAY_LACK
    assert all(wanted <= set(each["metric"]) for each in series), series
    assert all(each["value"][1] != "NaN" for each in series), series


@pytest.mark.parametrize("target", of_kpis(), ids=str)
def test_what_a_panel_shows_is_what_the_engine_says(scraped: Prometheus, exposed: Exposed, target: Target) -> None:
    engine = Engine(exposed, target)
    for series in scraped.ask(target.asked):
        labels, number = series["metric"], float(series["value"][1])
        assert isclose(number, engine.shown(labels), rel_tol=1e-12), labels
        if "{{trust}}" in target.legend:
            status = engine.value(labels).status
            assert labels.get("trust", "") == ("" if status == "live" else f" · {status}")


def test_no_query_but_those_of_ages_and_parts_is_left_out_above() -> None:
    left = {str(target) for target in targets() if "salespulse_kpi_" in target.expr} - set(map(str, of_kpis()))
    assert left == {
        *(
            f"{board}: How far to believe it: {name}"
            for board in ("sales-lead", "team", "activity")
            for name in ("age", "incomplete", "silent sources")
        ),
        "engine: Freshness: silent sources",
        "engine: KPI series in Prometheus: Kept",
        "engine: KPI series in Prometheus: Left out",
    }


@pytest.mark.parametrize(
    "target", [each for each in targets() if not each.is_instant and "_kpi_" in each.expr], ids=str
)
def test_lines_are_what_the_engine_says_of_those_moments(scraped: Prometheus, exposed: Exposed, target: Target) -> None:
    found = place(target)
    assert found is not None
    assert any(found[0].startswith(f"salespulse_kpi_{kpi}") and found[1]["window"] == window for kpi, window in LINES)
    engine, first_s = Engine(exposed, target), exposed.as_of_ms / 1000 - (HOURS * 60 + OLD_MIN) * 60
    (series,) = scraped.ask(target.asked, start=first_s, end=first_s + HOURS * 3600, step=EVERY_MIN * 60)
    assert len(series["values"]) == HOURS * 60 // EVERY_MIN + 1
    for at_s, number in series["values"]:
        assert isclose(float(number), engine.shown(series["metric"], round(at_s * 1000)), rel_tol=1e-12), at_s


@pytest.mark.parametrize(
    ("board", "scope", "shown"),
    [
        ("sales-lead", "company", sales_lead.SHOWN),
        ("team", "team:North", team.SHOWN),
        ("activity", "company", activity.SHOWN),
    ],
)
def test_a_board_says_how_far_to_believe_it(
    scraped: Prometheus, exposed: Exposed, board: str, scope: str, shown: dict[str, list[str]]
) -> None:
    strip = {each.legend: each for each in targets() if each.board == board and "believe" in each.panel["title"]}
    said = {name: float(scraped.ask(each.asked)[0]["value"][1]) for name, each in strip.items()}
    statuses = {slug: exposed.value(slug, scope, window).status for window, slugs in shown.items() for slug in slugs}
    assert 0 <= said.pop("age") < LATER_S
    assert said == {"incomplete": list(statuses.values()).count("partial"), "silent sources": 1}


def test_when_nobody_exposes_the_board_no_old_number_is_shown_but_its_age(
    scraped: Prometheus, exposed: Exposed
) -> None:
    """Asked of ten minutes later, of which Prometheus has heard nothing yet."""
    later = exposed.as_of_ms / 1000 + LATER_S
    for target in targets():
        if "_kpi_" in target.expr and target.is_instant:
            series = scraped.ask(target.asked, time=later)
            if target.legend == "age" and target.board != "engine":
                assert float(series[0]["value"][1]) == pytest.approx(LATER_S)
            else:
                assert not series, target


def test_the_engine_is_shown_as_it_says_it_is(scraped: Prometheus) -> None:
    said = {
        target.legend: {
            (s["metric"].get("part") or s["metric"].get("source")): float(s["value"][1])
            for s in scraped.ask(target.asked)
        }
        for target in targets()
        if target.board == "engine"
    }
    assert said["records waiting"] == {None: 15}
    assert said["{{part}}"] == {"accounts": 1, "board": 2, "gateway": 1}
    assert said["Refused"] == {"crm/eu": 3}
    assert said["Silent"] == {"crm/eu": 0, "telephony": 1}
    assert said["open alerts"] == {None: 1}
    assert said["served as stale"] == {None: 0}
    assert said["Left out"] == {None: 0}


def test_the_choices_are_the_tenants_and_the_teams(scraped: Prometheus) -> None:
    assert {each["metric"]["tenant"] for each in scraped.ask("salespulse_kpi_as_of_timestamp_seconds")} == {TENANT}
    (choice,) = [each for each in boards()["team"]["templating"]["list"] if each["name"] == "team"]
    asked = re.fullmatch(r"label_values\((.*), (\w+)\)", choice["query"])
    assert asked is not None
    found = scraped.ask(asked[1].replace("$tenant", TENANT))
    assert {each["metric"][asked[2]] for each in found} == set(TEAMS)
