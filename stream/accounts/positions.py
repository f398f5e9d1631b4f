"""Where ACCOUNTS stands in a partition, as its position row says it."""

from __future__ import annotations

import msgspec

from schemas.records import UnreadableState
from schemas.rows import ROW_VERSION, AccountsPosition
from stream.tallies import Tallies

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(AccountsPosition).decode


def encode_position(
    generation: int,
    partitions: int,
    reached: tuple[int, int],
    floor: tuple[int, int],
    newest_ms: dict[str, int],
    tallies: Tallies,
) -> bytes:
    """The position row. ``reached`` and ``floor``: an offset and the partition's clock there, epoch milliseconds."""
    return _encode(
        AccountsPosition(
            ROW_VERSION,
            generation,
            partitions,
            reached[0],
            floor[0],
            reached[1],
            floor[1],
            newest_ms,
            tallies.pack(),
            tallies.pack_ignored(),
        )
    )


def decode_position(value: bytes, partition: int, *, generation: int, partitions: int) -> AccountsPosition:
    """What a position row says. Raises UnreadableState for another generation, partition count or version."""
    position = _decode(value)
    found = (position.version, position.generation, position.partitions)
    wanted = (ROW_VERSION, generation, partitions)
    if found != wanted:
        raise UnreadableState(
            f"state of activity partition {partition} is (version, generation, partitions) {found}, "
            f"this worker runs {wanted}; build the next generation beside it"
        )
    return position
