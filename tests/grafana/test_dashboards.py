"""The dashboards are what the catalogue makes, ask for what is exposed, and can be read from across a room."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
import yaml

from cli.dashboards.queries import COMPANY, REPS, Gauges, UnpublishedPanel
from cli.dashboards.writing import written
from config.catalogue import load_definitions
from schemas.kpi import KpiDefinition
from tests.grafana.boards import FOLDER, boards, panels, targets
from tests.source_tree import ROOT
from views.declared.gateway import GATEWAY
from views.declared.tenants import TENANTS
from views.declared.worker import BOARD, WORKER
from views.families import Family
from views.kpi_families import every_family

RULES = sorted((ROOT / "prometheus" / "rules").glob("*.yml"))
METRIC = re.compile(r"\b(salespulse[_:][a-z0-9_:]+|up)\b(\{[^}]*\})?")
DRAWABLE = {"stat", "bargauge", "timeseries", "table", "text"}
TV = {"sales-lead", "team"}
ROWS_OF_A_SCREEN = 27
"""Of 38 px each, at 1080p without Grafana's frame."""
DEFINITIONS: dict[str, KpiDefinition] = {definition.slug: definition for definition in load_definitions()}


def families() -> dict[str, Family]:
    """Everything exposed, by the names its series have."""
    of_kpis = [family for each in every_family(DEFINITIONS).values() for family in each]
    return {name: family for family in (*of_kpis, *TENANTS, *WORKER, *BOARD, *GATEWAY) for name in family.exposed}


def rules() -> list[dict[str, str]]:
    """Every rule there is."""
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def test_what_is_kept_is_what_is_written() -> None:
    """If this fails: `make dashboards`, and look at the difference."""
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")} == written()


def test_every_selector_names_metrics_that_exist_and_one_window() -> None:
    """A plain sum over several windows, or over sorts of scopes, is nonsense that looks like a number."""
    exposed = families()
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    asked = [(str(target), target.expr) for target in targets()]
    for where, expression in asked + [(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]:
        for name, matchers in METRIC.findall(expression):
            if name in recorded or name == "up":
                continue
            family = exposed.get(name)
            assert family is not None, f"{where}: no metric is called {name}"
            for label in {"window", "scope_kind"} & set(family.labels):
                assert len(re.findall(rf'\b{label}="[^"|]+"', matchers)) == 1, f"{where}: {name} names no {label}"


def test_every_gauge_is_read_over_all_workers() -> None:
    """For one scrape after a hand-over two workers may show the same tenant."""
    tenants = {name for name, family in families().items() if "tenant" in family.labels and family.kind == "gauge"}
    for target in targets():
        for found in METRIC.finditer(target.expr):
            before = target.expr[: found.start()]
            assert found[1] not in tenants or re.search(r"max by \([a-z_, ]+\) \((last_over_time\()?$", before), target


def test_panels_can_be_drawn_and_say_what_they_show() -> None:
    for board, panel in panels():
        where = f"{board}: {panel['title']}"
        assert panel["type"] in DRAWABLE, where
        assert panel["title"], where
        assert panel["type"] == "text" or panel["description"], where
        assert panel["type"] == "text" or panel["fieldConfig"]["defaults"]["unit"], where
        if panel["type"] == "bargauge":
            assert panel["fieldConfig"]["defaults"]["min"] == 0, f"{where}: bars would start at the smallest value"
        if panel["type"] in {"table", "bargauge", "stat"}:
            assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"], f"{where}: would be green or red by chance"
        if panel["type"] == "stat":
            assert panel["options"]["textMode"] == "value_and_name", where
            assert panel["options"]["text"]["valueSize"] >= 51, where


@pytest.mark.parametrize("board", boards())
def test_panels_fill_a_screen_and_do_not_overlap(board: str) -> None:
    places = [panel["gridPos"] for panel in boards()[board]["panels"]]
    for place in places:
        assert place["x"] + place["w"] <= 24
        assert place["y"] + place["h"] <= ROWS_OF_A_SCREEN
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)
    assert board not in TV or 4 <= len(places) <= 7


def test_every_board_says_how_old_its_numbers_are() -> None:
    for board in boards():
        assert any("time() - " in target.expr for target in targets() if target.board == board), board


def test_boards_are_told_apart_and_link_to_each_other() -> None:
    said = boards().values()
    assert len({board["uid"] for board in said}) == len({board["title"] for board in said}) == len(said)
    assert all(board["links"][0]["tags"] == board["tags"] for board in said)


def test_a_panel_of_what_is_not_published_is_refused() -> None:
    gauges = Gauges(DEFINITIONS)
    with pytest.raises(UnpublishedPanel, match="revenue is not published for company 7d"):
        gauges.value("revenue", "7d", COMPANY)
    with pytest.raises(UnpublishedPanel, match="publish_windows"):
        Gauges({"x": DEFINITIONS["revenue"].model_copy(update={"scopes": ("company",)})}).value("x", "mtd", REPS)


def test_provisioning_names_what_the_dashboards_ask() -> None:
    folder = ROOT / "grafana" / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards" / "salespulse.yaml").read_text())["providers"]
    assert (source["uid"], source["url"]) == ("prometheus", "${PROMETHEUS_URL}")
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    scrapes = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scrapes
    for board in boards().values():
        (choice,) = [each for each in board["templating"]["list"] if each["type"] == "datasource"]
        assert (choice["query"], choice["current"]["value"]) == (source["type"], source["uid"])
