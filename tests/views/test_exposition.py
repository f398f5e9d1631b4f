"""What Prometheus reads: valid names, escaped labels, exact numbers, bounded series."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from prometheus_client.parser import text_string_to_metric_families

from config.catalogue import load_definitions
from schemas.kpi import KpiValue
from stream.catalogue.catalogue import Catalogue
from views.exposition import Exposition
from views.kpi_families import metric_name
from views.tenant_lines import Facts

DEFINITIONS = Catalogue(load_definitions()).definitions
AS_OF_MS = 1_795_343_160_123
WHERE = "scope=R-4,scope_kind=rep,window=mtd"
BASE = "salespulse_kpi_touches_per_won_deal"
Samples = dict[tuple[str, str], float]


def value(**changes: object) -> KpiValue:
    """A ratio, with what the test changes."""
    made: dict[str, object] = {
        "kpi": "touches_per_won_deal",
        "scope": "rep:R-4",
        "window": "mtd",
        "as_of": "2026-11-22T10:26:00Z",
        "value": 2.5,
        "unit": "touches/deal",
        "n": 2,
        "numerator": 5,
        "denominator": 2,
        "facets": {"call": 1.5, "email": 1},
        "status": "live",
        "restated_at": None,
        "definition": 1,
    }
    return KpiValue(**(made | changes))  # type: ignore[arg-type]  # by name, of any type


@dataclass
class Ticked:
    """A tick, as the exposition wants one."""

    values: list[KpiValue]
    tenant: str = "acme"
    as_of_ms: int = AS_OF_MS
    dropped: int = 0
    series: int = field(init=False)

    def __post_init__(self) -> None:
        self.series = len(self.values) + self.dropped


def parsed(text: bytes, tenant: str = "acme") -> Samples:
    """(name, labels but tenant) → number of everything rendered, all of it of one tenant."""
    found: Samples = {}
    for family in text_string_to_metric_families(text.decode()):
        assert family.documentation
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("tenant") == tenant
            place = sample.name, ",".join(f"{k}={v}" for k, v in sorted(labels.items()))
            assert place not in found, "one series, one line"
            found[place] = sample.value
    return found


def samples(*values: KpiValue, tenant: str = "acme", facts: Facts | None = None) -> Samples:
    """What a tick of those values becomes."""
    exposition = Exposition(DEFINITIONS)
    exposition.take(Ticked(list(values), tenant))
    return parsed(exposition.render({tenant: facts or Facts()}), tenant)


def test_a_ratio_comes_with_its_parts_and_facets() -> None:
    assert samples(value()) == {
        (BASE, WHERE): 2.5,
        (f"{BASE}_n", WHERE): 2,
        (f"{BASE}_numerator", WHERE): 5,
        (f"{BASE}_denominator", WHERE): 2,
        (f"{BASE}_by_facet", f"facet=call,{WHERE}"): 1.5,
        (f"{BASE}_by_facet", f"facet=email,{WHERE}"): 1,
        ("salespulse_kpi_as_of_timestamp_seconds", ""): 1_795_343_160.123,
        ("salespulse_kpi_series_kept", ""): 6,
        ("salespulse_kpi_series_dropped", ""): 0,
        ("salespulse_tick_series", ""): 1,
        ("salespulse_tick_series_dropped", ""): 0,
    }


def test_money_says_its_unit_and_stays_exact() -> None:
    exposition = Exposition(DEFINITIONS)
    revenue = value(kpi="revenue", unit="money", value=2**53 - 1, denominator=None, facets={}, scope="company")
    exposition.take(Ticked([revenue]))
    line = b'salespulse_kpi_revenue_minor{tenant="acme",scope_kind="company",scope="",window="mtd"} 9007199254740991\n'
    assert line in exposition.render({"acme": Facts()})


def test_a_sum_beyond_64_bits_is_a_number_like_any_other() -> None:
    huge = value(kpi="revenue", unit="money", value=2 * (2**63 - 1), denominator=None, facets={})
    assert samples(huge)["salespulse_kpi_revenue_minor", WHERE] == 2 * (2**63 - 1)


@pytest.mark.parametrize("absent", [None, float("nan"), float("inf")])
def test_what_is_no_number_has_no_series(absent: float | None) -> None:
    found = samples(value(value=absent), value(window="30d"), value(window="90d", value=absent, n=2**70))
    assert [place for name, place in found if name == BASE] == ["scope=R-4,scope_kind=rep,window=30d"]
    assert found[f"{BASE}_denominator", WHERE] == 2


def test_a_value_that_is_not_live_says_so_even_if_it_is_absent() -> None:
    found = samples(value(value=None, status="suppressed"), value(window="30d", status="partial"), value(window="90d"))
    assert {place for name, place in found if name == "salespulse_kpi_trust"} == {
        "kpi=touches_per_won_deal,scope=R-4,scope_kind=rep,status=suppressed,window=mtd",
        "kpi=touches_per_won_deal,scope=R-4,scope_kind=rep,status=partial,window=30d",
    }


def test_labels_are_escaped() -> None:
    found = samples(value(scope='rep:a"b\\c\nd', facets={}), tenant='x"y')
    assert any('scope=a"b\\c\nd' in labels for _, labels in found)


def test_what_is_new_appears_and_what_is_gone_goes() -> None:
    exposition = Exposition(DEFINITIONS)
    shown = []
    for values in (
        [value(), value(window="30d", value=7)],
        [value(value=3, facets={"call": 2, "sms": 1}), value(window="90d", value=9)],
        [],
        [value(value=4)],
    ):
        exposition.take(Ticked(values))
        found = parsed(exposition.render({"acme": Facts()}))
        shown.append({place: number for (name, place), number in found.items() if name == BASE})
        facets = {place.partition(",")[0] for name, place in found if name.endswith("_by_facet")}
        assert facets == {f"facet={name}" for each in values for name in each.facets}
    place = "scope=R-4,scope_kind=rep,window="
    assert shown == [
        {f"{place}mtd": 2.5, f"{place}30d": 7},
        {f"{place}mtd": 3, f"{place}90d": 9},
        {},
        {f"{place}mtd": 4},
    ]


def test_only_tenants_that_are_owned_are_shown() -> None:
    exposition = Exposition(DEFINITIONS)
    exposition.take(Ticked([value()], "acme"))
    exposition.take(Ticked([value(value=7)], "globex"))
    text = exposition.render({"acme": Facts(), "globex": Facts()}).decode()
    assert text.count("# TYPE salespulse_kpi_touches_per_won_deal gauge") == 1
    assert parsed(exposition.render({"globex": Facts()}), "globex")[BASE, WHERE] == 7
    exposition.release("globex")
    assert exposition.render({"globex": Facts()}) == b""


def test_facts_go_with_the_values() -> None:
    facts = Facts(
        reps=[("R-4", 'Ann "A"', "north", "M-1")],
        currency=("EUR", 100),
        sources=[('crm/"eu"', 1_795_343_100_042, True), ("voice", 1_795_343_100_042, False)],
        counted={"touches": ([("R-4", "call")], [3], [1])},
    )
    found = samples(facts=facts)
    assert found["salespulse_rep_info", 'manager=M-1,name=Ann "A",rep=R-4,team=north'] == 1
    assert found["salespulse_currency_minor_units", "currency=EUR"] == 100
    assert found["salespulse_source_last_heard_timestamp_seconds", 'source=crm/"eu"'] == 1_795_343_100.042
    assert (
        found["salespulse_source_silent", 'source=crm/"eu"'],
        found["salespulse_source_silent", "source=voice"],
    ) == (
        1,
        0,
    )
    assert found["salespulse_touches_total", "kind=call,rep=R-4"] == 3
    assert found["salespulse_touches_withdrawn_total", "kind=call,rep=R-4"] == 1


def test_kpis_have_their_unit_last() -> None:
    names = {slug: metric_name(definition) for slug, definition in DEFINITIONS.items()}
    assert names["revenue"] == "salespulse_kpi_revenue_minor"
    assert names["deals_won"] == "salespulse_kpi_deals_won"
    assert names["average_deal_size"] == "salespulse_kpi_average_deal_size_minor"
    assert names["win_rate"] == "salespulse_kpi_win_rate_ratio"
    assert names["activity_count"] == "salespulse_kpi_activity_count_touches"
