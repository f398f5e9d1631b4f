"""How far the workers have folded a partition: their position row, the last thing of each epoch they commit."""

from __future__ import annotations

import msgspec

from gateway.log_reader import LogReader
from gateway.stretch import stretch
from schemas.rows import POSITION_KEY, AccountsPosition, BoardPosition

FIRST_LOOK = 64
STATES = {"activity": "accounts_state", "organisation": "board_state"}
"""By source: the role of the state topic whose partitions are the source's."""

_accounts = msgspec.msgpack.Decoder(AccountsPosition).decode
_board = msgspec.msgpack.Decoder(BoardPosition).decode


async def folded_upto(reader: LogReader, source: str, partition: int) -> int:
    """The next offset of a source's partition that will be folded; 0 where nothing was folded yet."""
    state = STATES[source]
    end = (await reader.stable_ends([(state, partition)]))[state, partition]
    first = (await reader.beginnings([(state, partition)]))[state, partition]
    look, upto = FIRST_LOOK, end
    while upto > first:
        begin = max(first, end - look)
        found: bytes | None = None
        async for batch in stretch(reader, state, partition, begin, upto):
            for key, row in zip(batch.keys, batch.values, strict=True):
                found = row if key == POSITION_KEY and row is not None else found
        if found is not None:
            return _accounts(found).offset if source == "activity" else _board(found).offsets.get(source, 0)
        look, upto = 8 * look, begin
    return 0
