"""The gateway's own metrics: call sites say what happened; what each is, is declared in `views.declared.gateway`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import generate_latest

from views.declared import gateway as declared
from views.families import counter, gauge, histogram

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each counter, which nobody reads


class GatewayMetrics:
    """One per gateway, with a registry of its own; call sites speak in verbs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._events = counter(declared.EVENTS, registry)
        self._publish = histogram(declared.PUBLISH_SECONDS, registry)
        self._letters = counter(declared.LETTERS_SENT, registry)
        self._replica_ready = gauge(declared.REPLICA_READY, registry)
        self._replica_records = counter(declared.REPLICA_RECORDS, registry)
        self._stale = gauge(declared.STALE, registry)
        self._waited = gauge(declared.OLDEST_WAIT, registry)
        self._streams = gauge(declared.STREAMS_OPEN, registry)
        self._dropped = counter(declared.FRAMES_DROPPED, registry)

    def events_judged(self, code: str, times: int) -> None:
        self._events.labels(code).inc(times)

    def request_published(self, seconds: float) -> None:
        self._publish.observe(seconds)

    def letter_sent(self, code: str) -> None:
        self._letters.labels(code).inc()

    def replica_caught_up(self) -> None:
        self._replica_ready.set(1)

    def records_applied(self, source: str, records: int) -> None:
        self._replica_records.labels(source).inc(records)

    def staleness_judged(self, stale: bool, waited_s: dict[str, float]) -> None:
        self._stale.set(stale)
        for stage, seconds in waited_s.items():
            self._waited.labels(stage).set(seconds)

    def stream_opened(self) -> None:
        self._streams.inc()

    def stream_closed(self) -> None:
        self._streams.dec()

    def frame_dropped(self) -> None:
        self._dropped.inc()

    def exposition(self) -> bytes:
        """All of them in text format 0.0.4."""
        return generate_latest(self.registry)
