"""The demo's self-check: what the API answers against what the spreadsheet says, value by value."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from cli.demo.company import TENANT, instant
from cli.demo.office import MIN_N
from cli.demo.recompute import RECOMPUTED, Key, Plain

REQUEST_LIMIT_S = 30.0
PAUSE_S = 0.5
LETTERS_AT_ONCE = 500


@dataclass
class Outcome:
    """How many values of each KPI were compared, and every difference as a line of text."""

    as_of: str
    compared: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


def check(address: str, expected: Mapping[Key, Plain], *, as_of_ms: int, limit_s: float) -> Outcome:
    """Ask until all is equal, at most ``limit_s`` seconds: the pipeline may still be at work. The last outcome."""
    limit = time.monotonic() + limit_s
    while True:
        try:
            outcome = compare(read_values(address, as_of_ms), expected, as_of=instant(as_of_ms))
        except (urllib.error.URLError, OSError) as exc:
            outcome = Outcome(instant(as_of_ms), differences=[f"the API at {address} does not answer: {exc}"])
        if not outcome.differences or time.monotonic() > limit:
            return outcome
        time.sleep(PAUSE_S)


def read_values(address: str, as_of_ms: int) -> list[dict[str, Any]]:
    """Every value the API has of those that the spreadsheet knows at a moment, closed periods included."""
    url = f"{address}/v1/values?tenant={TENANT}&kpi={','.join(RECOMPUTED)}&as_of={instant(as_of_ms)}"
    with urllib.request.urlopen(url, timeout=REQUEST_LIMIT_S) as answer:
        return [json.loads(line) for line in answer.read().splitlines()]


def count_letters(address: str, *, at_least: int, limit_s: float) -> int:
    """How many dead letters the API has: asked until there are enough, at most ``limit_s`` seconds."""
    limit = time.monotonic() + limit_s
    while (found := _letters(address)) < at_least and time.monotonic() < limit:
        time.sleep(PAUSE_S)
    return found


def _letters(address: str) -> int:
    found, cursor = 0, ""
    while True:
        url = f"{address}/v1/letters?tenant={TENANT}&limit={LETTERS_AT_ONCE}{cursor}"
        with urllib.request.urlopen(url, timeout=REQUEST_LIMIT_S) as answer:
            page = json.loads(answer.read())
        found += len(page["letters"])
        if page["cursor"] is None:
            return found
        cursor = f"&cursor={quote(page['cursor'])}"


def compare(answers: list[dict[str, Any]], expected: Mapping[Key, Plain], *, as_of: str) -> Outcome:
    """Both ways: a value that only one side has is a difference too."""
    outcome = Outcome(as_of)
    missing = dict(expected)
    for answer in answers:
        key = (answer["kpi"], answer["scope"], answer["window"])
        outcome.compared[answer["kpi"]] += 1
        outcome.statuses[answer["status"]] += 1
        plain = missing.pop(key, None)
        facets = None if plain is not None and plain.facets is None else answer["facets"]
        found = Plain(answer["value"], answer["n"], answer["numerator"], answer["denominator"], facets)
        if not _is_complete(answer):
            # Late receipts are part of the story; a value that says it lacks something is not done yet.
            outcome.differences.append(f"{' '.join(key)}: the API says it is {answer['status']}")
        elif plain is None:
            outcome.differences.append(f"{' '.join(key)}: the API has {_short(found)}, the spreadsheet nothing")
        elif found != plain:
            outcome.differences.append(f"{' '.join(key)}: the API has {_short(found)}, the spreadsheet {_short(plain)}")
    outcome.differences += [
        f"{' '.join(key)}: the API has nothing, the spreadsheet {_short(plain)}" for key, plain in missing.items()
    ]
    return outcome


def _is_complete(answer: dict[str, Any]) -> bool:
    return answer["status"] in ("live", "restated") or (answer["status"] == "insufficient" and answer["n"] < MIN_N)


def _short(plain: Plain) -> str:
    parts = f", {plain.numerator} ÷ {plain.denominator}" if plain.denominator is not None else ""
    return f"{plain.value} (n {plain.n}{parts}{', ' + str(plain.facets) if plain.facets else ''})"
