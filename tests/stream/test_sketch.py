"""The sketch: quantiles within one percent, whatever the lengths, and in whatever order they come and go."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stream.sketch import RELATIVE_ERROR, bucket_of, length_of, quantile

YEAR_MS = 366 * 86_400_000
FLOATING = 1e-9
lengths = st.one_of(st.integers(-3, 3), st.integers(-YEAR_MS, YEAR_MS), st.integers(0, 2**62))
quantiles = st.sampled_from([Fraction(1, 2), Fraction(9, 10), Fraction(1, 100), Fraction(99, 100), Fraction(1)])


def exact(ordered: list[int], q: Fraction) -> int:
    """The lower nearest rank."""
    return ordered[max(1, ceil(q * len(ordered))) - 1]


@given(lengths)
def test_a_bucket_stands_for_all_it_holds_within_one_percent(length_ms: int) -> None:
    assert abs(length_of(bucket_of(length_ms)) - length_ms) <= (RELATIVE_ERROR + FLOATING) * abs(length_ms)


@given(st.lists(lengths, min_size=1, max_size=60), quantiles)
def test_a_quantile_is_that_of_the_lengths_within_one_percent(found: list[int], q: Fraction) -> None:
    wanted = exact(sorted(found), q)
    counts = Counter(bucket_of(length_ms) for length_ms in found)
    assert abs(quantile(counts, q) - wanted) <= (RELATIVE_ERROR + FLOATING) * abs(wanted)


@given(st.lists(lengths, min_size=1, max_size=20), st.lists(lengths, max_size=20), quantiles, st.randoms())
def test_what_is_taken_back_leaves_nothing_and_order_is_no_matter(
    kept: list[int], taken_back: list[int], q: Fraction, random: Random
) -> None:
    changes = [(length_ms, 1) for length_ms in kept + taken_back] + [(length_ms, -1) for length_ms in taken_back]
    shuffled = sorted(changes, key=lambda _: random.random())
    counts: dict[str, int] = {}
    for length_ms, count in shuffled:
        counts[bucket_of(length_ms)] = counts.get(bucket_of(length_ms), 0) + count
    left = {bucket: count for bucket, count in counts.items() if count}
    assert quantile(left, q) == quantile(Counter(map(bucket_of, kept)), q)
