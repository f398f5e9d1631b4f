"""Whatever ticks come one after the other: what is shown is the last one, number by number."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from schemas.kpi import KpiValue
from tests.views.test_exposition import DEFINITIONS, Samples, Ticked, parsed, value
from views.exposition import Exposition
from views.kpi_families import metric_name
from views.tenant_lines import Facts

KPIS = ("revenue", "win_rate", "nps", "activity_count")
NUMBERS = st.one_of(
    st.none(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0, 0.1 + 0.2, 1e-320, -0.0]),
)
PLACES = st.tuples(
    st.sampled_from(KPIS),
    st.sampled_from(["company", "team:n\\\n", 'rep:"R"', "rep:R,{}"]),
    st.sampled_from(["mtd", "7d"]),
)


@st.composite
def ticks(draw: st.DrawFn) -> list[KpiValue]:
    """Values of some places, each once."""
    found = []
    for kpi, scope, window in draw(st.lists(PLACES, unique=True, max_size=8)):
        facets = draw(st.dictionaries(st.sampled_from(["call", "e mail", 'x"y']), st.floats(), max_size=3))
        divides = DEFINITIONS[kpi].divides
        found.append(
            value(
                kpi=kpi,
                scope=scope,
                window=window,
                value=draw(NUMBERS),
                n=draw(st.integers(0, 2**70)),
                numerator=draw(NUMBERS),
                denominator=draw(NUMBERS) if divides else None,
                facets=facets if DEFINITIONS[kpi].facets != "none" else {},
                status=draw(st.sampled_from(["live", "live", "partial", "insufficient"])),
            )
        )
    return found


def expected(values: list[KpiValue]) -> Samples:
    """What a tick says, said plainly."""
    found: Samples = {}
    for each in values:
        kind, _, scope = each.scope.partition(":")
        where = f"scope={scope},scope_kind={kind},window={each.window}"
        base = f"salespulse_kpi_{each.kpi}"
        parts = {metric_name(DEFINITIONS[each.kpi]): each.value, f"{base}_n": each.n}
        if DEFINITIONS[each.kpi].divides:
            parts |= {f"{base}_numerator": each.numerator, f"{base}_denominator": each.denominator}
        for name, number in parts.items():
            if number is not None and math.isfinite(number):
                found[name, where] = float(number)
        for facet, number in each.facets.items():
            if math.isfinite(number):
                found[f"{base}_by_facet", f"facet={facet},{where}"] = float(number)
        if each.status != "live":
            place = f"kpi={each.kpi},scope={scope},scope_kind={kind},status={each.status},window={each.window}"
            found["salespulse_kpi_trust", place] = 1
    return found


@given(st.lists(ticks(), min_size=1, max_size=4))
def test_the_last_tick_is_shown_number_by_number(told: list[list[KpiValue]]) -> None:
    exposition = Exposition(DEFINITIONS)
    for values in told:
        exposition.take(Ticked(values))
        shown = parsed(exposition.render({"acme": Facts()}))
        kept = shown.pop(("salespulse_kpi_series_kept", ""))
        for name in ("kpi_as_of_timestamp_seconds", "kpi_series_dropped", "tick_series", "tick_series_dropped"):
            del shown[f"salespulse_{name}", ""]
        assert {place: float(number) for place, number in shown.items()} == expected(values)
        assert kept == len(shown)
