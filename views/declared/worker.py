"""What a worker counts about itself."""

from __future__ import annotations

from views.families import Family

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

STAGE, PLACED = ("stage",), ("stage", "source", "partition")
_PUBLISHERS = "publishing sources: 200 in a partition, then one called other"

RECORDS_FOLDED = Family(
    "salespulse_records_folded_total",
    "counter",
    "records",
    STAGE,
    "Records folded and committed. Rising: the worker folds. Flat while lag is above zero: look at its log.",
)
EPOCHS = Family("salespulse_epochs_total", "counter", "epochs", STAGE, "Epochs committed, one transaction each.")
TRANSACTIONS = Family(
    "salespulse_transaction_seconds",
    "histogram",
    "seconds",
    STAGE,
    "From snapshot to commit. The 99th percentile near the session timeout: too many partitions for the broker, or too "
    "short epochs.",
    buckets=SECONDS,
)
RESTORES = Family("salespulse_restores_total", "counter", "slots", STAGE, "Slots taken over.")
RESTORED_ROWS = Family("salespulse_restored_rows_total", "counter", "rows", STAGE, "State rows read while taking over.")
REFOLDED_RECORDS = Family(
    "salespulse_refolded_records_total", "counter", "records", STAGE, "Records folded again while taking over."
)
RESTORE_SECONDS = Family(
    "salespulse_restore_seconds", "histogram", "seconds", STAGE, "From assignment to folding.", buckets=SECONDS
)
LAG = Family(
    "salespulse_lag_records",
    "gauge",
    "records",
    PLACED,
    "Committed records of a source not yet folded, in the partitions owned here. Above zero and rising: add workers up "
    "to the number of partitions.",
    "partitions",
)
VERDICTS = Family(
    "salespulse_verdict_records",
    "gauge",
    "records",
    ("stage", "tenant", "source", "verdict"),
    "Records by verdict and publishing source since the beginning of the log, in the partitions owned here. Many "
    "refusals of one source: its publisher is broken; the dead letters say how. A gauge, because the counts come out "
    "of the committed state and go to another worker with their partition.",
    _PUBLISHERS,
)
IGNORED_FIELDS = Family(
    "salespulse_ignored_fields",
    "gauge",
    "events",
    ("stage", "tenant", "source", "field"),
    "Valid events with a field that nobody knows, by publishing source, in the partitions owned here. A name that "
    "rises after a release of a publisher: a field it sends that the contract doesn't have yet.",
    "500 fields in a partition",
)

WORKER = (
    *(RECORDS_FOLDED, EPOCHS, TRANSACTIONS, RESTORES, RESTORED_ROWS, REFOLDED_RECORDS, RESTORE_SECONDS, LAG),
    *(VERDICTS, IGNORED_FIELDS),
)
"""Of every worker."""

# -- BOARD: ticks, publication, alerts

TICK_SECONDS = Family(
    "salespulse_tick_seconds",
    "histogram",
    "seconds",
    (),
    "What evaluating a tenant's published values took. Near a second and more: too many reps, teams and windows are "
    "published for one process.",
    buckets=SECONDS,
)
KPIS_PUBLISHED = Family(
    "salespulse_kpis_published_total", "counter", "records", (), "Changed values written to the topic of KPIs."
)
REDIS_WRITTEN = Family(
    "salespulse_redis_written_timestamp_seconds",
    "gauge",
    "seconds",
    (),
    "When Redis last took what there was to write, or nothing was left to be written. Absent without Redis. Old: Redis "
    "is away or refuses; values there are old and say so.",
)
REDIS_FAILURES = Family(
    "salespulse_redis_failures_total",
    "counter",
    "writes",
    (),
    "Writes that Redis did not take; they are tried again. Rising: look at the worker's log and at Redis.",
)
ALERTS_OPEN = Family(
    "salespulse_alerts_open",
    "gauge",
    "alerts",
    ("tenant", "alert", "severity", "state"),
    "Open alerts of the engine, in the partitions owned here; state is firing, acknowledged or snoozed.",
    "rules × severities × states",
)
NOTICES = Family(
    "salespulse_alert_notices_total",
    "counter",
    "notices",
    ("channel", "outcome"),
    "Notices of alerts by what became of the attempt: delivered, failed (tried again) or given_up (after a day). "
    "Failures rising: the channel's address, its credentials, or the one who listens there.",
    "channels × 3",
)
NOTICES_WAITING = Family(
    "salespulse_alert_notices_waiting",
    "gauge",
    "notices",
    ("channel",),
    "Notices that are still to be delivered. Rising: nobody is told of alerts by this channel.",
    "channels",
)
JUDGING_SECONDS = Family(
    "salespulse_alert_judging_seconds",
    "histogram",
    "seconds",
    (),
    "What judging a tenant's alerts took once.",
    buckets=SECONDS,
)
JUDGED = Family(
    "salespulse_alerts_judged_timestamp_seconds",
    "gauge",
    "seconds",
    ("tenant",),
    "When a tenant's alerts were last judged; each minute while its numbers are fresh. Old: alerts are late or off.",
    "tenants",
)

BOARD = (
    *(TICK_SECONDS, KPIS_PUBLISHED, REDIS_WRITTEN, REDIS_FAILURES),
    *(ALERTS_OPEN, NOTICES, NOTICES_WAITING, JUDGING_SECONDS, JUDGED),
)
"""Of a BOARD worker beside."""
