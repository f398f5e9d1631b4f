"""Rules and configuration, judged by Prometheus' and Alertmanager's own tools."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from views.declared import gateway, tenants, worker

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "prometheus"
RULES = sorted((FOLDER / "rules").glob("*.yml"))
METRIC = re.compile(r"\bsalespulse_[a-z0-9_]+")


def said(*command: str | Path) -> str:
    """What a tool says; it must end well."""
    found = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout + found.stderr


def rules() -> list[dict[str, Any]]:
    """Every rule there is."""
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def test_rules_and_configuration_are_sound(prometheus_tools: None) -> None:
    said("promtool", "check", "rules", "--lint=all", "--lint-fatal", *RULES)
    said("promtool", "check", "config", FOLDER / "prometheus.yml")
    said("amtool", "check-config", FOLDER / "alertmanager" / "alertmanager.yml")


def test_every_alert_fires_and_stays_quiet(prometheus_tools: None) -> None:
    said("promtool", "test", "rules", *sorted((FOLDER / "tests").glob("*.yml")))
    tested = [
        (case["alertname"], bool(case["exp_alerts"]))
        for path in (FOLDER / "tests").glob("*.yml")
        for each in yaml.safe_load(path.read_text())["tests"]
        for case in each.get("alert_rule_test", [])
    ]
    wanted = {(rule["alert"], fires) for rule in rules() if "alert" in rule for fires in (True, False)}
    assert wanted == set(tested)


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=SalesPulseStale", "pipeline=salespulse"], "operations"),
        (["alertname=rep_stall", "pipeline=salespulse", "tenant=acme"], "managers"),
    ],
)
def test_alerts_go_to_whom_they_concern(prometheus_tools: None, labels: list[str], receiver: str) -> None:
    config = FOLDER / "alertmanager" / "alertmanager.yml"
    assert said("amtool", "config", "routes", "test", f"--config.file={config}", *labels).splitlines()[0] == receiver


def test_inhibition_names_what_must_be_equal() -> None:
    config = yaml.safe_load((FOLDER / "alertmanager" / "alertmanager.yml").read_text())
    assert all(rule.get("equal") for rule in config["inhibit_rules"])


def test_rules_name_metrics_that_exist() -> None:
    """By the list of all metrics: a renamed one would make a rule silent."""
    lists = (worker.WORKER, worker.BOARD, tenants.TENANTS, gateway.GATEWAY)
    declared = {name for families in lists for family in families for name in family.exposed}
    named = {name for rule in rules() for name in METRIC.findall(rule["expr"])}
    assert named <= declared, named - declared


def test_every_alert_has_its_heading_in_the_runbook() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    for rule in rules():
        if "alert" in rule:
            assert f"\n### {rule['alert']}\n" in page
            assert rule["annotations"]["runbook_url"] == f"docs/operating.md#{rule['alert'].lower()}"
