"""The epoch protocol under every fault a seed invents, and each of its safeguards shown to be needed."""

from __future__ import annotations

from functools import partial
from types import ModuleType

import pytest

from agents.epochs.port import Safeguards
from tests.simulation.real_kit import RealKit
from tests.simulation.story import tell

pytestmark = pytest.mark.takes(45)
CHUNKS, SEEDS_PER_CHUNK = 8, 20

# The first seed that finds what each safeguard keeps away. After a change of the protocol or of the simulation another
# seed may be the first: `first_violation` finds it.
NEEDED = {
    "fencing": 12,
    "wait_for_stable": 0,
    "seek_after_restore": 0,
    "skip_reflected": 13,
    "duplicate_memory": 0,
}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_numbers_are_exact_whatever_happens(chunk: int) -> None:
    for seed in range(chunk * SEEDS_PER_CHUNK, (chunk + 1) * SEEDS_PER_CHUNK):
        verdict = tell(seed)
        assert not verdict.problem, str(verdict)


@pytest.mark.parametrize("chunk", range(3))
def test_the_real_stages_end_as_after_a_quiet_pass(chunk: int) -> None:
    for seed in range(chunk * 5, chunk * 5 + 5):
        verdict = tell(seed, kit=RealKit)
        assert not verdict.problem, str(verdict)


def test_stages_in_cpp_and_in_python_take_over_from_one_another(native_core: ModuleType) -> None:
    for seed in range(15, 19):
        verdict = tell(seed, kit=partial(RealKit, core=native_core))
        assert not verdict.problem, str(verdict)


@pytest.mark.parametrize("safeguard", NEEDED)
def test_without_it_a_seed_finds_a_violation(safeguard: str) -> None:
    verdict = tell(NEEDED[safeguard], Safeguards(**{safeguard: False}))
    assert verdict.problem, (
        f"{safeguard}: seed {verdict.seed} finds nothing any more, {first_violation(safeguard)} does"
    )


def test_the_same_seed_tells_the_same_story() -> None:
    assert tell(7) == tell(7)


def first_violation(safeguard: str) -> int | None:
    """The first seed below 1,000 that finds a violation without ``safeguard``; None if none does."""
    return next((seed for seed in range(1_000) if tell(seed, Safeguards(**{safeguard: False})).problem), None)
