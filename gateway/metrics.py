"""Every operational metric of the gateway: what it counts, what to do when it moves. KPIs are `views.exposition`'s."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest


class GatewayMetrics:
    """One per gateway, with a registry of its own; call sites speak in verbs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._events = Counter(
            "salespulse_gateway_events",
            "Events received over HTTP by verdict. Many refusals: a publisher breaks the contract, see dead letters.",
            ["code"],
            registry=self.registry,
        )
        self._publish = Histogram(
            "salespulse_gateway_publish_seconds",
            "Time from a request's last byte to its verdicts. Rising: the broker is slow or the gateway full.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
            registry=self.registry,
        )
        self._letters = Counter(
            "salespulse_gateway_letters_sent",
            "Dead letters that somebody sent again over HTTP, by outcome. Refusals: the letters need a patch first.",
            ["code"],
            registry=self.registry,
        )
        self._replica_ready = Gauge(
            "salespulse_gateway_replica_ready_bool",
            "1 once the replica has caught up with the log. 0 for minutes: is the broker there, are the topics?",
            registry=self.registry,
        )
        self._replica_records = Counter(
            "salespulse_gateway_replica_records",
            "Records the replica has taken, by source. Standing still while others move: look for errors in the log.",
            ["source"],
            registry=self.registry,
        )
        self._stale = Gauge(
            "salespulse_gateway_stale_bool",
            "1 while values are served as stale: a record waits longer than allowed for a worker or for the replica.",
            registry=self.registry,
        )
        self._waited = Gauge(
            "salespulse_gateway_oldest_wait_seconds",
            "How long the oldest record has waited to be folded, by stage. Rising: workers are too few or stand still.",
            ["stage"],
            registry=self.registry,
        )
        self._streams = Gauge(
            "salespulse_gateway_streams_open",
            "Open event streams, one for each page on show.",
            registry=self.registry,
        )
        self._dropped = Counter(
            "salespulse_gateway_frames_dropped",
            "Frames that a slow client of an event stream never got. It still gets the newest.",
            registry=self.registry,
        )

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
