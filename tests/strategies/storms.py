"""Storms: all that may come upon a partition, drawn from a seed, and when it is committed, lost and restored.

Hypothesis finds small surprises; these are larger, denser and quicker to draw. A storm is a list of steps, so that one
that shows a difference can be made smaller step by step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from schemas.records import Headers
from stream.accounts.options import AccountsOptions
from tests.strategies.authors import DAY_MS, EXOTIC, HOUR_MS, MINUTE_MS, Author, spelled
from tests.strategies.climates import CLIMATES, RARE, START_MS, Climate
from tests.strategies.oddities import Said, Written, key_of, odd_record, written


class Record(NamedTuple):
    """A record of the log; ``gap`` offsets before it hold none."""

    key: bytes | None
    value: bytes | None
    received_ms: int
    headers: Headers = ()
    gap: int = 0


class Cut(NamedTuple):
    """A batch ends."""


class Commit(NamedTuple):
    """An epoch ends; rows changed within the last ``lag`` offsets stay unwritten."""

    lag: int


class Restart(NamedTuple):
    """The stages are lost and restored; ``crossed``: each from what the other wrote. ``whole``: from all rows ever
    written, in that order, instead of the newest of each key.
    """

    crossed: bool
    whole: bool


Step = Record | Cut | Commit | Restart


class Storm(NamedTuple):
    """``partition`` of ``partitions`` with its options, and what happens to it."""

    options: AccountsOptions
    partition: int
    partitions: int
    steps: list[Step]


ERAS_MS = (68_162_400_000, 951_775_200_000, 1_835_388_000_000, 4_107_535_200_000, 1_798_750_800_000, 32_503_669_200_000)
"""Two hours before the ends of Februaries with a leap day and without, of a year, and of the last year there is."""
RARE_SHARE = 0.004
ROOMS = (0, 3_000, 30_000, 200 * 1_048_576)
HORIZONS_MS = (0, 10 * MINUTE_MS, 5 * HOUR_MS, 3 * DAY_MS, 36 * DAY_MS, 36 * DAY_MS)


def storm_of(seed: int, climate: Climate | None = None) -> Storm:
    """The storm of a seed: of a climate, or of one of all."""
    random = Random(seed)
    chosen = climate or random.choice(list((CLIMATES if random.random() > RARE_SHARE else RARE).values()))
    if random.random() < 0.5:
        chosen = replace(chosen, memory_bytes=random.choice(ROOMS))
    if random.random() < 0.4:
        chosen = replace(chosen, settle_after_ms=random.choice(HORIZONS_MS))
    if random.random() < 0.2 and chosen.start_ms == START_MS:
        chosen = replace(chosen, start_ms=random.choice(ERAS_MS))
    options = AccountsOptions(
        may_backfill=random.random() < 0.5,
        backfill_tenants=frozenset({"acme"}),
        settle_after_ms=chosen.settle_after_ms,
        memory_bytes=chosen.memory_bytes,
    )
    partition = random.randrange(chosen.partitions)
    return Storm(options, partition, chosen.partitions, list(_Teller(random, chosen).steps()))


class _Teller:
    """Draws the steps of a storm."""

    def __init__(self, random: Random, climate: Climate) -> None:
        self.random = random
        self.climate = climate
        self.author = Author(random, climate.cast)
        self.sent: list[tuple[Said, int]] = []  # with its time
        self.pending: list[tuple[Said, int]] = []  # a void went first
        self.now_ms = climate.start_ms + random.randrange(climate.spread_ms) // climate.grain_ms * climate.grain_ms

    def steps(self) -> Iterator[Step]:
        draw, climate = self.random, self.climate
        count = draw.randrange(climate.least, climate.most + 1)
        often = draw.choice(climate.commits)
        lag = draw.choice((0, 1, 5, 50, 10_000))
        for _ in range(count):
            self.now_ms += draw.choice(climate.steps_ms)
            yield self._record()
            if draw.random() < 0.2:
                yield Cut()
            if draw.random() < often:
                yield Commit(draw.choice((lag, lag, draw.randrange(lag + 1))))
            if draw.random() < climate.restarts:
                yield Restart(draw.random() < 0.5, draw.random() < 0.3)

    def _record(self) -> Record:
        draw = self.random
        said, time_ms = self._said()
        held = (
            odd_record(said, draw) if draw.random() < self.climate.odd else Written(key_of(said), written(said, draw))
        )
        received_ms = self.now_ms
        if draw.random() < 0.02:
            received_ms += draw.choice((-DAY_MS, -MINUTE_MS, -1, 0, time_ms - received_ms, HOUR_MS))
        return Record(held.key, held.value, received_ms, held.headers, draw.choice((0,) * 20 + (1, 7)))

    def _said(self) -> tuple[Said, int]:
        draw, climate = self.random, self.climate
        if self.pending and draw.random() < 0.3:
            return self.pending.pop()
        if self.sent and draw.random() < climate.again:
            said, time_ms = self._again(*draw.choice(self.sent[-40:] if draw.random() < 0.7 else self.sent))
        else:
            said, time_ms = self._new()
            if draw.random() < 0.01:
                self.pending.append((said, time_ms))
                said = self._voided(said)
        self.sent.append((said, time_ms))
        return said, time_ms

    def _new(self) -> tuple[Said, int]:
        draw, climate = self.random, self.climate
        time_ms = (self.now_ms - draw.choice(climate.lateness_ms)) // climate.grain_ms * climate.grain_ms
        name = draw.choice(climate.types)
        number = draw.randrange(climate.id_pool) if climate.id_pool else len(self.sent)
        said: Said = {
            "specversion": "1.0",
            "id": draw.choice(EXOTIC) if draw.random() < climate.cast.odd / 4 else f"e{number}",
            "source": draw.choice(climate.sources),
            "type": name,
            "time": spelled(time_ms, draw, is_odd=draw.random() < 0.03),
            "subject": draw.choice(climate.subjects),
        }
        tenant = draw.choice(climate.tenants)
        if tenant != "default" or draw.random() < 0.3:
            said["tenant"] = tenant
        if draw.random() < climate.backfill:
            said["backfill"] = True
        return said | {"data": self.author.data(name, time_ms)}, time_ms

    def _again(self, said: Said, time_ms: int) -> tuple[Said, int]:
        """An identity once more: a repeat, other content, another revision, a void, a twin of another source."""
        draw = self.random
        turn = draw.random()
        if turn < 0.2:
            return _with_turned_zeros(said) if draw.random() < 0.3 else said, time_ms
        if turn < 0.3:
            return said | {"source": draw.choice(self.climate.sources)}, time_ms
        if turn < 0.4:
            return self._voided(said), time_ms
        if turn < 0.48 and "data" in said:
            return self._nearly(said), time_ms
        other, other_ms = self._new()
        if draw.random() < 0.6 and said["type"] != other["type"]:
            other |= {"type": said["type"], "data": self.author.data(said["type"], time_ms)}
        if draw.random() < 0.5:
            other, other_ms = other | {"time": said["time"]}, time_ms
        if draw.random() < 0.95:
            other["subject"] = said["subject"]
            other = {name: held for name, held in other.items() if name != "tenant"}
            other |= {"tenant": said["tenant"]} if "tenant" in said else {}
        revision = said.get("revision", 0) + draw.choice((1, 1, 1, 1, 1, 3, 200, 0, -1))
        return other | {"id": said["id"], "source": said["source"], "revision": max(0, revision)}, other_ms

    def _nearly(self, said: Said) -> Said:
        """The same in all but one field of its data, as a revision or as a conflict."""
        held: dict[str, Any] = dict(said["data"])
        fresh = self.author.data(said["type"], self.now_ms)
        for name in self.random.sample(sorted(held | fresh), min(1, len(held | fresh))):
            if name in fresh:
                held[name] = fresh[name]
            else:
                held.pop(name)
        return said | {"data": held, "revision": said.get("revision", 0) + self.random.choice((0, 1, 1))}

    def _voided(self, said: Said) -> Said:
        kept = {name: held for name, held in said.items() if name != "data" or self.random.random() < 0.3}
        return kept | {"voided": True, "revision": said.get("revision", 0) + self.random.choice((1, 1, 1, 0))}


def _with_turned_zeros(said: Said) -> Said:
    """The same answer, with -0.0 for 0 and the other way round: no other number is spelled in two ways once decoded."""
    held = said.get("data", {})
    if not isinstance(held, dict) or "scale" not in held:
        return said
    scale = held["scale"]
    low, score = (
        0 if str(number) == "-0.0" else -0.0 if number == 0 else number for number in (scale["min"], held["score"])
    )
    return said | {"data": held | {"scale": scale | {"min": low}, "score": score}}
