"""Record keys of the benchmark's accounts and their partitions, for a million accounts at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TENANT = "acme"
SUBJECT_DIGITS = 7
ACCOUNTS_MAX = 10**SUBJECT_DIGITS
_M = np.uint32(0x5BD1E995)
_SEED = 0x9747B28C


def subject_of(account: int) -> str:
    """The subject of an account's events."""
    return f"A-{account:0{SUBJECT_DIGITS}d}"


def account_keys(accounts: int) -> NDArray[np.uint8]:
    """The record keys of accounts 0 to ``accounts`` − 1, one a row; all are equally long."""
    head = np.frombuffer(f"{TENANT}/A-".encode(), dtype=np.uint8)
    keys = np.empty((accounts, len(head) + SUBJECT_DIGITS), dtype=np.uint8)
    keys[:, : len(head)] = head
    rest = np.arange(accounts)
    for column in range(keys.shape[1] - 1, len(head) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        keys[:, column] = digit + ord("0")
    return keys


def home_partitions(keys: NDArray[np.uint8], count: int) -> NDArray[np.int32]:
    """The partition of each key in a topic of ``count`` partitions: murmur2 as Java's default partitioner."""
    size = keys.shape[1]
    whole = size - size % 4
    words = np.ascontiguousarray(keys[:, :whole]).view("<u4")
    h = np.full(len(keys), _SEED ^ size, dtype=np.uint32)
    for column in range(words.shape[1]):
        k = words[:, column] * _M
        h = (h * _M) ^ ((k ^ (k >> np.uint32(24))) * _M)
    if whole < size:
        for column in range(size - 1, whole - 1, -1):
            h ^= keys[:, column].astype(np.uint32) << np.uint32(8 * (column - whole))
        h *= _M
    h = (h ^ (h >> np.uint32(13))) * _M
    return (((h ^ (h >> np.uint32(15))) & np.uint32(0x7FFFFFFF)) % np.uint32(count)).astype(np.int32)
