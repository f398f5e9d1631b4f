"""Record keys and the partition they belong in: murmur2 as Java's default partitioner and aiokafka compute it."""

from __future__ import annotations

from struct import Struct

_MASK = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C
_WORDS = tuple(Struct(f"<{count}I").unpack_from for count in range(17))


def encode_key(tenant: str, subject: str) -> bytes:
    """The record key of an account's events."""
    return f"{tenant}/{subject}".encode()


def home_partition(key: bytes, count: int) -> int:
    """The partition of `key` in a topic of `count` partitions."""
    size = len(key)
    words = size >> 2
    m, mask = _MULTIPLIER, _MASK
    h = _SEED ^ size
    for word in (_WORDS[words] if words < 17 else Struct(f"<{words}I").unpack_from)(key):
        k = word * m & mask
        h = h * m & mask ^ (k ^ k >> 24) * m & mask
    if tail := size & 3:
        h = (h ^ int.from_bytes(key[-tail:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return ((h ^ h >> 15) & 0x7FFFFFFF) % count
