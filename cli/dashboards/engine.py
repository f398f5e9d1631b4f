"""Whether the engine keeps up, and what stands in its way."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from cli.dashboards.boards import OLD_S, TOO_OLD_S, board
from cli.dashboards.look import BAD, GOOD, NARROW_STRIP, WARN, steps
from cli.dashboards.panels import Panel, Place, Query, lines, rows, tile, words

RUNBOOK = """\
Age and lag near zero: the numbers are now's. Lag that grows: more comes in than is folded. Refused events are in the \
dead letters. docs/operating.md says what to do, docs/metrics.md what each metric means.
"""
LAG = "salespulse:lag_records:sum"
SHOWN = "max(max by (tenant) (salespulse_kpi_as_of_timestamp_seconds))"
JUDGED = "max(max by (tenant) (salespulse_alerts_judged_timestamp_seconds))"


def engine() -> Dashboard:
    """Age, lag, throughput, refusals, sources; of all tenants."""
    return board(
        "engine",
        "Engine health",
        "Whether the numbers are fresh and complete, and what stands in the way.",
        since="now-1h",
        of_tenant=False,
        panels=[
            _ages(Place(0, 0, 12, 6)),
            _answering(Place(12, 0, 12, 6)),
            *_over_time(6),
            _sources(Place(0, 14, 8, 8)),
            _refused(Place(8, 14, 8, 8)),
            _series(Place(16, 14, 8, 8)),
            words("What this says", Place(0, 22, 6, 5), RUNBOOK),
            _over_http(Place(6, 22, 9, 5)),
            _ticks(Place(15, 22, 9, 5)),
        ],
    )


def _over_time(row: int) -> list[Panel]:
    shown = [
        ("Records folded a second", "By stage.", Query("salespulse:records_folded:rate1m", "{{stage}}")),
        (
            "Records not yet folded",
            "By stage and source. Above zero and growing: add workers.",
            Query(LAG, "{{stage}} {{source}}", "short"),
        ),
        (
            "Commit, 99th percentile",
            "From an epoch's snapshot to its commit; near the session timeout a worker is thrown out of its group.",
            Query("salespulse:transaction_seconds:p99", "{{stage}}", "s"),
        ),
    ]
    return [
        lines(title, about, Place(8 * x, row, 8, 8), query, step_s=5) for x, (title, about, query) in enumerate(shown)
    ]


def _ages(place: Place) -> Panel:
    age = "max(time() - salespulse:values_as_of:timestamp_seconds)"
    return tile(
        "Freshness",
        "The age of the oldest tenant's numbers; records that wait to be folded; sources that should have been heard.",
        place,
        Query(age, "age", ("s", 0), steps(GOOD, (OLD_S, WARN), (TOO_OLD_S, BAD))),
        Query(f"sum({LAG})", "records waiting", ("short", 0), steps(GOOD, (1_000, WARN), (10_000, BAD))),
        Query(
            f"sum(max by (tenant, source) (salespulse_source_silent)) or 0 * {SHOWN}",
            "silent sources",
            "none",
            steps(GOOD, (1, BAD)),
        ),
        sizes=NARROW_STRIP,
        across=True,
    )


def _answering(place: Place) -> Panel:
    up = 'sum by (job) (up{job=~"salespulse-.*"})'
    short = f'label_replace({up}, "part", "$1", "job", "salespulse-(.*)")'
    stale = "max(salespulse_gateway_stale_bool)"
    return tile(
        "Who answers",
        "How many of each part answer Prometheus, and whether the gateway serves its values as stale.",
        place,
        Query(short, "{{part}}", "none", steps(BAD, (1, GOOD))),
        Query(stale, "served as stale", "none", steps(GOOD, (1, BAD))),
        sizes=NARROW_STRIP,
        across=True,
    )


def _sources(place: Place) -> Panel:
    heard = "time() - max by (tenant, source) (salespulse_source_last_heard_timestamp_seconds)"
    silent = "max by (tenant, source) (salespulse_source_silent)"
    return rows(
        "Publishing sources",
        "When each was last heard; silent ones make the numbers that they feed partial.",
        place,
        {"source": "Source", "tenant": "Tenant"},
        Query(heard, "Heard before", ("s", 0)),
        Query(silent, "Silent", "none", steps(GOOD, (1, BAD))),
    )


def _refused(place: Place) -> Panel:
    return rows(
        "Refused events, ever",
        "By publishing source, from the committed state: `salespulse letters list --source …` shows them.",
        place,
        {"source": "Source", "tenant": "Tenant"},
        Query("salespulse:refused_records:sum", "Refused", "locale", steps(GOOD, (1, WARN))),
    )


def _series(place: Place) -> Panel:
    return rows(
        "KPI series in Prometheus",
        "Kept, and left out because a tenant has more than it may have; the API has them all.",
        place,
        {"tenant": "Tenant"},
        Query("max by (tenant) (salespulse_kpi_series_kept)", "Kept", "locale"),
        Query("max by (tenant) (salespulse_kpi_series_dropped)", "Left out", "locale", steps(GOOD, (1, WARN))),
    )


def _over_http(place: Place) -> Panel:
    slowest = "histogram_quantile(0.99, sum by (le) (rate(salespulse_gateway_publish_seconds_bucket[5m]))) >= 0"
    return tile(
        "Gateway",
        "Pages open; frames that slow pages never got; time to answer a publisher, 99th percentile of five minutes.",
        place,
        Query("sum(salespulse_gateway_streams_open)", "pages open", "none"),
        Query("sum(salespulse_gateway_frames_dropped_total)", "frames dropped", "none", steps(GOOD, (1, WARN))),
        Query(slowest, "publish, p99", ("s", 0)),
        sizes=NARROW_STRIP,
        across=True,
    )


def _ticks(place: Place) -> Panel:
    slowest = "histogram_quantile(0.99, sum by (le) (rate(salespulse_tick_seconds_bucket[5m]))) >= 0"
    return tile(
        "Ticks and alerts",
        "Time to evaluate what a tenant publishes, 99th percentile of five minutes; changed values written to the "
        "topic of KPIs; alerts that stand.",
        place,
        Query(slowest, "tick, p99", ("s", 0)),
        Query("sum(rate(salespulse_kpis_published_total[1m]))", "published/s", ("short", 1)),
        Query(
            f"sum(max by (tenant, alert, severity, state) (salespulse_alerts_open)) or 0 * {JUDGED}",
            "open alerts",
            "none",
            steps(GOOD, (1, WARN)),
        ),
        sizes=NARROW_STRIP,
        across=True,
    )
