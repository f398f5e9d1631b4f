"""The pure engine over files: values on standard output, bad lines on standard error."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.main import run

DAY = "2026-11-22"


def event(kind: str, identity: str, at: str, data: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": identity,
        "source": "crm/test",
        "type": f"sales.{kind}",
        "time": at if "T" in at else f"{DAY}T{at}Z",
        "subject": "A-17",
        "data": data,
    } | attributes


def picture() -> list[dict[str, Any]]:
    """A call, a win, and an e-mail before the win that arrives after it."""
    return [
        event("touch.logged", "t1", "10:00:00", {"rep": "R-4", "deal": "D-9", "kind": "call"}),
        event("deal.won", "w1", "10:20:00", {"deal": "D-9", "rep": "R-4", "amount_minor": 120_000, "currency": "EUR"}),
        event("touch.logged", "t2", "10:10:00", {"rep": "R-4", "deal": "D-9", "kind": "email"}),
    ]


def lines_of(events: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in events)


@pytest.fixture
def replay(tmp_path: Path, capsysbinary: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function from texts of files and options to (exit code, values, standard error)."""

    def replayed(*texts: str, options: tuple[str, ...] = ()) -> tuple[int, list[dict[str, Any]], str]:
        names = []
        for number, text in enumerate(texts):
            names.append(tmp_path / f"{number}.ndjson")
            names[-1].write_text(text)
        monkeypatch.setattr(sys, "argv", ["salespulse", "replay", *map(str, names), *options])
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsysbinary.readouterr()
        return int(ended.value.code or 0), [json.loads(line) for line in out.splitlines()], err.decode()

    return replayed


def test_the_issues_example_comes_out_to_the_letter(replay: Any) -> None:
    options = (
        "--kpi",
        "touches_per_won_deal",
        "--scope",
        "rep:R-4",
        "--window",
        "today",
        "--as-of",
        f"{DAY}T10:25:59Z",
    )
    code, (value,), err = replay(lines_of(picture()), options=options)
    assert (code, err) == (0, "")
    assert value == {
        "kpi": "touches_per_won_deal",
        "scope": "rep:R-4",
        "window": "today",
        "as_of": "2026-11-22T10:26:00Z",
        "value": 2,
        "unit": "touches/deal",
        "n": 1,
        "numerator": 2,
        "denominator": 1,
        "facets": {"call": 1, "email": 1},
        "status": "live",
        "restated_at": None,
        "definition": 1,
    }


def test_without_filters_everything_with_data_is_printed_sorted(replay: Any) -> None:
    _, values, _ = replay(lines_of(picture()))
    rows = [(value["kpi"], value["scope"], value["window"]) for value in values]
    assert rows == sorted(rows)
    assert {value["as_of"] for value in values} == {"2026-11-22T10:21:00Z"}
    spoken_of = {"deals_won", "revenue", "touches_per_won_deal", "average_deal_size", "activity_count", "win_rate"}
    assert {kpi for kpi, _, _ in rows} == spoken_of | {"acquisition_rate", "cycle_length", "leaderboard"}
    assert all(value["n"] > 0 or value["numerator"] for value in values)


def test_partitions_order_and_files_change_no_value(replay: Any) -> None:
    events = [one | {"subject": f"A-{n}"} for n in range(20) for one in picture()]
    _, expected, _ = replay(lines_of(events))
    assert replay(lines_of(events), options=("--partitions", "3"))[1] == expected
    assert replay(lines_of(events[30:][::-1]), lines_of(events[:30] + events[:7]))[1] == expected
    windows_text = "\ufeff" + lines_of(events).replace("\n", "\r\n")
    assert replay(windows_text) == (0, expected, "")


def test_standard_input_is_a_file_too(replay: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(lines_of(picture()).encode()))))
    code, values, _ = replay(options=("-", "--kpi", "revenue", "--scope", "company", "--window", "all"))
    assert (code, [value["value"] for value in values]) == (0, [120_000])


