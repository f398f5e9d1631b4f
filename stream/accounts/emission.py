"""What an epoch has to say to BOARD: cells gathered by tenant, those that came late with their receipt."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.cells import MINUTE_MS, Cell, encode_cells, pack_amount
from schemas.event import Event
from schemas.partitioning import home_partition
from schemas.records import Output
from stream.accounts.contributions import Cells
from stream.panes import coarse_before, kept_pane, minute_of

LATE_AFTER_MS = 3_600_000
"""A contribution received more than this after its pane's end restates a number already shown."""

LATEST_MEASURES = frozenset({"nps_answers"})
"""Measures of a customer's latest: they select by ``known``, so it is ``known`` that makes them late."""

SECOND_MS = 1_000


class Emission:
    """Cells of the open epoch. ``newest_ms`` is each tenant's newest accepted activity in this partition."""

    def __init__(self) -> None:
        self.newest_ms: dict[str, int] = {}
        self._cells: dict[str, dict[Cell, int]] = {}
        self._late: dict[str, dict[Cell, tuple[int, int]]] = {}

    def note(self, tenant: str, time_ms: int) -> None:
        """Note an accepted activity: the tenant's newest decides how fine a pane is kept."""
        newest = self.newest_ms.get(tenant)
        if newest is None or time_ms > newest:
            self.newest_ms[tenant] = time_ms

    def gather(self, event: Event, received_ms: int, cells: Cells) -> None:
        """Add what an accepted event changed. Old panes are coarsened, late contributions keep their receipt."""
        tenant = event.tenant
        on_time = self._cells.get(tenant)
        if on_time is None:
            on_time = self._cells[tenant] = {}
        coarse = coarse_before(self.newest_ms.get(tenant, event.time_ms))
        late_before = -(2**62) if event.backfill else minute_of(received_ms - LATE_AFTER_MS - MINUTE_MS)
        for exact, amount in cells.items():
            measure, dimension, value, facet, pane, known = exact
            judged = known if measure in LATEST_MEASURES else pane
            cell = exact
            if pane < coarse:
                cell = Cell(measure, dimension, value, facet, kept_pane(pane, coarse), kept_pane(known, coarse))
            if judged < late_before:
                late = self._late.setdefault(tenant, {})
                total, receipt = late.get(cell, (0, 0))
                late[cell] = (total + amount, max(receipt, received_ms // SECOND_MS))
            else:
                on_time[cell] = on_time.get(cell, 0) + amount

    def is_empty(self) -> bool:
        """Whether nothing was gathered since the last release."""
        return not self._cells

    def release(self, cells_partitions: int) -> Iterator[Output]:
        """The gathered cells as records for BOARD, one tenant after the other; the next epoch starts empty."""
        gathered, self._cells = self._cells, {}
        overdue, self._late = self._late, {}
        for tenant, on_time in gathered.items():
            key = tenant.encode()
            late = overdue.get(tenant, {})
            packed = [(*cell, pack_amount(amount)) for cell, amount in on_time.items() if amount]
            packed_late = [(*cell, pack_amount(amount), receipt) for cell, (amount, receipt) in late.items()]
            newest_ms = self.newest_ms.get(tenant, 0)
            for raw in encode_cells(tenant, newest_ms, packed, packed_late):
                yield Output("cells", home_partition(key, cells_partitions), key, raw)
