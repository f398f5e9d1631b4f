"""Events in binary mode over a real Kafka, among structured ones, while workers are killed: the same values, the same
letters, and a letter of one can be mended and sent again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.end_to_end.live import REQUEST_LIMIT_S, Live, replayed, until_equal
from tests.end_to_end.test_letters import AS_OF, Office, made, raw, roster, touch
from tests.schemas.test_binary_mode import Headers, headers_of

pytestmark = [pytest.mark.timeout(400), pytest.mark.takes(20)]
ACTIVITY, ORGANISATION = "activity", "organisation"
ANSWERS_WITHIN_S = 90.0
RECEIPTS = {"status", "restated_at", "restated_by"}
Record = tuple[bytes, bytes, Headers]


def binary(event: dict[str, Any], key: bytes | None = None) -> Record:
    """A record in binary mode, under its account's or tenant's key if no other is given."""
    role_key = event.get("tenant", "default").encode()
    if "roster" not in event["type"]:
        role_key += b"/" + event["subject"].encode()
    return key or role_key, raw(event["data"]), headers_of(event)


def structured(event: dict[str, Any]) -> Record:
    """The same, structured."""
    return binary(event)[0], raw(event), ()


def numbers(lines: list[bytes]) -> list[dict[str, Any]]:
    """The values without what hangs on when each event was received."""
    values: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [{name: held for name, held in value.items() if name not in RECEIPTS} for value in values]


async def test_binary_records_count_like_structured_ones(kafka: str, tmp_path: Path) -> None:
    wins, calls = [made(number) for number in range(0, 60, 2)], [touch(number) for number in range(1, 60, 2)]
    rosters = [roster(number, f"T-{number % 2}") for number in range(60, 63)]
    events = [event for pair in zip(wins, calls, strict=True) for event in pair]
    bad = made(70)
    refused = bad | {"data": bad["data"] | {"amount_minor": -5}}
    with Live(kafka) as live:
        office = Office(live)
        await office.produce([binary(event) for event in rosters], ORGANISATION)
        half = [binary(event) if n % 3 else structured(event) for n, event in enumerate(events)]
        await office.produce(half[:30], ACTIVITY)
        live.kill_at_work("accounts")
        stray = binary(made(64), key=b"default/somebody-else")
        await office.produce([*half[30:], half[3], stray, binary(refused)], ACTIVITY)
        lines = [raw(event) for event in (*rosters, *events, made(64))]
        wanted = numbers(replayed(lines, tmp_path, as_of=AS_OF))
        until_equal(lambda: numbers(live.lines(as_of=AS_OF)), wanted)

        until_equal(lambda: [letter["reason"] for letter in office.letters()], ["invalid_data"])
        (letter,) = office.letters()
        sent = office.send(letter["address"], set={"data.amount_minor": bad["data"]["amount_minor"]})
        assert sent["code"] == "taken", sent
        live.kill_at_work("accounts")
        wanted = numbers(replayed([*lines, raw(bad)], tmp_path, as_of=AS_OF))
        until_equal(lambda: numbers(live.lines(as_of=AS_OF)), wanted)

        # What became of single ones: sent twice in both modes, strayed, and refused before it was mended.
        assert verdicts(live, events[3]) == ["accepted", "duplicate"]
        assert verdicts(live, made(64))[-1] == "accepted"
        assert verdicts(live, bad) == ["invalid_data", "accepted"]
        assert_told_by_its_events(live, "revenue", "all")
        assert_told_by_its_events(live, "touches_per_won_deal", "24h")
        assert [record["verdict"] for record in told(live, bad)["records"]] == ["invalid_data", "accepted"]


def verdicts(live: Live, event: dict[str, Any]) -> list[str]:
    """What became of each record of an event."""
    answer = asked(live, "/v1/events", **{name: event[name] for name in ("source", "subject", "id")})
    return [record["verdict"] for record in answer["records"]]


def asked(live: Live, path: str, **query: str) -> dict[str, Any]:
    """The gateway's answer; a first question may have to be asked again."""
    limit = time.monotonic() + ANSWERS_WITHIN_S
    while True:
        try:
            with urlopen(f"{live.stack.address}{path}?{urlencode(query)}", timeout=REQUEST_LIMIT_S) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except HTTPError as exc:
            if exc.code != 503 or time.monotonic() > limit:
                raise
            time.sleep(float(exc.headers["Retry-After"]))


def assert_told_by_its_events(live: Live, kpi: str, window: str) -> None:
    """What is listed behind a number adds up to it."""
    chosen = {"kpi": kpi, "scope": "company", "window": window, "as_of": AS_OF}
    (value,) = live.values(**chosen)
    behind = asked(live, "/v1/behind", **chosen, limit="500")
    assert (behind["complete"], behind["count"] > 10) == (True, True), behind
    (exact,) = numbers([json.dumps(value).encode()])
    assert numbers([json.dumps(behind["value"]).encode()]) == [exact], "whether it is stale depends on when one asks"
    measure = behind["measures"][0]["measure"]
    adds = [add["amount"] for event in behind["events"] for add in event["adds"] if add["measure"] == measure]
    assert sum(adds) == value["numerator"]


def told(live: Live, event: dict[str, Any]) -> dict[str, Any]:
    """What `salespulse verdict` says of an event."""
    environment = os.environ | {
        "KAFKA_BROKERS": live.settings.kafka_brokers,
        "SALESPULSE_TOPIC_PREFIX": live.prefix,
    }
    command = [sys.executable, "-m", "cli.main", "verdict", event["source"], event["subject"], event["id"]]
    found: dict[str, Any] = json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    return found
