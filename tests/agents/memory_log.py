"""A log in memory, for those who keep state of their own in topics: alerts and publications."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence

from agents.epochs.port import Ends, Fenced, OutcomeUnknown
from schemas.records import Output, RecordBatch


class MemoryLog:
    """Topics of one partition, by role; a producer that was opened again fences the older one."""

    def __init__(self) -> None:
        self.records: dict[str, list[Output]] = defaultdict(list)
        self.epoch = 0
        self.fails = False

    async def open_producer(self, transactional_id: str) -> MemoryProducer:
        self.epoch += 1
        return MemoryProducer(self, self.epoch)

    async def ends(self, role: str, partition: int) -> Ends:
        end = len(self.records[role])
        return Ends(end, end)

    async def read(self, role: str, partition: int, start: int, end: int) -> AsyncIterator[RecordBatch]:
        part = self.records[role][start:end]
        yield RecordBatch(
            role,
            partition,
            start=start,
            next_offset=end,
            keys=[record.key for record in part],
            values=[record.value for record in part],
            offsets=list(range(start, end)),
            received_ms=[0] * len(part),
            headers={n: record.headers for n, record in enumerate(part) if record.headers},
        )

    async def seek(self, role: str, partition: int, offset: int) -> None:
        raise NotImplementedError


class MemoryProducer:
    """Writes at commit."""

    def __init__(self, log: MemoryLog, epoch: int) -> None:
        self._log, self._epoch = log, epoch
        self._open: list[Output] = []

    async def begin(self) -> None:
        self._open = []

    async def write(self, outputs: Sequence[Output]) -> dict[tuple[str, int], int]:
        self._open += outputs
        return {}

    async def commit(self) -> None:
        if self._epoch != self._log.epoch:
            raise Fenced("a newer owner writes here")
        if self._log.fails:
            raise OutcomeUnknown("the broker went away")
        for output in self._open:
            self._log.records[output.topic].append(output)

    async def abort(self) -> None:
        self._open = []

    async def close(self) -> None:
        """Nothing to let go of."""
