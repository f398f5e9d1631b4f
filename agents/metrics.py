"""Every operational metric of a worker, declared by hand. Call sites say what happened; KPI values are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each counter, which nobody reads

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Metrics:
    """One registry per process; ``stage`` is a label of everything."""

    def __init__(self, stage: str) -> None:
        self.registry = CollectorRegistry()
        registry, every, placed = self.registry, ["stage"], ["stage", "source", "partition"]
        # Rising: the worker folds. Flat while lag is above zero: look at its log.
        self._folded = Counter(
            "salespulse_records_folded", "Records folded and committed", every, registry=registry
        ).labels(stage)
        self._epochs = Counter(
            "salespulse_epochs", "Epochs committed, one transaction each", every, registry=registry
        ).labels(stage)
        # The 99th percentile near the session timeout: too many partitions for the broker, or too short epochs.
        self._transactions = Histogram(
            "salespulse_transaction_seconds", "From snapshot to commit", every, buckets=SECONDS, registry=registry
        ).labels(stage)
        self._restores = Counter("salespulse_restores", "Slots taken over", every, registry=registry).labels(stage)
        self._rows = Counter(
            "salespulse_restored_rows", "State rows read while taking over", every, registry=registry
        ).labels(stage)
        self._refolded = Counter(
            "salespulse_refolded_records", "Records folded again while taking over", every, registry=registry
        ).labels(stage)
        self._restoring = Histogram(
            "salespulse_restore_seconds", "From assignment to folding", every, buckets=SECONDS, registry=registry
        ).labels(stage)
        # Above zero and rising: add workers up to the number of partitions.
        self._lag = Gauge(
            "salespulse_lag_records", "Committed records of a source not yet folded", placed, registry=registry
        )
        # One source with many refusals: its publisher is broken; the dead letters say how. A gauge, because the counts
        # come out of the committed state and go to another worker with their partition.
        self._verdicts = Gauge(
            "salespulse_verdict_records",
            "Records by verdict and publishing source since the beginning of the log, in the partitions owned here",
            ["stage", "tenant", "source", "verdict"],
            registry=registry,
        )
        # A name that rises after a release of a publisher: a field it sends that the contract doesn't have yet.
        self._ignored = Gauge(
            "salespulse_ignored_fields",
            "Fields of valid events that nobody knows, by publishing source, in the partitions owned here",
            ["stage", "tenant", "source", "field"],
            registry=registry,
        )
        self._stage = stage

    def epoch_committed(self, records: int, seconds: float) -> None:
        """An epoch was committed."""
        self._epochs.inc()
        self._folded.inc(records)
        self._transactions.observe(seconds)

    def slot_restored(self, rows: int, refolded: int, seconds: float) -> None:
        """A slot was taken over."""
        self._restores.inc()
        self._rows.inc(rows)
        self._refolded.inc(refolded)
        self._restoring.observe(seconds)

    def lag_seen(self, source: str, partition: int, records: int) -> None:
        """How far a slot is behind the end of a source."""
        self._lag.labels(self._stage, source, str(partition)).set(max(records, 0))

    def events_judged(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        """How many records got which verdict, by (tenant, source, verdict), in the partitions owned now."""
        self._verdicts.clear()
        for (tenant, source, verdict), count in counts.items():
            self._verdicts.labels(self._stage, tenant, source, verdict).set(count)

    def fields_ignored(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        """How often which unknown field came, by (tenant, source, field), in the partitions owned now."""
        self._ignored.clear()
        for (tenant, source, field), count in counts.items():
            self._ignored.labels(self._stage, tenant, source, field).set(count)

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
