"""What a scrape of 100,000 KPI series costs, with the client library's own exposition of the same series beside it.

The numbers of a tick differ from those of the one before; in the last one a third of the reps have a facet more.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import NamedTuple, cast
from urllib.request import urlopen

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from agents.epochs.crew import Crew
from agents.metrics import BoardMetrics
from agents.metrics_server import serve_metrics
from agents.scrapes import Scrapes
from config.catalogue import load_definitions
from schemas.kpi import KpiDefinition, KpiValue
from stream.board.stage import BoardStage
from stream.board.tick import Tick
from stream.catalogue.catalogue import Catalogue
from views.bounding import SERIES_MAX
from views.exposition import Exposition
from views.tenant_lines import Facts

TENANT, SERIES, SEED = "acme", 100_000, 7
FACETS = ("call", "email", "meeting", "sms")
GOAL_MS = 50.0
METRICS_PORT = 21_102


@dataclass(frozen=True)
class Ticked:
    """A tick."""

    values: tuple[KpiValue, ...]
    tenant: str = TENANT
    as_of_ms: int = 1_795_343_160_123
    series: int = 0
    dropped: int = 0


Place = tuple[str, tuple[tuple[str, str], ...]]
"""A name and its labels, sorted."""


class Owned:
    """A slot that is ready and has committed all it folded."""

    def __init__(self, stage: BoardStage) -> None:
        self.partition, self.ready, self.stage = 0, True, stage
        self.positions: dict[str, int] = {}
        self.committed: dict[str, int] = {}


class Cost(NamedTuple):
    """The least of the rounds, as that was disturbed least: wall clock and CPU, ms."""

    what: str
    wall_ms: float
    cpu_ms: float


def tick_of(definitions: list[KpiDefinition], seed: int, *, is_new: bool = False, least: int = SERIES) -> Ticked:
    """Values that make at least so many series: the company and whole reps, each with every KPI."""
    draw = random.Random(seed)
    values = [_value(each, "company", window, draw) for each in definitions for window in each.publish_windows]
    series, rep = 0, 0
    while series < least:
        rep += 1
        for definition in definitions:
            for window in definition.publish_windows if "rep" in definition.scopes else ():
                made = _value(definition, f"rep:R-{rep}", window, draw)
                if is_new and made.facets and not rep % 3:
                    made.facets["video_meeting"] = draw.random()
                values.append(made)
                series += 2 + 2 * (made.denominator is not None) + len(made.facets)
    return Ticked(tuple(values))


def _value(definition: KpiDefinition, scope: str, window: str, draw: random.Random) -> KpiValue:
    top, bottom = draw.randrange(1, 10**7), draw.randrange(1, 1_000)
    return KpiValue(
        kpi=definition.slug,
        scope=scope,
        window=window,
        as_of="2026-11-22T10:26:00Z",
        value=top / bottom if definition.divides else top,
        unit=definition.unit,
        n=bottom,
        numerator=top,
        denominator=bottom if definition.divides else None,
        facets={name: draw.random() for name in FACETS} if definition.facets != "none" else {},
        status="live",
        restated_at=None,
        definition=definition.definition,
    )


def show(exposition: Exposition, tick: Ticked) -> bytes:
    """A scrape of a tick."""
    exposition.take(tick)
    return exposition.render({TENANT: Facts()})


def bench_exposition(rounds: int) -> bool:
    """Measure and print. True if both say the same of every series."""
    catalogue = Catalogue(load_definitions())
    definitions = list(catalogue.definitions.values())
    exposition = Exposition(catalogue.definitions, series_max=2 * SERIES)
    ticks = [tick_of(definitions, SEED + n, is_new=n == rounds + 1) for n in range(rounds + 2)]
    gc.collect()
    gc.freeze()

    def scrape(tick: Ticked) -> bytes:
        return show(exposition, tick)

    costs = [_least("the first scrape", lambda: scrape(ticks[0]), 1)]
    waiting = iter(ticks[1:-1])
    costs.append(_least("a scrape of a new tick", lambda: scrape(next(waiting)), rounds))
    costs.append(_least("one more of the same tick", lambda: scrape(ticks[-2]), rounds))
    costs.append(_least("a tick with series that weren't there", lambda: scrape(ticks[-1]), 1))
    costs.append(_crowded(catalogue, rounds))
    ahead = [tick_of(definitions, SEED + rounds + 2 + n) for n in range(rounds)]
    costs.append(asyncio.run(_over_http(catalogue, ahead)))
    text = scrape(ticks[-2])
    registry = CollectorRegistry()
    series = _series(text)
    names = {name: [label for label, _ in labels] for name, labels in series}
    gauges = {name: Gauge(name, name, labels, registry=registry) for name, labels in names.items()}
    costs.append(_least("prometheus_client: setting every gauge", lambda: _set(gauges, series), 1))
    costs.append(_least("prometheus_client: generate_latest", lambda: generate_latest(registry), rounds))
    same = series == _series(generate_latest(registry))
    print(f"{len(series):,} series, {len(text) / 1e6:.1f} MB; the least of {rounds}\n")
    print("| what | wall, ms | CPU, ms |\n| --- | --- | --- |")
    for cost in costs:
        print(f"| {cost.what} | {cost.wall_ms:.0f} | {cost.cpu_ms:.0f} |")
    print(f"\ndigits: {'equal' if same else 'DIFFERENT'}; goal {GOAL_MS:.0f} ms")
    return same


def _crowded(catalogue: Catalogue, rounds: int) -> Cost:
    """A tenant that has twice as many series as may be shown."""
    definitions = list(catalogue.definitions.values())
    ticks = iter([tick_of(definitions, SEED + n, least=2 * SERIES_MAX) for n in range(rounds + 1)])
    exposition = Exposition(catalogue.definitions)
    show(exposition, next(ticks))
    return _least(
        f"of {2 * SERIES_MAX:,} series those that may be shown", lambda: show(exposition, next(ticks)), rounds
    )


async def _over_http(catalogue: Catalogue, ticks: list[Ticked]) -> Cost:
    """What a worker needs to answer a scrape, up to the last byte at whoever asked."""
    stage = BoardStage(0, partitions=1)
    stage.board(TENANT)
    crew = cast(Crew, SimpleNamespace(slots={0: Owned(stage)}, is_ready=lambda _: True))
    scrapes = Scrapes(BoardMetrics(), crew, catalogue.definitions)
    server = serve_metrics(scrapes, asyncio.get_running_loop(), "127.0.0.1", METRICS_PORT)
    assert server is not None, "no port is free"
    address = f"http://127.0.0.1:{server.server_address[1]}/metrics"
    found: list[Cost] = []
    for tick in ticks:
        await scrapes.take(0, cast(Tick, tick))
        found.append(await asyncio.to_thread(_least, "the same over HTTP", lambda: urlopen(address).read(), 1))
    server.shutdown()
    return Cost(found[0].what, min(cost.wall_ms for cost in found[1:]), min(cost.cpu_ms for cost in found[1:]))


def _least(what: str, work: Callable[[], object], rounds: int) -> Cost:
    found = []
    for _ in range(rounds):
        wall, cpu = perf_counter(), process_time()
        work()
        found.append(((perf_counter() - wall) * 1e3, (process_time() - cpu) * 1e3))
    return Cost(what, min(wall for wall, _ in found), min(cpu for _, cpu in found))


def _series(text: bytes) -> dict[Place, float]:
    """The number of every series; no label here holds a quote, a comma or a brace."""
    found: dict[Place, float] = {}
    for line in text.decode().splitlines():
        if not line.startswith("#"):
            place, _, number = line.rpartition(" ")
            name, _, labels = place.rstrip("}").partition("{")
            pairs = sorted((label, text.strip('"')) for label, _, text in map(_split, labels.split(",")))
            found[name, tuple(pairs)] = float(number)
    return found


def _split(pair: str) -> tuple[str, str, str]:
    return pair.partition("=")


def _set(gauges: dict[str, Gauge], series: dict[Place, float]) -> None:
    for (name, labels), number in series.items():
        gauges[name].labels(*(text for _, text in labels)).set(number)