def test_bad_lines_are_named_with_their_verdict_and_the_rest_counts(replay: Any) -> None:
    won = picture()[1]
    bad = [
        won | {"data": won["data"] | {"amount_minor": 5}},
        won | {"id": "w2", "data": won["data"] | {"amount_minor": -5}},
        event("touch.logged", "t9", "10:00:00", {"rep": "R", "kind": "call"}, receivedat="2027-02-01T00:00:00Z"),
        event("touch.logged", "t8", "2999-01-01T00:00:00Z", {"rep": "R", "kind": "call"}),
        event("weather.changed", "x", "10:00:00", {}),
    ]
    text = lines_of([won]) + "{\n\n" + lines_of(bad) + lines_of([won, won | {"revision": 1, "voided": True}])
    code, values, err = replay(text, options=("--kpi", "revenue", "--scope", "company", "--window", "all"))
    found = [(line.split(":")[1], line.split(": ")[1]) for line in err.splitlines()]
    assert found == [
        ("2", "malformed_json"),
        ("4", "conflict"),
        ("5", "invalid_data"),
        ("6", "too_old"),
        ("7", "too_far_ahead"),
        ("8", "unknown_type"),
    ]
    assert code == 0
    assert [value["value"] for value in values] == [0]


def test_a_file_is_history_however_old_and_never_restated(replay: Any) -> None:
    old = [one | {"subject": "A-1", "time": one["time"].replace("2026", "2019")} for one in picture()]
    _, values, err = replay(lines_of(old + picture()), options=("--kpi", "deals_won", "--scope", "company"))
    assert err == ""
    assert {value["status"] for value in values} == {"live"}
    assert {value["window"]: value["value"] for value in values}["year:2019"] == 1


def test_a_receipt_of_its_own_makes_a_late_line_restate(replay: Any) -> None:
    first, won, late = (one | {"receivedat": one["time"]} for one in picture())
    late["receivedat"] = f"{DAY}T12:25:00Z"
    options = ("--kpi", "touches_per_won_deal", "--scope", "rep:R-4", "--window", "today")
    (value,) = replay(lines_of([first, won, late]), options=options)[1]
    assert (value["value"], value["status"], value["restated_at"]) == (2, "restated", f"{DAY}T12:25:00Z")


def test_organisation_lines_set_zone_and_team_and_tenants_are_told_apart(replay: Any) -> None:
    office = {"subject": "office", "tenant": "acme"}
    ours = [one | {"tenant": "acme"} for one in picture()]
    roster = event("roster.changed", "r1", "2026-01-01T00:00:00Z", {"rep": "R-4", "team": "north"}, **office)
    options = ("--kpi", "deals_won", "--window", "today")
    _, values, _ = replay(lines_of([*ours, roster]), options=options)
    assert [value["scope"] for value in values] == ["company", "rep:R-4", "source:_none", "team:north"]
    _, both, _ = replay(lines_of([*ours, roster, *picture()]), options=options)
    assert [value["tenant"] for value in both] == ["acme"] * 4 + ["default"] * 4
    assert replay(lines_of([*ours, roster, *picture()]), options=(*options, "--tenant", "acme"))[1] == values


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--kpi", "sales"), "kpi 'sales' is not known; allowed: acquisition_rate"),
        (("--window", "8d"), "window '8d' is not known; allowed: 15m"),
        (("--scope", "desk:1"), "scope 'desk:1' is not known"),
        (("--as-of", "yesterday"), 'as_of is "yesterday"; it must be an RFC 3339 instant'),
        (("absent.ndjson",), "absent.ndjson: can't be read"),
    ],
)
def test_wrong_options_end_with_one_line_and_code_2(replay: Any, options: tuple[str, ...], said: str) -> None:
    code, values, err = replay(lines_of(picture()), options=options)
    assert (code, values) == (2, [])
    assert said in err
    assert len(err.splitlines()) == 1


def test_as_of_may_lie_before_1970(replay: Any) -> None:
    win = {"deal": "D-9", "amount_minor": 100, "currency": "EUR"}
    events = [
        event("deal.won", "w1", "1950-03-04T10:00:00Z", win),
        event("deal.won", "w2", "1951-03-04T10:00:00Z", win),
    ]
    asked = ("--kpi", "deals_won", "--scope", "company", "--window", "90d", "--as-of", "1950-05-10T00:00:00Z")
    code, values, err = replay(lines_of(events), options=asked)
    assert (code, err, [value["value"] for value in values]) == (0, "", [1])
