"""What an epoch has to say to BOARD: cells gathered by tenant, the late ones with their receipt, and whom it heard."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.cells import MINUTE_MS, Cell, Packed, encode_cells, pack_amount
from schemas.event import Event
from schemas.partitioning import home_partition
from schemas.records import Output
from stream.accounts.hearing import Hearing, kind_told, reps_named
from stream.accounts.kinds import TOUCH
from stream.accounts.standing import Cells
from stream.panes import MINUTE_HISTORY_MIN, kept_pane

LATE_AFTER_MS = 3_600_000
"""A contribution received more than this after its pane's end restates a number already shown."""

JUDGED_BY_KNOWN = frozenset({"nps_answers", "cohort_won", "open_deals", "open_amount"})
"""Measures that it is ``known`` that makes late: what a customer says last, what becomes of a lead days after, and
what was done last about a deal.
"""

EXACT_MEASURES = frozenset({"touches", "touches_automated", "stage_changes", "appointments_held", "new_leads"})
"""Measures that keep their minute for ever, however long ago: a rep's last activity, and a lead's age, are exact."""

TENANTS_MAX = 2_000
"""Tenants whose newest activity is remembered; one that was forgotten keeps finer panes than it need."""

SECOND_MS = 1_000
FRESH_MS = (MINUTE_HISTORY_MIN - 1) * MINUTE_MS
"""What is newer than this, counted from the newest, keeps its minute for sure."""

BEGINNING_MS, FOREVER_MS = -(2**61), 2**61


class Emission:
    """Cells of the open epoch. ``newest_ms`` is each tenant's newest accepted activity in this partition."""

    def __init__(self) -> None:
        self.newest_ms: dict[str, int] = {}
        self._cells: dict[str, dict[Cell, int]] = {}
        self._late: dict[str, dict[Cell, tuple[int, int]]] = {}
        self._hearing = Hearing()

    def gather_touch(
        self, tenant: str, source: str, time_ms: int, received_ms: int, backfill: bool, cell: Cell
    ) -> None:
        """`gather` for the one cell of an ordinary touch."""
        self._hearing.hear(tenant, source, TOUCH, cell[2], time_ms)
        on_time = self._cells.get(tenant)
        newest_ms = self.newest_ms.get(tenant, FOREVER_MS)  # forgotten among many: it takes another's place
        if on_time is None or time_ms < newest_ms - FRESH_MS or received_ms - time_ms > LATE_AFTER_MS:
            self._add(tenant, time_ms, received_ms, backfill, {cell: 1})
            return
        if time_ms > newest_ms:
            self.newest_ms[tenant] = time_ms
        before = len(on_time)
        total_before = on_time.setdefault(cell, 1)
        if len(on_time) == before:
            on_time[cell] = total_before + 1

    def gather_moves(self, tenant: str, time_ms: int, received_ms: int, backfill: bool, cells: Cells) -> None:
        """`gather` for what moves with the first touch of an hour on a deal."""
        self._add(tenant, time_ms, received_ms, backfill, cells)

    def gather(self, event: Event, received_ms: int, cells: Cells) -> None:
        """Add what an accepted event changed.

        The tenant's newest activity decides how fine a pane is kept; late contributions keep their receipt.
        """
        for rep in reps_named(event):
            self._hearing.hear(event.tenant, event.source, kind_told(event), rep, event.time_ms)
        self._add(event.tenant, event.time_ms, received_ms, event.backfill, cells)

    def _add(self, tenant: str, time_ms: int, received_ms: int, backfill: bool, cells: Cells) -> None:
        newest_ms = self.newest_ms.get(tenant, BEGINNING_MS)
        if time_ms > newest_ms:
            newest_ms = self.newest_ms[tenant] = time_ms
            if len(self.newest_ms) > TENANTS_MAX:
                del self.newest_ms[next(iter(self.newest_ms))]
        on_time = self._cells.get(tenant)
        if on_time is None:
            on_time = self._cells[tenant] = {}
        coarse = newest_ms // MINUTE_MS - MINUTE_HISTORY_MIN
        late_before = BEGINNING_MS if backfill else -((LATE_AFTER_MS + MINUTE_MS - received_ms) // MINUTE_MS)
        for exact, amount in cells.items():
            measure, dimension, value, facet, pane, known = exact
            judged = known if measure in JUDGED_BY_KNOWN else pane
            cell = exact
            if pane < coarse and measure not in EXACT_MEASURES:
                cell = (measure, dimension, value, facet, kept_pane(pane, coarse), kept_pane(known, coarse))
            if judged < late_before:
                late = self._late.setdefault(tenant, {})
                total, receipt = late.get(cell, (0, 0))
                late[cell] = (total + amount, max(receipt, received_ms // SECOND_MS))
            else:
                before = len(on_time)
                total_before = on_time.setdefault(cell, amount)
                if len(on_time) == before:
                    on_time[cell] = total_before + amount

    def release(self, cells_partitions: int) -> Iterator[Output]:
        """What was gathered as records for BOARD, one tenant after the other; the next epoch starts empty."""
        gathered, self._cells = self._cells, {}
        overdue, self._late = self._late, {}
        told = self._hearing.release()
        for tenant, on_time in gathered.items():
            key = tenant.encode()
            late = overdue.get(tenant, {})
            packed: list[Packed] = [
                cell + (pack_amount(amount),)  # noqa: RUF005 - unpacking makes a list first where this is compiled
                for cell, amount in on_time.items()
                if amount
            ]
            packed_late = [(*cell, pack_amount(amount), receipt) for cell, (amount, receipt) in late.items()]
            newest_ms = self.newest_ms.get(tenant, 0)
            for raw in encode_cells(tenant, newest_ms, packed, packed_late, *told.get(tenant, ([], []))):
                yield Output("cells", home_partition(key, cells_partitions), key, raw)
