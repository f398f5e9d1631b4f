"""Every query of every panel, asked of a real Prometheus: there is an answer, and it is the engine's."""

from __future__ import annotations

import re
from math import isclose

import pytest

from cli.dashboards import activity, sales_lead, team
from schemas.kpi import KpiValue
from tests.grafana.boards import Target, boards, targets
from tests.grafana.company import TENANT
from tests.grafana.exposed import EVERY_MIN, HOURS, LINES, OLD_MIN
from tests.grafana.scraped import Scraped
from views.kpi_families import KpiFamilies, every_family

pytestmark = pytest.mark.takes(20)

SELECTOR = re.compile(r"\b(salespulse_kpi_\w+)\{([^}]*)\}")
BESIDE = {"salespulse_kpi_trust", "salespulse_kpi_as_of_timestamp_seconds"}
MAY_LACK = {"trust"}
"""Labels that say nothing of a value that is as it should be."""
MINOR_UNITS = 100
LATER_S = 600


def of_kpis() -> list[Target]:
    """The queries of one KPI each."""
    return [target for target in targets() if set(SELECTOR.findall(target.asked)) and place(target) is not None]


def place(target: Target) -> tuple[str, dict[str, str]] | None:
    """The one gauge that a query reads, and what it is narrowed to."""
    found = {each for each in SELECTOR.findall(target.asked) if each[0] not in BESIDE}
    if len(found) != 1:
        return None
    name, matchers = found.pop()
    return name, dict(re.findall(r'(\w+)="([^"]*)"', matchers))


def read(value: KpiValue, families: KpiFamilies, name: str, facet: str) -> int | float | None:
    """What of a value a gauge shows."""
    if families.by_facet is not None and name == families.by_facet.name:
        return value.facets.get(facet)
    if name == families.n.name:
        return value.n
    assert name == families.value.name, name
    return value.value


class Engine:
    """What the engine says of what a query reads."""

    def __init__(self, scraped: Scraped, target: Target) -> None:
        found = place(target)
        assert found is not None
        self._name, self._where = found
        self._exposed = scraped.exposed
        every = every_family(scraped.exposed.definitions).items()
        self._slug, self._families = next((s, f) for s, f in every if self._name in {each.name for each in f})
        self._divisor = MINOR_UNITS if "salespulse_currency_minor_units" in target.expr else 1

    def value(self, labels: dict[str, str], as_of_ms: int | None = None) -> KpiValue:
        """The value itself."""
        kind, scope = self._where["scope_kind"], self._where.get("scope") or labels.get("scope", "")
        named = kind if kind == "company" else f"{kind}:{scope}"
        return self._exposed.value(self._slug, named, self._where["window"], as_of_ms)

    def shown(self, labels: dict[str, str], as_of_ms: int | None = None) -> float:
        """The number that a panel should show."""
        facet = self._where.get("facet") or labels.get("facet", "")
        found = read(self.value(labels, as_of_ms), self._families, self._name, facet)
        return (found or 0) / self._divisor


@pytest.mark.parametrize("target", targets(), ids=str)
def test_every_query_has_an_answer_with_the_labels_of_its_legend(scraped: Scraped, target: Target) -> None:
    series = scraped.ask(target.asked)
    assert series
    wanted = set(re.findall(r"\{\{(\w+)\}\}", target.legend)) - MAY_LACK
    assert all(wanted <= set(each["metric"]) for each in series), series
    assert all(each["value"][1] != "NaN" for each in series), series


@pytest.mark.parametrize("target", of_kpis(), ids=str)
def test_what_a_panel_shows_is_what_the_engine_says(scraped: Scraped, target: Target) -> None:
    engine = Engine(scraped, target)
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
            for name in ("age", "incomplete")
        ),
        "engine: KPI series in Prometheus: Kept",
        "engine: KPI series in Prometheus: Left out",
    }


@pytest.mark.parametrize(
    "target", [each for each in targets() if not each.is_instant and "_kpi_" in each.expr], ids=str
)
def test_lines_are_what_the_engine_says_of_those_moments(scraped: Scraped, target: Target) -> None:
    found = place(target)
    assert found is not None
    assert any(found[0].startswith(f"salespulse_kpi_{kpi}") and found[1]["window"] == window for kpi, window in LINES)
    engine, first_s = Engine(scraped, target), scraped.exposed.as_of_ms / 1000 - (HOURS * 60 + OLD_MIN) * 60
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
    scraped: Scraped, board: str, scope: str, shown: dict[str, list[str]]
) -> None:
    strip = {each.legend: each for each in targets() if each.board == board and "believe" in each.panel["title"]}
    said = {name: float(scraped.ask(each.asked)[0]["value"][1]) for name, each in strip.items()}
    statuses = {
        slug: scraped.exposed.value(slug, scope, window).status for window, slugs in shown.items() for slug in slugs
    }
    assert 0 <= said.pop("age") < LATER_S
    assert said == {"incomplete": list(statuses.values()).count("partial"), "silent sources": 1}


def test_when_nobody_exposes_the_board_no_old_number_is_shown_but_its_age(scraped: Scraped) -> None:
    """Asked of ten minutes later, of which Prometheus has heard nothing yet."""
    later = scraped.exposed.as_of_ms / 1000 + LATER_S
    for target in targets():
        if "_kpi_" in target.expr and target.is_instant and target.legend != "incomplete":
            series = scraped.ask(target.asked, time=later)
            if target.legend == "age" and target.board != "engine":
                assert float(series[0]["value"][1]) == pytest.approx(LATER_S)
            else:
                assert not series, target


def test_the_engine_is_shown_as_it_says_it_is(scraped: Scraped) -> None:
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


def test_the_choices_are_the_tenants_and_the_teams(scraped: Scraped) -> None:
    assert {each["metric"]["tenant"] for each in scraped.ask("salespulse_kpi_as_of_timestamp_seconds")} == {TENANT}
    (choice,) = [each for each in boards()["team"]["templating"]["list"] if each["name"] == "team"]
    asked = re.fullmatch(r"label_values\((.*), (\w+)\)", choice["query"])
    assert asked is not None
    found = scraped.ask(asked[1].replace("$tenant", TENANT))
    assert {each["metric"][asked[2]] for each in found} == {"North", "South"}
