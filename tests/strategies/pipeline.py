"""The real core over logs held in lists: what the transport does, without a broker, threads or time.

State topics are compacted dicts; a stage can be dropped and restored from them at any epoch's end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from config.catalogue import load_definitions
from schemas.event import Event, decode, encode_key, home_partition
from schemas.kpi import KpiValue
from schemas.records import Output, RecordBatch, Restored, Stage
from schemas.rows import POSITION_KEY
from stream.accounts.options import AccountsOptions
from stream.accounts.stage import AccountsStage
from stream.board.stage import BoardStage
from stream.board.values import every_value, value_of
from stream.catalogue.catalogue import Catalogue
from tests.reference.arrivals import Arrival

Record = tuple[bytes | None, bytes | None, int]
"""Key, value, receipt."""
CATALOGUE = Catalogue(load_definitions())
RECEIVED_AT = "received-at"


class Log:
    """One partition of a topic."""

    def __init__(self, source: str, partition: int) -> None:
        self.source = source
        self.partition = partition
        self.records: list[Record] = []

    def batch(self, start: int, end: int) -> RecordBatch:
        """The records [start, end) as the transport hands them over."""
        part = self.records[start:end]
        return RecordBatch(
            self.source,
            self.partition,
            start=start,
            next_offset=end,
            keys=[key for key, _, _ in part],
            values=[value for _, value, _ in part],
            offsets=list(range(start, end)),
            received_ms=[received_ms for _, _, received_ms in part],
        )


class Slot:
    """A stage with its own state partition; ``flush_lag`` records may pass before a changed row is written."""

    def __init__(self, stage: Stage, logs: list[Log], *, flush_lag: int = 0) -> None:
        self.stage = stage
        self.logs = {log.source: log for log in logs}
        self.flush_lag = flush_lag
        self.state: dict[bytes, bytes] = {}
        self.offsets = {log.source: 0 for log in logs}

    def epoch(self, most: int) -> list[Output]:
        """Fold up to ``most`` records of each source, and commit."""
        for source, log in self.logs.items():
            start = self.offsets[source]
            end = min(start + most, len(log.records))
            if end > start:
                self.stage.fold(log.batch(start, end))
                self.offsets[source] = end
        if self.stage.is_empty():
            return []
        flush_before = {source: offset - self.flush_lag for source, offset in self.offsets.items()}
        snapshot = self.stage.snapshot(dict(self.offsets), flush_before=flush_before)
        for key, value in snapshot.rows:
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        self.state[POSITION_KEY] = snapshot.position
        return list(snapshot.outputs)

    def is_done(self) -> bool:
        """Whether every record of every source is folded."""
        return all(self.offsets[source] == len(log.records) for source, log in self.logs.items())

    def resume(self, stage: Stage) -> None:
        """Drop the stage and restore a fresh one from the state rows and the tail of the log."""
        self.stage = stage
        if POSITION_KEY not in self.state:
            self.offsets = dict.fromkeys(self.offsets, 0)
            return
        for key, value in self.state.items():
            if key != POSITION_KEY:
                stage.restore_row(key, value)
        restored: Restored = stage.restore_position(self.state[POSITION_KEY])
        assert restored.offsets == self.offsets
        for source, log in self.logs.items():
            floor, offset = restored.floors[source], restored.offsets[source]
            assert floor <= offset
            if floor < offset:
                stage.refold(log.batch(floor, offset))
        stage.finish_restore()


class Pipeline:
    """ACCOUNTS and BOARD over as many partitions as wanted."""

    def __init__(
        self,
        *,
        partitions: int = 2,
        cells_partitions: int = 1,
        flush_lag: int = 0,
        options: AccountsOptions | None = None,
    ) -> None:
        self.partitions, self.cells_partitions = partitions, cells_partitions
        self.options = options or AccountsOptions(may_backfill=True)
        self.activity = [Log("activity", p) for p in range(partitions)]
        self.organisation = [Log("organisation", p) for p in range(cells_partitions)]
        self.cells = [Log("cells", p) for p in range(cells_partitions)]
        self.letters: list[Output] = []
        self.accounts = [
            Slot(self.fresh_accounts(p), [self.activity[p]], flush_lag=flush_lag) for p in range(partitions)
        ]
        self.boards = [
            Slot(self.fresh_board(p), [self.cells[p], self.organisation[p]], flush_lag=flush_lag)
            for p in range(cells_partitions)
        ]

    def fresh_accounts(self, partition: int) -> AccountsStage:
        """An empty ACCOUNTS stage."""
        return AccountsStage(
            partition, partitions=self.partitions, cells_partitions=self.cells_partitions, options=self.options
        )

    def fresh_board(self, partition: int) -> BoardStage:
        """An empty BOARD stage."""
        return BoardStage(partition, partitions=self.cells_partitions)

    def publish(self, activity: Iterable[Arrival], organisation: Iterable[Arrival]) -> None:
        """Append to both topics, each record where its key belongs unless its arrival says otherwise."""
        for arrival in activity:
            event = decode(arrival.raw)
            key = arrival.key
            if key is None and isinstance(event, Event):
                key = encode_key(event.tenant, event.subject)
            home = home_partition(key or b"", self.partitions)
            partition = home if arrival.partition is None else arrival.partition
            self.activity[partition].records.append((key, arrival.raw, arrival.received_ms))
        for arrival in organisation:
            event = decode(arrival.raw)
            key = (event.tenant if isinstance(event, Event) else "default").encode()
            self.organisation[home_partition(key, self.cells_partitions)].records.append(
                (key, arrival.raw, arrival.received_ms)
            )

    def step(self, slot: Slot, most: int) -> None:
        """One epoch of a slot: what it writes is appended to the topics it names."""
        for output in slot.epoch(most):
            if output.topic == "activity":
                receipt = int(dict(output.headers)[RECEIVED_AT])
                self.activity[output.partition].records.append((output.key, output.value, receipt))
            elif output.topic == "cells":
                self.cells[output.partition].records.append((output.key, output.value, 0))
            elif output.topic == "dead_letters":
                self.letters.append(output)

    def run(self, *, most: int = 1_000_000) -> None:
        """Run both stages until nothing is left to fold."""
        for slots in (self.accounts, self.boards):
            while not all(slot.is_done() for slot in slots):
                for slot in slots:
                    self.step(slot, most)

    def values(self, *, as_of_ms: int, tenant: str = "acme", kpis: Collection[str] | None = None) -> Iterator[KpiValue]:
        """Everything there is to read of a tenant, or of some KPIs."""
        for slot in self.boards:
            assert isinstance(slot.stage, BoardStage)
            if tenant in slot.stage.tenants:
                yield from every_value(slot.stage.tenants[tenant], CATALOGUE, as_of_ms=as_of_ms, kpis=kpis)

    def value(self, kpi: str, scope: str, window: str, *, as_of_ms: int, tenant: str = "acme") -> KpiValue:
        """One value."""
        for slot in self.boards:
            assert isinstance(slot.stage, BoardStage)
            if tenant in slot.stage.tenants:
                return value_of(
                    slot.stage.tenants[tenant], CATALOGUE, kpi=kpi, scope=scope, window=window, as_of_ms=as_of_ms
                )
        raise LookupError(f"no board of tenant {tenant}")

    def tallies(self) -> dict[str, int]:
        """Records by verdict over all activity partitions."""
        total: dict[str, int] = {}
        for slot in self.accounts:
            assert isinstance(slot.stage, AccountsStage)
            for code, count in slot.stage.tallies.total().items():
                total[code] = total.get(code, 0) + count
        return total
