"""BOARD alone: cells applied, everything read, ticks, alerts judged. CPU time of one process, on one board.

A tick is measured over every KPI and every window, and over what is published; the first one, one a second of events
later in the same minute, and one when the minute has turned.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from bench.office import NOW_MIN, NOW_MS, TENANT, Size, history, organisation, second
from config.alerts import load_alerts
from config.catalogue import load_definitions
from schemas.cells import MINUTE_MS, decode_cells
from schemas.event import Event, decode
from schemas.records import RecordBatch
from stream.alerts.engine import Alerts, judge_moment
from stream.alerts.rules import Rules
from stream.board.board import Board
from stream.board.moment import moment_at
from stream.board.stage import CELLS, BoardStage
from stream.board.tick import Ticker
from stream.board.values import every_value
from stream.board.windows import WINDOWS
from stream.catalogue.catalogue import Catalogue

EVENTS_A_SECOND = 500
YOUNG_OBJECTS = 200_000
RECORDS_IN_A_BATCH = 50


@dataclass(frozen=True)
class Line:
    """CPU seconds of something, and how many of what it was."""

    what: str
    count: int
    of: str
    cpu_s: float


def measure_board(size: Size, *, seed: int = 1, seconds: int = 3) -> tuple[list[Line], bool]:
    """Build a board and time what is done with it; whether the last tick is what one that remembers nothing reads."""
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)
    stage = BoardStage(0, partitions=1)
    board = stage.board(TENANT)
    for raw in organisation(size):
        event = decode(raw)
        assert isinstance(event, Event), event
        assert board.organisation.judge(event) is not None
    lines = [_apply(stage, history(size, seed))]
    gc.collect()
    gc.freeze()
    catalogue = Catalogue(load_definitions())
    lines.append(_timed("read everything, closed periods left out", "values", lambda: _read(board, catalogue)))
    lines += _ticks(
        stage, size, Course("every KPI and window", NOW_MIN), Ticker(_everywhere(catalogue), series_max=10**9), seconds
    )
    ticker, last = Ticker(catalogue), NOW_MIN + 2 * seconds
    lines += _ticks(stage, size, Course("what is published", NOW_MIN + seconds), ticker, seconds)
    again, anew = (each.tick(board, TENANT, last * MINUTE_MS).values for each in (ticker, Ticker(catalogue)))
    return lines + _judged(board, catalogue, last), again == anew


def _timed(what: str, of: str, work: Callable[[], int]) -> Line:
    begun_s = time.process_time()
    count = work()
    return Line(what, count, of, time.process_time() - begun_s)


def _apply(stage: BoardStage, records: Iterable[bytes]) -> Line:
    """Fold cells records in batches; only that is timed."""
    cells, spent_s, offset, rest = 0, 0.0, stage_offset(stage), iter(records)
    while values := list(islice(rest, RECORDS_IN_A_BATCH)):
        decoded = [decode_cells(raw) for raw in values]
        cells += sum(len(each.cells) + len(each.late) for each in decoded)
        begun_s = time.process_time()
        stage.fold(_batch(values, offset))
        spent_s += time.process_time() - begun_s
        offset += len(values)
    return Line("apply", cells, "cells", spent_s)


def stage_offset(stage: BoardStage) -> int:
    """Where the next batch begins: nothing is reflected in rows here, so any number beyond those folded will do."""
    return stage.board(TENANT).version[0]


def _batch(values: Sequence[bytes], offset: int) -> RecordBatch:
    end = offset + len(values)
    keys: list[bytes | None] = [TENANT.encode()] * len(values)
    offsets, received_ms = list(range(offset, end)), [NOW_MS] * len(values)
    return RecordBatch(
        CELLS,
        0,
        start=offset,
        next_offset=end,
        keys=keys,
        values=list(values),
        offsets=offsets,
        received_ms=received_ms,
    )


def _read(board: Board, catalogue: Catalogue) -> int:
    return sum(1 for _ in every_value(board, catalogue, as_of_ms=NOW_MS, windows=WINDOWS))


def _everywhere(catalogue: Catalogue) -> Catalogue:
    """The catalogue with everything published in every window in which it is listed."""
    return Catalogue(
        each.model_copy(
            update={"publish_windows": each.listed_windows or tuple(w for w in WINDOWS if _fits(each.windows, w))}
        )
        for each in catalogue.definitions.values()
    )


def _fits(windows: tuple[str, ...], window: str) -> bool:
    return not windows or window in windows


class Course(NamedTuple):
    """What is ticked, from which minute on."""

    what: str
    minute: int


def _ticks(stage: BoardStage, size: Size, course: Course, ticker: Ticker, seconds: int) -> list[Line]:
    board, what, minute = stage.board(TENANT), course.what, course.minute
    lines = [_tick(ticker, board, f"first tick of {what}", minute)]
    for number in range(seconds):
        _apply(stage, second(size, minute + number, events=EVENTS_A_SECOND, minute=minute))
        lines.append(_tick(ticker, board, f"tick of {what}, a second of events later", minute))
    for later in range(minute + 1, minute + 1 + seconds):
        _apply(stage, second(size, later, events=EVENTS_A_SECOND, minute=later))
        lines.append(_tick(ticker, board, f"tick of {what}, the minute turned", later))
    return lines


def _tick(ticker: Ticker, board: Board, what: str, minute: int) -> Line:
    return _timed(what, "values", lambda: len(ticker.tick(board, TENANT, minute * MINUTE_MS).values))


def _judged(board: Board, catalogue: Catalogue, minute: int) -> list[Line]:
    """Judge alerts, and again when the minute has turned."""
    rules, alerts, lines = Rules(load_alerts(), catalogue), Alerts(TENANT), list[Line]()
    for number in range(3):
        moment_ms = MINUTE_MS * (minute + number)

        def work(moment_ms: int = moment_ms) -> int:
            return sum(1 for _ in judge_moment(moment_at(board, moment_ms), rules, alerts, ()))

        lines.append(_timed("judge alerts", "readings", work))
    return lines


def board_table(lines: list[Line]) -> str:
    """The lines as a Markdown table."""
    head = "| what | how many | CPU s | µs each | a second |\n| --- | --- | --- | --- | --- |\n"
    rows = [
        f"| {line.what} | {line.count:,} {line.of} | {line.cpu_s:.2f} | {line.cpu_s / max(line.count, 1) * 1e6:.1f} "
        f"| {line.count / max(line.cpu_s, 1e-9):,.0f} |\n"
        for line in lines
    ]
    return head + "".join(rows)
