"""Two offices as a judge would look at them: every value at twenty moments, replay's engine against the reference."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.strategies.comparison import differences
from tests.strategies.event_files import EventFile
from tests.strategies.offices import lines

pytestmark = pytest.mark.takes(25)
SEED, ACCOUNTS = 4, 165
MOMENTS = (
    ("nord", "2023-12-31T23:30:00Z"),
    ("west", "2024-02-27T12:00:00Z"),
    ("nord", "2024-02-28T23:10:30Z"),
    ("west", "2024-02-29T04:59:59Z"),
    ("nord", "2024-02-29T22:59:59Z"),
    ("nord", "2024-02-29T23:00:00Z"),
    ("west", "2024-03-01T04:59:59Z"),
    ("nord", "2024-03-01T12:00:00Z"),
    ("west", "2024-03-05T16:20:00Z"),
    ("west", "2024-03-10T06:59:59Z"),
    ("west", "2024-03-10T07:00:00Z"),
    ("west", "2024-03-11T03:30:00Z"),
    ("nord", "2024-03-12T21:00:00Z"),
    ("west", "2024-03-21T10:00:00Z"),
    ("nord", "2024-03-31T00:59:59Z"),
    ("nord", "2024-03-31T01:00:00Z"),
    ("nord", "2024-03-31T22:05:00Z"),
    ("west", "2024-04-01T12:00:00Z"),
    ("nord", "2024-04-01T19:59:00Z"),
    ("west", "2024-06-10T08:00:00Z"),
)
"""Ends of days and months by either clock, the leap day, the hours around both changes of clocks, and long after."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> EventFile:
    """Both offices' lines, shuffled, each with its receipt."""
    return EventFile(lines(seed=SEED, accounts=ACCOUNTS), tmp_path_factory.mktemp("offices"))


@pytest.mark.parametrize(("tenant", "moment"), MOMENTS)
def test_every_value_of_an_office_is_the_reference_s(file: EventFile, tenant: str, moment: str) -> None:
    as_of_ms = int(dt.datetime.fromisoformat(moment).timestamp() * 1000)
    values = list(file.values(as_of_ms=as_of_ms, tenant=tenant))
    assert not differences(values, file.readings(as_of_ms=as_of_ms, tenant=tenant))
