"""`salespulse import` as its user runs it: files, exit codes, and records where they belong."""

import asyncio
import gzip
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cli import publishing
from cli.main import run
from cli.topics import ensure_topics
from config.settings import load_settings
from schemas.event import Event, decode, encode_key, home_partition

PLAN = """
source: crm/test
files:
  - events:
      - type: sales.lead.created
        id: "lead-{id}"
        subject: "{id}"
        time: "{at}"
        data: {lead: "{id}"}
      - type: sales.roster.changed
        id: "roster-{rep}"
        subject: "{rep}"
        time: "2026-01-01"
        only_when: {id: ["0"]}
        data: {rep: "{rep}", team: north}
"""
ROWS = "id,at,rep\n" + "".join(f"{n},2026-10-{n % 28 + 1:02},R-1\n" for n in range(40))


@pytest.fixture
def imported(tmp_path: Path, capsysbinary: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function from CSV text and options to (exit code, standard output, standard error)."""

    def done(rows: str | bytes, *options: str) -> tuple[int, bytes, str]:
        plan, export = tmp_path / "plan.yaml", tmp_path / "export.csv"
        plan.write_text(PLAN)
        export.write_bytes(rows if isinstance(rows, bytes) else rows.encode())
        monkeypatch.setattr(sys, "argv", ["salespulse", "import", str(export), "--mapping", str(plan), *options])
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsysbinary.readouterr()
        return int(ended.value.code or 0), out, err.decode()

    return done


def test_events_go_to_standard_output_and_the_count_to_standard_error(imported: Any) -> None:
    code, out, err = imported(ROWS, "--out", "-", "--tenant", "acme")
    events = [decode(line) for line in out.splitlines()]
    assert code == 0
    assert len(events) == 41
    assert all(isinstance(event, Event) and event.tenant == "acme" and event.backfill for event in events)
    assert err == "41 events to -, 0 bad rows left out\n"


def test_a_packed_export_is_read_like_a_plain_one(imported: Any) -> None:
    assert imported(gzip.compress(ROWS.encode()), "--out", "-") == imported(ROWS, "--out", "-")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (gzip.compress(ROWS.encode())[:-30], "can't be unpacked to its end: "),
        (b"PK\x03\x04\x14\x00rest of a workbook", "is a workbook or a ZIP archive; save it as CSV"),
        (ROWS.encode("utf-16"), "is UTF-16; its section of the mapping needs encoding: utf-16"),
    ],
)
def test_what_is_no_csv_is_named_in_one_line(imported: Any, tmp_path: Path, rows: bytes, said: str) -> None:
    code, _, err = imported(rows, "--out", "-")
    assert code == 2
    assert err.count("\n") == 1
    assert err.startswith(f"salespulse: {tmp_path / 'export.csv'}: {said}")


def test_a_full_disk_is_one_line(imported: Any) -> None:
    code, _, err = imported(ROWS, "--out", "/dev/full")
    assert (code, err) == (1, "salespulse: can't write on: No space left on device; make room and say it again\n")


def test_a_broker_without_the_topics_is_told_from_one_that_is_away(
    imported: Any, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = f"i{uuid4().hex[:8]}."
    monkeypatch.setattr(publishing, "TOPIC_LIMIT_S", 2.0)
    monkeypatch.setenv("KAFKA_BROKERS", kafka)
    monkeypatch.setenv("SALESPULSE_TOPIC_PREFIX", prefix)
    code, _, err = imported(ROWS)
    assert code == 1
    assert f"salespulse: no topic {prefix}sales.activity.v1 at {kafka}; `salespulse topics` creates it" in err


def test_bad_rows_are_left_out_and_the_exit_code_says_so(imported: Any, tmp_path: Path) -> None:
    out = tmp_path / "events.ndjson"
    code, _, err = imported(ROWS + "40,never,R-1\n41,2026-10-01,R-1\n", "--out", str(out))
    assert code == 1
    assert len(out.read_bytes().splitlines()) == 42
    first, last = err.splitlines()
    assert f"{tmp_path / 'export.csv'}:42: files[0].events[0].time: 'never' is no time" in first
    assert last.endswith("42 events to " + str(out) + ", 1 bad rows left out")


def test_stop_ends_at_the_first_bad_row(imported: Any) -> None:
    code, out, _ = imported("id,at,rep\n1,never,R-1\n2,2026-10-01,R-1\n", "--out", "-", "--stop")
    assert (code, out) == (1, b"")


def test_impossible_wishes_end_with_one_line_and_code_2(imported: Any, tmp_path: Path) -> None:
    code, _, err = imported(ROWS, "--out", "-", "--to-kafka")
    assert (code, err) == (2, "salespulse: give either --to-kafka or --out\n")
    code, _, err = imported("", "--out", "-")
    assert (code, err) == (2, f"salespulse: {tmp_path / 'export.csv'}: there is no header line\n")
    code, _, err = imported(ROWS, "--out", str(tmp_path / "absent" / "x"))
    assert code == 2
    assert "can't be written" in err


def test_an_absent_broker_is_named_once_and_without_a_trace(imported: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BROKERS", "127.0.0.1:1")
    monkeypatch.setattr(publishing, "CONNECT_LIMIT_S", 0.5)
    code, _, err = imported(ROWS)
    lines = [line for line in err.splitlines() if line.startswith("salespulse:")]
    assert code == 1
    assert lines[0] == "salespulse: no Kafka at 127.0.0.1:1 yet; trying on"
    assert lines[1].startswith("salespulse: no Kafka at 127.0.0.1:1 for 0 s; start it, or set KAFKA_BROKERS")
    assert "Traceback" not in err


def test_to_kafka_every_record_is_keyed_and_at_home(imported: Any, kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = f"import-{uuid4().hex[:8]}-"
    settings = load_settings(kafka_brokers=kafka, topic_prefix=prefix)
    counts = ensure_topics(settings)
    monkeypatch.setenv("KAFKA_BROKERS", kafka)
    monkeypatch.setenv("SALESPULSE_TOPIC_PREFIX", prefix)
    code, _, err = imported(ROWS)
    assert code == 0
    assert "refuse events older than 35 days" in err
    activity = asyncio.run(read_all(kafka, settings.topics.name_of("activity"), 40))
    assert {record.key for record in activity} == {encode_key("default", str(n)) for n in range(40)}
    assert all(record.partition == home_partition(record.key, counts["activity"]) for record in activity)
    (roster,) = asyncio.run(read_all(kafka, settings.topics.name_of("organisation"), 1))
    assert (roster.key, roster.partition) == (b"default", home_partition(b"default", counts["organisation"]))


async def read_all(brokers: str, topic: str, count: int) -> list[Any]:
    from aiokafka import AIOKafkaConsumer

    consumer = AIOKafkaConsumer(topic, bootstrap_servers=brokers, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            return [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()
