"""What Prometheus reads: valid names, escaped labels, bounded series."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from config.catalogue import load_definitions
from schemas.kpi import KpiValue
from stream.catalogue.catalogue import Catalogue
from views import exposition as module
from views.exposition import Exposition, render

CATALOGUE = Catalogue(load_definitions())


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
    return KpiValue(**(made | changes))  # type: ignore[arg-type]


def samples(*values: KpiValue, tenant: str = "acme") -> dict[tuple[str, str], float]:
    """(name, labels but tenant) → number of everything rendered."""
    exposition = Exposition(CATALOGUE.definitions, 1_795_343_160_123)
    for each in values:
        exposition.add(tenant, each)
    found = {}
    for family in text_string_to_metric_families(exposition.render().decode()):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("tenant") == tenant
            found[sample.name, ",".join(f"{k}={v}" for k, v in sorted(labels.items()))] = sample.value
    return found


def test_a_ratio_comes_with_its_parts_and_facets() -> None:
    where = "scope=R-4,scope_kind=rep,window=mtd"
    base = "salespulse_kpi_touches_per_won_deal"
    assert samples(value()) == {
        (base, where): 2.5,
        (f"{base}_n", where): 2,
        (f"{base}_numerator", where): 5,
        (f"{base}_denominator", where): 2,
        (f"{base}_by_facet", f"facet=call,{where}"): 1.5,
        (f"{base}_by_facet", f"facet=email,{where}"): 1,
        ("salespulse_kpi_as_of_timestamp_seconds", ""): 1_795_343_160.123,
        ("salespulse_kpi_series_kept", ""): 6,
        ("salespulse_kpi_series_dropped", ""): 0,
    }


def test_money_says_its_unit_and_stays_exact() -> None:
    revenue = value(kpi="revenue", unit="money", value=2**53 - 1, denominator=None, facets={}, scope="company")
    text = Exposition(CATALOGUE.definitions, 0)
    text.add("acme", revenue)
    line = b'salespulse_kpi_revenue_minor{tenant="acme",scope_kind="company",scope="",window="mtd"} 9007199254740991\n'
    assert line in text.render()


def test_a_value_that_is_none_has_no_series() -> None:
    names = {name for name, _ in samples(value(value=None, numerator=0, denominator=0, facets={}))}
    assert "salespulse_kpi_touches_per_won_deal" not in names
    assert "salespulse_kpi_touches_per_won_deal_denominator" in names


def test_labels_are_escaped() -> None:
    found = samples(value(scope='rep:a"b\\c\nd', facets={}), tenant='x"y')
    assert any('scope=a"b\\c\nd' in labels for _, labels in found)


def test_a_tenant_is_bounded_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SERIES_MAX", 13)
    found = samples(*(value(scope=f"rep:{n}") for n in range(4)))
    assert found["salespulse_kpi_series_kept", ""] == 12
    assert found["salespulse_kpi_series_dropped", ""] == 12


def test_render_reads_what_each_definition_publishes() -> None:
    asked: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []

    def read(
        board: str, catalogue: Catalogue, /, *, as_of_ms: int, kpis: tuple[str, ...], windows: tuple[str, ...]
    ) -> list[KpiValue]:
        asked.append((board, kpis, windows))
        return []

    assert render({"acme": "board"}, CATALOGUE, 0, read=read) == b""
    assert asked == [("board", (slug,), d.publish_windows) for slug, d in CATALOGUE.definitions.items()]


def test_kpis_have_their_unit_last() -> None:
    names = {slug: module.metric_name(definition) for slug, definition in CATALOGUE.definitions.items()}
    assert names["revenue"] == "salespulse_kpi_revenue_minor"
    assert names["deals_won"] == "salespulse_kpi_deals_won"
    money_per_deal = CATALOGUE.definitions["revenue"].model_copy(update={"slug": "size", "unit": "money/deal"})
    assert module.metric_name(money_per_deal) == "salespulse_kpi_size_minor"
    share = CATALOGUE.definitions["deals_won"].model_copy(update={"slug": "won", "unit": "ratio"})
    assert module.metric_name(share) == "salespulse_kpi_won_ratio"


def test_a_sum_beyond_64_bits_is_a_number_like_any_other() -> None:
    huge = value(kpi="revenue", unit="money", value=2 * (2**63 - 1), denominator=None, facets={})
    where = "scope=R-4,scope_kind=rep,window=mtd"
    assert samples(huge)["salespulse_kpi_revenue_minor", where] == 2 * (2**63 - 1)


def test_sources_are_timestamps_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SOURCES_MAX", 1)
    exposition = Exposition(CATALOGUE.definitions, 1_795_343_160_123)
    exposition.add_source("acme", 'crm/"eu"', 1_795_343_100_042, is_silent=True)
    exposition.add_source("acme", "voice", 1_795_343_100_042, is_silent=False)
    families = {family.name: family for family in text_string_to_metric_families(exposition.render().decode())}
    (heard,) = families["salespulse_source_last_heard_timestamp_seconds"].samples
    (silent,) = families["salespulse_source_silent"].samples
    assert heard.labels == silent.labels == {"tenant": "acme", "source": 'crm/"eu"'}
    assert (heard.value, silent.value) == (1_795_343_100.042, 1)
