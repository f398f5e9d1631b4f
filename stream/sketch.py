"""A mergeable sketch of durations: DDSketch buckets with 1 % relative error.

A bucket is a text, the facet of a cell, so buckets are added, taken back and summed like everything else. Lengths are
milliseconds. Bucket i ≥ 1 holds lengths in (γ^(i−1), γ^i] and stands for 2·γ^i ÷ (γ + 1); "0" holds 1 ms, "zero" 0 ms;
a negative length lies in the bucket of its size with "n" before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import ceil, log

RELATIVE_ERROR = 0.01
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
ZERO, NEGATIVE = "zero", "n"
BUCKETS_MAX = 10_000
"""Buckets whose length is remembered; 64 bits of milliseconds have some 4,400."""

_LOG_GAMMA = log(GAMMA)


def bucket_of(length_ms: int) -> str:
    """The bucket of a length."""
    if not length_ms:
        return ZERO
    index = str(ceil(log(abs(length_ms)) / _LOG_GAMMA))
    return index if length_ms > 0 else NEGATIVE + index


@lru_cache(maxsize=BUCKETS_MAX)
def length_of(bucket: str) -> float:
    """The length a bucket stands for, within 1 % of all that it holds; milliseconds."""
    if bucket == ZERO:
        return 0.0
    sign = -1.0 if bucket.startswith(NEGATIVE) else 1.0
    return sign * 2 * GAMMA ** int(bucket.removeprefix(NEGATIVE)) / (GAMMA + 1)


def quantile(counts: Mapping[str, int], q: Fraction) -> float:
    """The length at the lower nearest rank, ceil(q × n) counted from 1, in milliseconds. ``counts`` by bucket: some,
    none negative.
    """
    ordered = sorted((length_of(bucket), count) for bucket, count in counts.items())
    rank, seen = ceil(q * sum(counts.values())), 0
    for length, count in ordered:
        seen += count
        if seen >= rank:
            return length
    return ordered[-1][0]
