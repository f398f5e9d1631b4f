"""What a BOARD worker shows of each tenant it owns, beside the KPIs."""

from __future__ import annotations

from views.families import Family

SOURCES_MAX = 1_000
"""A tenant's publishing sources beyond this many are left out; GET /v1/sources has them all."""
REPS_MAX = 5_000
"""A tenant's reps beyond this many are left out of `salespulse_rep_info`."""

_REPS = "reps; those beyond 5,000 of a tenant count as _other"

AS_OF = Family(
    "salespulse_kpi_as_of_timestamp_seconds",
    "gauge",
    "seconds",
    ("tenant",),
    "The moment the KPI values stand for.",
    "tenants",
)
SERIES_KEPT = Family(
    "salespulse_kpi_series_kept", "gauge", "series", ("tenant",), "KPI series in this exposition.", "tenants"
)
SERIES_DROPPED = Family(
    "salespulse_kpi_series_dropped",
    "gauge",
    "series",
    ("tenant",),
    "KPI series left out because a tenant has too many; they are in the scope _other together. Publish fewer windows "
    "or scopes.",
    "tenants",
)
TICK_SERIES = Family(
    "salespulse_tick_series",
    "gauge",
    "values",
    ("tenant",),
    "Values (a KPI, a scope and a window each) that the last tick of a tenant might have published.",
    "tenants",
)
TICK_DROPPED = Family(
    "salespulse_tick_series_dropped",
    "gauge",
    "values",
    ("tenant",),
    "Values that the last tick left out because a tenant has more than SALESPULSE_PUBLISHED_SERIES_MAX. Publish fewer "
    "windows or scopes.",
    "tenants",
)
TRUST = Family(
    "salespulse_kpi_trust",
    "gauge",
    "1",
    ("tenant", "kpi", "scope_kind", "scope", "window", "status"),
    "1 for each value, also for one that is absent, whose status isn't live: partial, suppressed, insufficient, "
    "maturing, restated or out_of_history.",
    "the values",
)
REP_INFO = Family(
    "salespulse_rep_info",
    "gauge",
    "1",
    ("tenant", "rep", "name", "team", "manager"),
    "1 for each active rep of the roster, to be joined with group_left.",
    f"{REPS_MAX:,} reps of a tenant",
)
CURRENCY = Family(
    "salespulse_currency_minor_units",
    "gauge",
    "minor units",
    ("tenant", "currency"),
    "How many minor units the base currency has: money divided by it is in major units.",
    "tenants",
)
SOURCE_HEARD = Family(
    "salespulse_source_last_heard_timestamp_seconds",
    "gauge",
    "seconds",
    ("tenant", "source"),
    "When a publishing source was heard.",
    f"{SOURCES_MAX:,} sources of a tenant",
)
SOURCE_SILENT = Family(
    "salespulse_source_silent",
    "gauge",
    "1",
    ("tenant", "source"),
    "1 if a publishing source should have been heard since, else 0; what it feeds is partial. See /v1/sources.",
    f"{SOURCES_MAX:,} sources of a tenant",
)
WON = Family(
    "salespulse_deals_won_total",
    "counter",
    "deals",
    ("tenant", "rep"),
    "Deals won, as they became known; corrections that take one back are in …_withdrawn_total.",
    _REPS,
)
WON_WITHDRAWN = Family(
    "salespulse_deals_won_withdrawn_total",
    "counter",
    "deals",
    ("tenant", "rep"),
    "Won deals taken back: voided, reopened, given to another rep.",
    _REPS,
)
REVENUE = Family(
    "salespulse_revenue_minor_total",
    "counter",
    "minor units",
    ("tenant", "rep", "currency"),
    "Revenue as it became known, in minor units of its own currency.",
    _REPS,
)
REVENUE_WITHDRAWN = Family(
    "salespulse_revenue_withdrawn_minor_total",
    "counter",
    "minor units",
    ("tenant", "rep", "currency"),
    "Revenue taken back: refunded, voided, reopened, corrected.",
    _REPS,
)
TOUCHES = Family(
    "salespulse_touches_total", "counter", "touches", ("tenant", "rep", "kind"), "Touches as they became known.", _REPS
)
TOUCHES_WITHDRAWN = Family(
    "salespulse_touches_withdrawn_total",
    "counter",
    "touches",
    ("tenant", "rep", "kind"),
    "Touches taken back: voided, or corrected to another kind or rep.",
    _REPS,
)

COUNTED = {
    "deals_won": (WON, WON_WITHDRAWN),
    "revenue": (REVENUE, REVENUE_WITHDRAWN),
    "touches": (TOUCHES, TOUCHES_WITHDRAWN),
}
"""The measures that are counted, and what their gains and losses are called."""
TENANTS = (
    *(
        AS_OF,
        SERIES_KEPT,
        SERIES_DROPPED,
        TICK_SERIES,
        TICK_DROPPED,
        TRUST,
        REP_INFO,
        CURRENCY,
        SOURCE_HEARD,
        SOURCE_SILENT,
    ),
    *(family for pair in COUNTED.values() for family in pair),
)
"""Of a BOARD worker for each tenant it owns."""
