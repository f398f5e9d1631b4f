"""Events that came wrong, over Kafka and HTTP, are found, mended and sent again while workers are killed: the values
are what they would be had the events come right, and to send everything once more changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from aiokafka import AIOKafkaProducer

from schemas.event import Event, decode, encode_key, home_partition, is_activity
from schemas.receipt import sign
from schemas.records import Headers
from schemas.rows import POSITION_KEY
from stream.accounts.stage import AccountsStage
from stream.board.stage import BoardStage
from tests.end_to_end.live import REQUEST_LIMIT_S, Live, replayed, until_equal
from tests.gateway.making import at, event
from tests.gateway.serving import read

pytestmark = pytest.mark.takes(60)
NOW_MS = int(time.time() * 1000)
DAY_MS, MINUTE_MS = 86_400_000, 60_000
SECRET = "a signing key"
LONG_AGO_MS = NOW_MS - 60 * DAY_MS
AS_OF = at(NOW_MS)


class Mishap(NamedTuple):
    """An event as it should have come, as it came, and what the sender of its letter says."""

    right: bytes
    wrong: bytes
    reason: str
    mending: dict[str, Any]
    received_ms: int | None = None


def made(number: int, kind: str = "sales.deal.won", **changes: Any) -> dict[str, Any]:
    """An event of an account, some minutes ago, or of its deal's win."""
    base = event(
        id=f"E-{number}", type=kind, subject=f"A-{number % 9}", time=at(NOW_MS - number * MINUTE_MS), **changes
    )
    if kind == "sales.deal.won" and "data" not in changes:
        won = {"deal": f"D-{number}", "amount_minor": 1_000 + number, "currency": "EUR", "rep": f"R-{number % 3}"}
        base["data"] = won
    return base


def raw(event: dict[str, Any]) -> bytes:
    """The bytes of an event."""
    return json.dumps(event).encode()


def touch(number: int) -> dict[str, Any]:
    """A call on a deal that is won later."""
    return made(number, "sales.touch.logged", data={"rep": "R-1", "kind": "call", "deal": f"D-{number - 1}"})


def roster(number: int, team: str) -> dict[str, Any]:
    """A rep joins a team."""
    joined = made(number, "sales.roster.changed", data={"rep": f"R-{number % 3}", "team": team})
    return joined | {"time": at(NOW_MS - 90 * DAY_MS)}


def mishaps(first: int) -> list[Mishap]:
    """One of each sort."""
    won = [made(first + n) for n in range(4)]
    call, joined = touch(first + 5), roster(first + 6, f"T-{first}")
    old = made(first + 7) | {"time": at(LONG_AGO_MS)}
    bad_amount = won[0] | {"data": won[0]["data"] | {"amount_minor": -5}}
    return [
        Mishap(raw(won[0]), raw(bad_amount), "invalid_data", {"set": {"data.amount_minor": 1_000 + first}}),
        Mishap(raw(won[1]), raw(won[1])[:-9], "malformed_json", {"event": won[1]}),
        Mishap(
            raw(won[2]), raw(won[2] | {"type": "sales.deal.one"}), "unknown_type", {"set": {"type": "sales.deal.won"}}
        ),
        Mishap(raw(won[3]), raw(_without(won[3], "time")), "not_cloudevent", {"patch": {"time": won[3]["time"]}}),
        Mishap(raw(call), raw(call | {"time": at(NOW_MS + DAY_MS)}), "too_far_ahead", {"set": {"time": call["time"]}}),
        Mishap(raw(joined), raw(_without(joined, "data")), "invalid_data", {"patch": {"data": joined["data"]}}),
        Mishap(
            raw(old),
            raw(old | {"data": old["data"] | {"currency": "euro"}}),
            "invalid_data",
            {"set": {"data.currency": "EUR"}},
            LONG_AGO_MS,
        ),
    ]


def _without(event: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != name}


