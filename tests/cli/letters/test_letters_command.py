"""`salespulse letters` as its user runs it, on a real Kafka: found, shown, patched, sent; one line where it can't."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from cli.main import run
from cli.topics import ensure_topics
from config.settings import Settings, load_settings
from gateway.log_writer import LogWriter
from gateway.records import Outgoing
from schemas.event import decode, encode_key, home_partition
from schemas.receipt import verified_ms
from schemas.verdicts import Refusal
from tests.gateway.letters.paper import over_http, over_kafka, refused_by_the_fold
from tests.gateway.making import NOW_MS, raw
from tests.gateway.serving import read

BAD = {"deal": "D-9", "amount_minor": -5, "currency": "EUR"}
ROLES = ("activity", "organisation", "dead_letters", "redrives")
Command = Callable[..., tuple[int, str, str]]


class Post(NamedTuple):
    """Topics of a test's own, and letters in them."""

    settings: Settings
    addresses: list[str]


LETTERS = [
    over_http(raw(data=BAD)),
    over_kafka(b"\xff\x00{", b"acme/A-1", partition=2),
    refused_by_the_fold(raw(id="W-2"), "conflict", partition=3),
    over_http(raw(id="W-3", tenant="acme", data=BAD | {"amount_minor": "x"}), sender="acme"),
    *(over_http(raw(id=f"M-{n}", source="erp", data=BAD), received_ms=NOW_MS + n) for n in range(450)),
]


@pytest.fixture(scope="module")
def post(kafka: str) -> Post:
    """Letters of several sorts on the session's broker."""
    settings = load_settings(kafka_brokers=kafka, topic_prefix=f"letters-{uuid4().hex[:8]}-")
    ensure_topics(settings)
    asyncio.run(write(settings, LETTERS))
    seen: dict[int, int] = {}
    addresses = []
    for letter in LETTERS:
        addresses.append(f"{letter.partition}-{seen.get(letter.partition, 0)}")
        seen[letter.partition] = seen.get(letter.partition, 0) + 1
    return Post(settings, addresses)


async def write(settings: Settings, records: list[Outgoing]) -> None:
    """Put records where they belong."""
    writer = LogWriter(settings.kafka_brokers, {role: settings.topics.name_of(role) for role in ROLES})
    opened = asyncio.Event()
    running = asyncio.create_task(writer.run(lambda _partitions: opened.set()))
    await opened.wait()
    await asyncio.sleep(0)
    assert all(await writer.append(records))
    running.cancel()


