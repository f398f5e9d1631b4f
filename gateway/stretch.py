"""A stretch of the log between two offsets, for questions that read up to an end that is known."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from gateway.log_reader import LogReader
from schemas.records import RecordBatch

# A question must not wait for records beyond the end it reads to.
FETCH_WAIT_MS = 20
STALL_S = 30.0
"""A broker that gives nothing of what it has for so long is taken for absent."""


class LogStalled(TimeoutError):
    """The broker has records and gives none."""


async def stretch(reader: LogReader, role: str, partition: int, begin: int, end: int) -> AsyncIterator[RecordBatch]:
    """What lies between two offsets, the last batch perhaps a little more. Raises LogStalled."""
    if begin >= end:
        return
    reader.begin_at({(role, partition): begin})
    moved_s = time.monotonic()
    while (position := reader.position(role, partition)) < end:
        async for batch in reader.batches():
            yield batch
        if reader.position(role, partition) > position:
            moved_s = time.monotonic()
        elif time.monotonic() - moved_s > STALL_S:
            raise LogStalled(f"nothing of {role} {partition} from offset {position} on")
