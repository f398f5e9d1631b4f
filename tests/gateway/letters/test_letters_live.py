"""Letters through a gateway with keys on a real Kafka: each tenant's own, and through a broker that was away."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from cli.broker import Broker
from schemas.event import encode_key, home_partition
from schemas.receipt import verified_ms
from tests.gateway.making import at, raw
from tests.gateway.serving import Served, read, settings_for

pytestmark = pytest.mark.takes(25)
KEYS = {
    "acme-key": {"tenant": "acme"},
    "globex-key": {"tenant": "globex"},
    "root-key": {"tenant": "ops", "operator": True},
}
ONE = {"content-type": "application/cloudevents+json"}
BACK_WITHIN_S = 60.0


def key(name: str) -> dict[str, str]:
    """The header that presents a key."""
    return {"authorization": f"Bearer {name}-key"}


def seen(served: Served, name: str) -> list[dict[str, Any]]:
    """The letters that a key sees."""
    answer = served.client.get("/v1/letters", headers=key(name))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["letters"]
    return found


async def test_each_tenant_sees_and_sends_its_own(kafka: str) -> None:
    with Served(settings_for(kafka, signing_key="secret", api_keys=KEYS)) as served:
        served.wait_ready()
        now = at(time.time_ns() // 1_000_000)
        bodies = {"acme": b"{", "globex": raw(tenant="acme", time=now)}
        for name, body in bodies.items():
            answer = served.client.post("/v1/events", content=body, headers=ONE | key(name))
            assert answer.status_code == 400
        (malformed,), (foreign,) = seen(served, "acme"), seen(served, "globex")
        assert (malformed["reason"], foreign["reason"]) == ("malformed_json", "not_allowed")
        assert {letter["address"] for letter in seen(served, "root")} == {malformed["address"], foreign["address"]}

        path = f"/v1/letters/{foreign['address']}"
        assert served.client.get(path, headers=key("acme")).status_code == 404
        assert served.client.post(f"{path}/send", json={"set": {"id": "x"}}, headers=key("acme")).status_code == 404
        assert served.client.post(f"{path}/send", headers=key("globex")).json()["code"] == "not_allowed"
        sent = served.client.post(f"{path}/send", json={"set": {"tenant": "globex"}}, headers=key("globex"))
        assert (sent.status_code, sent.json()["code"]) == (200, "taken")
        (record,) = await read(served.settings, "activity", 8)
        home = encode_key("globex", "A-17")
        assert (record.key, record.partition) == (home, home_partition(home, 8))
        assert json.loads(record.value) == json.loads(raw(tenant="globex", time=now))
        received_ms = verified_ms(tuple(record.headers), record.value, b"secret")
        assert received_ms is not None
        assert at(received_ms) == foreign["received_at"].replace("Z", "+00:00")
        assert seen(served, "globex")[0]["state"] == "sent"
        (mark,) = await read(served.settings, "redrives", 1)
        assert (mark.key, json.loads(mark.value)["by"]) == (foreign["address"].encode(), "globex")
        assert b'salespulse_gateway_letters_sent_total{code="taken"} 1.0' in served.client.get("/metrics").content


@pytest.mark.timeout(400)
async def test_a_broker_that_was_away_is_found_again(own_broker: Broker) -> None:
    with Served(settings_for(own_broker.bootstrap)) as served:
        served.wait_ready()
        served.client.timeout = 60
        assert served.client.post("/v1/events", content=b"{", headers=ONE).status_code == 400
        (letter,) = served.client.get("/v1/letters").json()["letters"]
        own_broker.kill()
        answer = await asyncio.to_thread(served.client.get, "/v1/letters")
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        own_broker.restart()
        until = time.monotonic() + BACK_WITHIN_S
        while (answer := await asyncio.to_thread(served.client.get, "/v1/letters")).status_code != 200:
            assert time.monotonic() < until, answer.text
            await asyncio.sleep(0.5)
        assert [found["address"] for found in answer.json()["letters"]] == [letter["address"]]
