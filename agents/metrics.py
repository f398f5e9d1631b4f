"""A worker's own metrics: call sites say what happened; what each metric is, is declared in `views.declared.worker`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest

from config.topics import StageName
from views.declared import worker as declared
from views.families import Family, counter, histogram
from views.lines import table

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each counter, which nobody reads

MS_PER_S = 1_000

Counts = Mapping[tuple[str, ...], float]
"""Numbers by the labels of their family."""
Judged = Mapping[tuple[str, str, str], int]
"""Counts by (tenant, source, verdict) or (tenant, source, field)."""
OpenAlerts = Mapping[tuple[str, ...], int]
"""Open alerts by (tenant, alert, severity, state)."""
Outcome = Literal["delivered", "failed", "given_up"]
"""What became of an attempt to tell a channel of an alert."""


class Metrics:
    """One registry per process; ``stage`` is a label of everything."""

    def __init__(self, stage: str) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._folded = counter(declared.RECORDS_FOLDED, registry).labels(stage)
        self._epochs = counter(declared.EPOCHS, registry).labels(stage)
        self._transactions = histogram(declared.TRANSACTIONS, registry).labels(stage)
        self._restores = counter(declared.RESTORES, registry).labels(stage)
        self._rows = counter(declared.RESTORED_ROWS, registry).labels(stage)
        self._refolded = counter(declared.REFOLDED_RECORDS, registry).labels(stage)
        self._restoring = histogram(declared.RESTORE_SECONDS, registry).labels(stage)
        self._lag: dict[tuple[str, ...], int] = {}
        self._verdicts: Counts = {}
        self._ignored: Counts = {}
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
        self._lag[self._stage, source, str(partition)] = max(records, 0)

    def partitions_owned(self, partitions: Collection[int]) -> None:
        """What is known of other partitions is their owners' to tell."""
        owned = {str(partition) for partition in partitions}
        self._lag = {place: records for place, records in self._lag.items() if place[2] in owned}

    def events_judged(self, counts: Judged) -> None:
        """How many records got which verdict, by (tenant, source, verdict), in the partitions owned now."""
        self._verdicts = {(self._stage, *judged): count for judged, count in counts.items()}

    def fields_ignored(self, counts: Judged) -> None:
        """How often which unknown field came, by (tenant, source, field), in the partitions owned now."""
        self._ignored = {(self._stage, *ignored): count for ignored, count in counts.items()}

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry) + b"".join(table(family, counts) for family, counts in self._tables())

    def _tables(self) -> list[tuple[Family, Counts]]:
        """What comes and goes with partitions: no client's object, which would have to be told what is gone."""
        return [
            (declared.LAG, self._lag),
            (declared.VERDICTS, self._verdicts),
            (declared.IGNORED_FIELDS, self._ignored),
        ]


class BoardMetrics(Metrics):
    """Those of a BOARD worker, which ticks, publishes and judges alerts beside."""

    def __init__(self) -> None:
        super().__init__(StageName.BOARD)
        registry = self.registry
        self._tick_seconds = histogram(declared.TICK_SECONDS, registry)
        self._published = counter(declared.KPIS_PUBLISHED, registry)
        self._redis_failures = counter(declared.REDIS_FAILURES, registry)
        self._notices = counter(declared.NOTICES, registry)
        self._judging = histogram(declared.JUDGING_SECONDS, registry)
        self._redis_written: dict[tuple[str, ...], float] = {}
        self._judged: dict[int, dict[tuple[str, ...], float]] = {}
        self._open: dict[int, OpenAlerts] = {}
        self._waiting: dict[int, Mapping[str, int]] = {}

    def ticked(self, seconds: float) -> None:
        """A tenant's published values were evaluated."""
        self._tick_seconds.observe(seconds)

    def kpis_published(self, records: int) -> None:
        """Changed values were written to the topic of KPIs."""
        self._published.inc(records)

    def redis_written(self, at_ms: int) -> None:
        """Redis has everything there was at ``at_ms`` (epoch ms)."""
        self._redis_written[()] = at_ms / MS_PER_S

    def redis_failed(self) -> None:
        """Redis did not take a write."""
        self._redis_failures.inc()

    def tenant_judged(self, partition: int, tenant: str, at_ms: int, seconds: float) -> None:
        """A tenant's alerts were judged as of ``at_ms`` (epoch ms)."""
        self._judging.observe(seconds)
        self._judged.setdefault(partition, {})[tenant,] = at_ms / MS_PER_S

    def alerts_stand(self, partition: int, open_alerts: OpenAlerts, waiting: Mapping[str, int]) -> None:
        """What is open in a partition, and how many notices wait by channel."""
        self._open[partition], self._waiting[partition] = open_alerts, waiting

    def alerts_released(self, partition: int) -> None:
        """A partition's alerts are somebody else's to tell of."""
        for known in (self._judged, self._open, self._waiting):
            known.pop(partition, None)

    def notice_tried(self, channel: str, outcome: Outcome) -> None:
        """A channel was told of an alert, or not."""
        self._notices.labels(channel, outcome).inc()

    def _tables(self) -> list[tuple[Family, Counts]]:
        judged = {row: at_s for part in list(self._judged.values()) for row, at_s in part.items()}
        is_open = {row: count for part in list(self._open.values()) for row, count in part.items()}
        waiting: dict[tuple[str, ...], float] = {}
        for part in list(self._waiting.values()):
            for channel, count in part.items():
                waiting[channel,] = waiting.get((channel,), 0) + count
        return [
            *super()._tables(),
            (declared.REDIS_WRITTEN, self._redis_written),
            (declared.JUDGED, judged),
            (declared.ALERTS_OPEN, is_open),
            (declared.NOTICES_WAITING, waiting),
        ]


def metrics_of(stage: str) -> Metrics:
    """The metrics of a worker of that stage."""
    return BoardMetrics() if stage == StageName.BOARD else Metrics(stage)