class Office:
    """Whoever works with the letters of a running pipeline: over HTTP and by command."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.counts = {"activity": 8, "organisation": 4, "dead_letters": 8, "accounts_state": 8, "board_state": 4}

    def letters(self, **asked: str) -> list[dict[str, Any]]:
        """Every letter, over HTTP, page by page, oldest first."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            question = urlencode(asked | cursor | {"order": "oldest", "limit": "5"})
            page = self._ask(f"/v1/letters?{question}")
            found += page["letters"]
            if page["cursor"] is None:
                return found
            cursor = {"cursor": page["cursor"]}

    def send(self, address: str, **body: Any) -> dict[str, Any]:
        """Send a letter over HTTP; the answer, whatever its status."""
        told: dict[str, Any] = self._ask(f"/v1/letters/{address}/send", json.dumps(body).encode())
        return told

    def show(self, address: str) -> dict[str, Any]:
        """A letter whole."""
        found: dict[str, Any] = self._ask(f"/v1/letters/{address}")
        return found

    def _ask(self, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(f"{self.live.stack.address}{path}", body)
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_LIMIT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as exc:
            return json.load(exc)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`salespulse letters …`."""
        environment = os.environ | {
            "KAFKA_BROKERS": self.live.settings.kafka_brokers,
            "SALESPULSE_TOPIC_PREFIX": self.live.prefix,
            "SALESPULSE_SIGNING_KEY": SECRET,
        }
        command = [sys.executable, "-m", "cli.main", "letters", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    async def produce(self, records: Iterable[tuple[bytes, bytes, Headers]], role: str) -> None:
        """Put (key, value, headers) into a topic, as a publisher with a Kafka client of its own does."""
        topic = self.live.settings.topics.name_of(role)
        async with AIOKafkaProducer(bootstrap_servers=self.live.settings.kafka_brokers, acks="all") as producer:
            for key, value, headers in records:
                home = home_partition(key, self.counts[role])
                await producer.send_and_wait(topic, value, key, partition=home, headers=list(headers))

    def as_received(self, events: Iterable[bytes]) -> list[bytes]:
        """Events as a file holds them that knows when each was first received: by the receipts in the log."""
        receipts: dict[tuple[str, int], str] = {}
        for record in [*self._records("activity"), *self._records("organisation")]:
            found = decode(record.value)
            if isinstance(found, Event):
                receipt = dict(record.headers).get("received-at", b"")
                receipts.setdefault((found.id, found.revision), at(int(receipt or record.timestamp)))
        return [raw({**found, "receivedat": receipts[_revision_of(found)]}) for found in map(json.loads, events)]

    def received(self) -> int:
        """How many records the two input topics hold."""
        return sum(len(self._records(role)) for role in ("activity", "organisation"))

    def verdicts(self) -> Counter[str]:
        """Verdicts of both stages, as of their last commits."""
        found: Counter[str] = Counter()
        for role in ("accounts_state", "board_state"):
            positions = {r.partition: r.value for r in self._records(role) if r.key == POSITION_KEY}
            for partition, value in positions.items():
                stage = self._stage(role, partition)
                stage.restore_position(value)
                found += Counter({str(code): n for code, n in stage.tallies.total().items()})
        return found

    def _stage(self, role: str, partition: int) -> AccountsStage | BoardStage:
        generation = self.live.settings.generation
        if role == "board_state":
            return BoardStage(partition, partitions=4, generation=generation)
        return AccountsStage(partition, partitions=8, cells_partitions=4, generation=generation)

    def _records(self, role: str) -> list[Any]:
        return asyncio.run(read(self.live.settings, role, self.counts[role]))


def _revision_of(event: dict[str, Any]) -> tuple[str, int]:
    return event["id"], event.get("revision", 0)


def placed(mishap: Mishap) -> tuple[str, tuple[bytes, bytes, Headers]]:
    """The topic's role and the record under which a publisher's own client sends a mishap."""
    event = decode(mishap.right)
    assert isinstance(event, Event)
    headers = () if mishap.received_ms is None else tuple(sign(mishap.received_ms, mishap.wrong, SECRET.encode()))
    if is_activity(event.kind):
        return "activity", (encode_key(event.tenant, event.subject), mishap.wrong, headers)
    return "organisation", (event.tenant.encode(), mishap.wrong, headers)


@pytest.mark.timeout(900)
def test_mended_letters_count_as_if_they_had_come_right_and_once(kafka: str, tmp_path: Path) -> None:
    good = [raw(made(n)) for n in range(100, 140)]
    over_kafka, over_http = mishaps(200), mishaps(300)[:-1]
    clash = made(110, data={"deal": "D-110", "amount_minor": 99_999, "currency": "EUR", "rep": "R-1"})
    with Live(kafka, SALESPULSE_SIGNING_KEY=SECRET, SALESPULSE_ALLOW_BACKFILL="false") as live:
        office = Office(live)
        live.post(b"\n".join(good))
        publish(office, over_kafka, over_http)
        live.post(raw(clash))
        reasons = Counter([*(mishap.reason for mishap in (*over_kafka, *over_http)), "conflict"])
        until_equal(lambda: Counter(letter["reason"] for letter in office.letters()), reasons)

        sent = mend(office, [*over_kafka, *over_http], tmp_path)
        (conflict,) = office.letters(reason="conflict")
        refused = office.command("send", "--reason", "conflict")
        assert (refused.returncode, "--revision next" in refused.stdout) == (1, True)
        assert office.send(conflict["address"], revision="next")["revision"] == 1
        sent.append((conflict["address"], {"revision": "next"}))

        right = [*good, *(mishap.right for mishap in (*over_kafka, *over_http)), raw(clash | {"revision": 1})]
        wanted = replayed(office.as_received(right), tmp_path, as_of=AS_OF)
        assert len(wanted) > 100
        until_equal(lambda: live.lines(tenant="default", as_of=AS_OF), wanted)
        until_equal(lambda: office.verdicts().total(), office.received())
        assert {letter["state"] for letter in office.letters()} == {"sent"}

        before = office.verdicts()
        for number, (address, mending) in enumerate(sent):
            assert office.send(address, **mending)["code"] == "taken"
            if number == len(sent) // 2:
                live.kill_at_work("accounts")
        until_equal(lambda: office.verdicts() - before, Counter({"duplicate": len(sent)}))
        assert office.verdicts().total() == office.received()
        until_equal(lambda: live.lines(tenant="default", as_of=AS_OF), wanted)
        assert {letter["sent"]["times"] for letter in office.letters()} == {2}
        assert len(office.letters()) == reasons.total(), "nothing that was sent became a letter"


def publish(office: Office, over_kafka: list[Mishap], over_http: list[Mishap]) -> None:
    """Send what is wrong, as it comes."""
    codes = [office.live.post(mishap.wrong)[0]["code"] for mishap in over_http]
    assert codes == [mishap.reason for mishap in over_http]
    for role in ("activity", "organisation"):
        records = [record for place, record in map(placed, over_kafka) if place == role]
        asyncio.run(office.produce(records, role))


def mend(office: Office, mishaps: list[Mishap], folder: Path) -> list[tuple[str, dict[str, Any]]]:
    """Find each mishap's letter by what came, and send it mended: by turns over HTTP and by command, between kills.

    Returns what was sent.
    """
    by_text = {office.show(letter["address"]).get("text"): letter["address"] for letter in office.letters()}
    sent = []
    for number, mishap in enumerate(mishaps):
        address = by_text[mishap.wrong.decode()]
        assert office.send(address, dry_run=True)["code"] == mishap.reason, "as it came it is refused again"
        if number % 2:
            done = office.command("send", address, *_options(mishap.mending, folder))
            assert done.returncode == 0, done.stderr
        else:
            assert office.send(address, **mishap.mending)["code"] == "taken"
        if number in (4, 9):
            office.live.kill_at_work("accounts" if number == 4 else "board")
        sent.append((address, mishap.mending))
    return sent


def _options(mending: dict[str, Any], folder: Path) -> list[str]:
    """A mending as options of the command."""
    if "event" in mending:
        file = folder / "event.json"
        file.write_text(json.dumps(mending["event"]))
        return ["--file", str(file)]
    if "patch" in mending:
        return ["--merge", json.dumps(mending["patch"])]
    ((path, value),) = mending["set"].items()
    return ["--set", f"{path}={value}"]
