"""What a worker and a gateway of the small company say at /metrics, and what they said over the hours before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from agents.metrics import BoardMetrics, Metrics
from agents.scrapes import facts_of
from config.catalogue import load_definitions
from gateway.metrics import GatewayMetrics
from schemas.kpi import KpiValue
from stream.board.board import Board
from stream.board.tick import Tick, Ticker
from stream.board.values import value_of
from stream.catalogue.catalogue import Catalogue
from tests.grafana.company import TENANT, Company
from views.exposition import Exposition

HOURS, EVERY_MIN, OLD_MIN = 24, 4, 6
LINES = (("revenue", "mtd"), ("quota_attainment", "mtd"), ("activity_count", "today"), ("new_leads", "today"))
"""(KPI, window) of the company that are drawn over time."""


class Exposed:
    """The company as of ``now``: what its parts show, and what the engine answers when it is asked."""

    def __init__(self, now: datetime) -> None:
        self.as_of_ms = int(now.timestamp() * 1000)
        self.board: Board = Company(now).board()
        self.catalogue = Catalogue(load_definitions())
        self.definitions = self.catalogue.definitions
        tick = Ticker(self.catalogue).tick(self.board, TENANT, self.as_of_ms)
        self._kpis = self._shown(self.as_of_ms, tick.values)
        self._accounts, self._at_board = Metrics("accounts"), BoardMetrics()
        self._accounts.lag_seen("activity", 0, 12)
        self._accounts.lag_seen("activity", 1, 3)
        counts = {"accepted": 4_200, "duplicate": 31, "invalid_data": 3}
        self._accounts.events_judged({(TENANT, "crm/eu", verdict): count for verdict, count in counts.items()})
        self._at_board.lag_seen("cells", 0, 0)
        self._at_board.tenant_judged(0, TENANT, self.as_of_ms, 0.01)
        self._at_board.alerts_stand(0, {(TENANT, "source_silent", "warning", "open"): 1}, {"mail": 0})
        self._gateway = GatewayMetrics()
        self._gateway.stream_opened()
        self._gateway.staleness_judged(False, {"accounts": 0.1, "board": 0.2})

    def value(self, kpi: str, scope: str, window: str, as_of_ms: int | None = None) -> KpiValue:
        """The engine's own answer."""
        at_ms = self.as_of_ms if as_of_ms is None else as_of_ms
        return value_of(self.board, self.catalogue, kpi=kpi, scope=scope, window=window, as_of_ms=at_ms)

    def page(self, path: str) -> bytes:
        """What is said at a path. Between two scrapes something was folded and published."""
        if path == "/gateway":
            self._gateway.request_published(0.012)
            return self._gateway.exposition()
        if path == "/accounts":
            self._accounts.epoch_committed(500, 0.03)
            return self._accounts.exposition()
        self._at_board.epoch_committed(40, 0.02)
        self._at_board.ticked(0.02)
        self._at_board.kpis_published(25)
        return self._at_board.exposition() + self._kpis

    def history(self) -> str:
        """OpenMetrics of what lines show, over the hours before, a point every EVERY_MIN minutes, up to what Prometheus
        no longer takes for current.
        """
        series: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for minutes in range(HOURS * 60 + OLD_MIN, OLD_MIN - 1, -EVERY_MIN):
            at_ms = self.as_of_ms - minutes * 60_000
            values = [self.value(kpi, "company", window, at_ms) for kpi, window in LINES]
            for line in self._shown(at_ms, values).decode().splitlines():
                if not line.startswith("#"):
                    labels, _, number = line.rpartition(" ")
                    series[labels.partition("{")[0]][labels].append(f"{labels} {number} {at_ms / 1000:.3f}")
        families = [(name, [row for rows in places.values() for row in rows]) for name, places in series.items()]
        return "".join(f"# TYPE {name} gauge\n" + "\n".join(rows) + "\n" for name, rows in families) + "# EOF\n"

    def _shown(self, as_of_ms: int, values: Iterable[KpiValue]) -> bytes:
        exposition = Exposition(self.definitions)
        shown = tuple(values)
        exposition.take(Tick(TENANT, as_of_ms, shown, len(shown), 0))
        return exposition.render({TENANT: facts_of(self.board, as_of_ms, {})})
