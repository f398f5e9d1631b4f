"""Parameters become a selection, or a refusal that says what is allowed."""

import pytest

from gateway.query import BadQuery, Selection, parse
from schemas.limits import TIME_MAX_MS, TIME_MIN_MS


def test_nothing_asked_for_is_everything() -> None:
    assert parse([]) == Selection(None, None, None, None, None)


def test_filters_may_be_repeated_and_joined_by_commas() -> None:
    selection = parse([("kpi", "revenue,nps"), ("kpi", "deals_won"), ("window", "today")])
    assert selection.kpis == ("revenue", "nps", "deals_won")
    assert selection.windows == ("today",)


def test_a_comma_in_a_scope_s_id_stays() -> None:
    selection = parse([("scope", "rep:Smith, John,company,team:A,B,source:x")])
    assert selection.scopes == ("rep:Smith, John", "company", "team:A,B", "source:x")


def test_all_three_named_are_combinations() -> None:
    selection = parse([("kpi", "b,a"), ("scope", "company"), ("window", "all,7d")])
    assert selection.combinations() == [
        ("a", "company", "7d"),
        ("a", "company", "all"),
        ("b", "company", "7d"),
        ("b", "company", "all"),
    ]
    assert parse([("kpi", "a"), ("scope", "company")]).combinations() is None


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T10:15:00Z", "2026-11-22T11:15:00+01:00", "2026-11-22T11:15:00 01:00", "2026-11-22t10:15:00.000z"],
)
def test_as_of_is_an_instant(text: str) -> None:
    assert parse([("as_of", text)]).as_of_ms == 1_795_342_500_000


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1900-01-01T00:00:00Z", TIME_MIN_MS),
        ("1969-12-31T23:59:59Z", -1_000),
        ("2999-12-31T23:59:59.999Z", TIME_MAX_MS - 1),
    ],
)
def test_as_of_may_be_any_moment_that_an_event_may_have(text: str, at_ms: int) -> None:
    assert parse([("as_of", text)]).as_of_ms == at_ms


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ([("kpis", "revenue")], 'parameter "kpis" is unknown; allowed are kpi, scope, window, as_of, tenant'),
        ([("kpi", "")], "kpi is empty"),
        ([("kpi", "a,,b")], "kpi is empty"),
        ([("as_of", "yesterday")], 'as_of is "yesterday"; it must be an RFC 3339 instant'),
        ([("as_of", "2026-11-22T10:15:00")], "RFC 3339 instant with offset"),
        ([("as_of", "1899-12-31T23:59:59Z")], "with offset, 1900 to 2999"),
        ([("as_of", "3000-01-01T00:00:00Z")], "with offset, 1900 to 2999"),
        ([("as_of", "2026-11-22T10:15:00Z")] * 2, "as_of is given 2 times"),
        ([("tenant", "")], "tenant is empty"),
    ],
)
def test_a_bad_parameter_says_what_is_allowed(parameters: list[tuple[str, str]], complaint: str) -> None:
    with pytest.raises(BadQuery, match=complaint.replace("(", r"\(")):
        parse(parameters)