@pytest.fixture
def surroundings(post: Post, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The settings of these topics in the environment."""
    monkeypatch.setenv("KAFKA_BROKERS", post.settings.kafka_brokers)
    monkeypatch.setenv("SALESPULSE_TOPIC_PREFIX", post.settings.topic_prefix)
    monkeypatch.setenv("SALESPULSE_SIGNING_KEY", "secret")
    return monkeypatch


@pytest.fixture
def letters(surroundings: pytest.MonkeyPatch, capfd: Any) -> Command:
    """A function from arguments to (exit code, standard output, standard error)."""

    def done(*arguments: str) -> tuple[int, str, str]:
        code = exit_code(surroundings, *arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return done


def exit_code(surroundings: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command; how it ended."""
    surroundings.setattr(sys, "argv", ["salespulse", "letters", *arguments])
    with pytest.raises(SystemExit) as ended:
        run()
    return int(ended.value.code or 0)


def test_letters_are_listed_searched_and_shown(post: Post, letters: Command) -> None:
    code, out, _ = letters("list", "--source", "crm/eu", "--order", "oldest")
    assert code == 0
    header, *rows = out.splitlines()
    assert header.split() == ["address", "state", "refused", "tenant", "reason", "event", "detail"]
    assert {row.split()[0] for row in rows} == {post.addresses[n] for n in (0, 2, 3)}
    found = [json.loads(line) for line in letters("list", "--json", "--limit", "600")[1].splitlines()]
    assert {letter["address"] for letter in found} == set(post.addresses)
    refused_at = [letter["refused_at"] for letter in found]
    assert refused_at == sorted(refused_at, reverse=True)
    assert len(letters("list", "--json", "--tenant", "acme")[1].splitlines()) == 2
    assert letters("list", "--limit", "1")[2] == "the first 1; there may be more: --limit, or a filter\n"
    assert len(letters("search", "m-449", "--json")[1].splitlines()) == 1
    assert letters("search", "nowhere to be found")[1] == "no letter matches\n"
    assert letters("list", "--since", "1h", "--until", "30m")[1] == "no letter matches\n"

    code, out, _ = letters("show", post.addresses[0])
    assert code == 0
    assert "  reason: invalid_data\n" in out
    assert "today        invalid_data: event crm/eu#W-1: data.amount_minor is -5" in out
    assert "  " + raw(data=BAD).decode() in out
    assert "ff 00 7b" in letters("show", post.addresses[1])[1]
    assert json.loads(letters("show", post.addresses[1], "--json")[1])["base64"] == "/wB7"


def test_the_bytes_come_out_exactly(post: Post, surroundings: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    assert exit_code(surroundings, "show", post.addresses[1], "--raw") == 0
    assert capfdbinary.readouterr().out == b"\xff\x00{"


def test_a_patch_shows_the_new_verdict_before_it_is_sent(post: Post, letters: Command) -> None:
    address = post.addresses[3]
    code, out, _ = letters("patch", address, "--set", "data.amount_minor=-1")
    assert (code, "today: invalid_data" in out) == (1, True)
    code, out, _ = letters("patch", address, "--set", "data.amount_minor=700", "--merge", '{"data":{"rep":null}}')
    assert (code, out.endswith("today: acceptable\n")) == (0, True)
    assert '+    "amount_minor": 700,' in out
    assert asyncio.run(read(post.settings, "activity", 8)) == []
    code, out, _ = letters("patch", address, "--set", "data.amount_minor=700", "--send")
    assert (code, out.splitlines()[-1]) == (0, f"{address}  crm/eu#W-3  taken")
    (sent,) = asyncio.run(read(post.settings, "activity", 8))
    key = encode_key("acme", "A-17")
    assert (sent.key, sent.partition) == (key, home_partition(key, 8))
    assert verified_ms(sent.headers, sent.value, b"secret") == NOW_MS
    assert dict(sent.headers)["redrive-of"] == address.encode()
    assert json.loads(letters("show", address, "--json")[1])["state"] == "sent"


def test_many_are_sent_once_a_run_and_twice_is_the_same_records(post: Post, letters: Command) -> None:
    many = ("send", "--source", "erp", "--set", "data.amount_minor=5")
    code, out, err = letters(*many, "--dry-run", "--json")
    assert (code, err) == (0, "450 letters: 450 acceptable\n")
    assert {json.loads(line)["code"] for line in out.splitlines()} == {"acceptable"}
    before = len(asyncio.run(read(post.settings, "activity", 8)))
    assert letters(*many)[::2] == (0, "450 letters: 450 taken\n")
    assert letters(*many)[::2] == (0, "no letter matches\n"), "none of them is open"
    assert letters(*many, "--state", "sent")[::2] == (0, "450 letters: 450 taken\n")
    sent = [record for record in asyncio.run(read(post.settings, "activity", 8)) if b'"erp"' in record.value]
    assert len(sent) == len({(record.value, tuple(record.headers)) for record in sent}) * 2 == 900
    assert not [record for record in sent if isinstance(decode(record.value), Refusal)]
    assert len(asyncio.run(read(post.settings, "activity", 8))) == before + 900
    marks = asyncio.run(read(post.settings, "redrives", 1))
    assert sum(json.loads(mark.value)["times"] == 2 for mark in marks) == 450


def test_what_can_t_be_sent_says_what_to_do_and_the_exit_code_is_1(post: Post, letters: Command) -> None:
    code, out, err = letters("send", post.addresses[1], post.addresses[2])
    assert (code, err) == (1, "2 letters: 1 malformed_json, 1 conflict\n")
    assert "--revision next" in out.splitlines()[1]
    code, out, _ = letters("send", post.addresses[2], "--revision", "next")
    assert (code, out) == (0, f"{post.addresses[2]}  crm/eu#W-2 revision 1  taken\n")


def test_a_whole_event_comes_from_a_file(post: Post, letters: Command, tmp_path: Any) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(raw(id="W-9", tenant="acme"))
    code, out, _ = letters("send", post.addresses[1], "--file", str(file))
    assert (code, out) == (0, f"{post.addresses[1]}  crm/eu#W-9  taken\n")


USAGE = [
    (("show", "17"), 'address is "17"; it must be partition-offset'),
    (("list", "--reason", "sloppy"), 'reason is "sloppy"; allowed are'),
    (("list", "--since", "whenever"), 'since is "whenever"'),
    (("send",), "name letters, or give filters, or --all"),
    (("send", "1-0", "--reason", "conflict"), "one of the three"),
    (("send", "--all", "--file", "x"), "name the one letter"),
    (("send", "1-0", "--set", "novalue"), "PATH=VALUE"),
    (("send", "1-0", "--set", "a..b=1"), 'path "a..b" is none'),
    (("send", "1-0", "--merge", "[1]"), "must be a JSON object"),
    (("send", "1-0", "--merge", "{"), "malformed JSON"),
    (("send", "1-0", "--revision", "last"), "revision must be"),
    (("send", "1-0", "--file", "/absent/x"), "can't be read"),
    (("patch", "1-0"), "give a change"),
]


@pytest.mark.parametrize(("arguments", "said"), USAGE, ids=[" ".join(case[0]) for case in USAGE])
def test_an_impossible_wish_is_one_line_and_code_2(letters: Command, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = letters(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.startswith("salespulse: ")
    assert "Traceback" not in err


def test_what_isn_t_there_is_one_line_and_code_1(letters: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert letters("show", "1-999999")[::2] == (1, "salespulse: there is no letter 1-999999\n")
    monkeypatch.setenv("SALESPULSE_TOPIC_PREFIX", "nothing-here-")
    code, _, err = letters("list")
    assert (code, "make them with `salespulse topics`" in err, err.count("\n")) == (1, True, 1)
    monkeypatch.setenv("KAFKA_BROKERS", "127.0.0.1:1")
    code, _, err = letters("list")
    assert (code, "start Kafka or set KAFKA_BROKERS" in err, err.count("\n")) == (1, True, 1)
