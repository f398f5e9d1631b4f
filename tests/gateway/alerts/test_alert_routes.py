"""Alerts over HTTP: who sees which, and who may do what about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from config.settings import Publisher
from gateway.alerts import routes
from gateway.alerts.book import AlertBook
from gateway.keyring import Keyring
from schemas.alert import AlertAction, AlertRecord, encode_alert
from tests.agents.notify.making import record

NOW_MS = 1_900_000_000_000
KEYS = {"k-acme": Publisher(tenant="acme"), "k-other": Publisher(tenant="other")}
ACME = {"Authorization": "Bearer k-acme"}


class Written(routes.Actions):
    """Keeps what would be written."""

    def __init__(self) -> None:
        self.actions: list[AlertAction] = []

    async def write(self, record: AlertRecord, action: AlertAction) -> None:
        self.actions.append(action)


def own_only(request: Request, tenant: str | None) -> str | None:
    return "acme" if request.headers.get("authorization") else tenant


def served(keys: Mapping[str, Publisher] = KEYS) -> tuple[TestClient, AlertBook, Written]:
    app, book, written = FastAPI(), AlertBook(), Written()
    routes.add(app, book, written, Keyring(keys, allow_backfill=False), own_only, "http://board")
    made = [
        record("rep:R-1", NOW_MS),
        record("rep:R-2", NOW_MS, severity="critical"),
        record("rep:R-3", NOW_MS, tenant="other"),
    ]
    made.append(record("rep:R-4", NOW_MS, state="resolved", resolved_ms=NOW_MS))
    book.take([each.key for each in made], [encode_alert(each) for each in made])
    book.is_ready = True
    return TestClient(app), book, written


def test_open_alerts_come_the_gravest_first_and_only_ones_own() -> None:
    client, book, _ = served()
    shown = client.get("/v1/alerts", headers=ACME).json()["alerts"]
    assert [alert["scope"] for alert in shown] == ["rep:R-2", "rep:R-1"]
    assert shown[1]["link"] == "http://board/x"
    assert [a["scope"] for a in client.get("/v1/alerts?state=resolved&tenant=acme").json()["alerts"]] == ["rep:R-4"]
    assert client.get("/v1/alerts?state=sleeping").status_code == 400
    book.take([record("rep:R-1", NOW_MS).key], [None])
    assert len(client.get("/v1/alerts", headers=ACME).json()["alerts"]) == 1
    book.is_ready = False
    assert client.get("/v1/alerts", headers=ACME).status_code == 503


def test_a_key_acts_on_its_tenant_s_open_alerts_only() -> None:
    client, _, written = served()
    own, other = record("rep:R-1", NOW_MS).id, record("rep:R-3", NOW_MS, tenant="other").id
    assert client.post(f"/v1/alerts/{own}/acknowledge").status_code == 401
    assert client.post(f"/v1/alerts/{other}/acknowledge", headers=ACME).status_code == 404
    assert client.post(f"/v1/alerts/{record('rep:R-4', NOW_MS).id}/acknowledge", headers=ACME).status_code == 409
    answer = client.post(f"/v1/alerts/{own}/acknowledge", headers=ACME, json={"note": "I call", "by": "Ann"})
    assert (answer.status_code, answer.json()) == (202, {"id": own, "accepted": "acknowledge"})
    (action,) = written.actions
    assert (action.kind, action.actor, action.note, action.fired_ms) == (
        "acknowledge",
        "Ann",
        "I call",
        NOW_MS - 60_000,
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"for_s": 3600}, 202),
        ({"for_s": 3600, "unless_worse": False}, 202),
        ({"until": "2020-01-01T00:00:00Z"}, 400),
        ({"until": "tomorrow"}, 400),
        ({"for_s": 10**9}, 400),
        ({"for_s": True}, 400),
        ({"for_s": 60, "until": "2099-01-01T00:00:00Z"}, 400),
        ({}, 400),
        ({"for_s": 60, "until_when": 1}, 400),
    ],
)
def test_a_snooze_ends_in_the_future(body: dict[str, Any], status: int) -> None:
    client, _, written = served()
    answer = client.post(f"/v1/alerts/{record('rep:R-1', NOW_MS).id}/snooze", headers=ACME, json=body)
    assert answer.status_code == status, answer.text
    assert len(written.actions) == (status == 202)


def test_a_form_of_a_foreign_page_is_not_taken() -> None:
    client, _, written = served({})
    answer = client.post(f"/v1/alerts/{record('rep:R-1', NOW_MS).id}/acknowledge", data={"note": "x"})
    assert answer.status_code == 415
    assert not written.actions
