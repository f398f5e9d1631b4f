"""The real stages in a story: what faults may not change is what one quiet pass over the same log gives."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from types import ModuleType

from agents.epochs.port import Safeguards
from config.catalogue import load_definitions
from schemas.kpi import to_line
from schemas.partitioning import encode_key, home_partition
from schemas.records import RecordBatch, Stage
from schemas.rows import POSITION_KEY
from stream.accounts.native_stage import NativeStage
from stream.accounts.options import AccountsOptions
from stream.accounts.shelf import ACCOUNT_BYTES
from stream.accounts.stage import AccountsStage
from stream.board.board import Board
from stream.board.stage import BoardStage
from stream.board.values import every_value
from stream.catalogue.catalogue import Catalogue
from tests.simulation.kit import ACTIVITY_PARTITIONS, CELLS_PARTITIONS
from tests.simulation.log import BEGINNING_MS, SimulatedLog

ACCOUNTS, REPS, TENANTS = 8, 3, 2
REPEATED, REVISED, ELSEWHERE, BROKEN, ORGANISATION = 0.1, 0.05, 0.05, 0.03, 0.03
HOUR_MS = 3_600_000
Event = dict[str, object]


class RealKit:
    """AccountsStage and BoardStage. With ``core``, the extension module, two of three of the former are in C++: each
    goes on from the rows that the one before wrote, whichever that was.
    """

    def __init__(
        self, log: SimulatedLog, rng: random.Random, safeguards: Safeguards, core: ModuleType | None = None
    ) -> None:
        self.log, self.rng, self.core = log, rng, core
        self._made = 0
        self._sent: list[Event] = []
        self._published = 0
        self._passed: tuple[int, ...] = ()  # the ends of the inputs at the last quiet pass
        self._wanted: tuple[dict[str, list[bytes]], Counter[str]] = {}, Counter()

    def create(self, stage: str, partition: int) -> Stage:
        """See Kit."""
        if stage == "board":
            return _board(partition)
        self._made += 1
        return _accounts(partition, self.core if self._made % 3 else None)

    # ---- publishing

    async def publish(self, seconds: float) -> None:
        """See Kit."""
        until = self.log.loop.time() + seconds
        while self.log.loop.time() < until:
            for _ in range(self.rng.randrange(5)):
                self._publish_activity()
            if self.rng.random() < ORGANISATION:
                tenant = f"t{self.rng.randrange(TENANTS)}"
                data = {"rep": f"R-{self.rng.randrange(REPS)}", "team": self.rng.choice(("north", "south"))}
                raw = json.dumps(self._envelope("sales.roster.changed", tenant, "roster", data)).encode()
                home = home_partition(tenant.encode(), CELLS_PARTITIONS)
                self.log.append(("organisation", home), tenant.encode(), raw)
            await asyncio.sleep(self.rng.choice((0.01, 0.1, 0.5)))

    def _publish_activity(self) -> None:
        anywhere, draw = self.rng.randrange(ACTIVITY_PARTITIONS), self.rng.random()
        if draw < BROKEN:
            self.log.append(("activity", anywhere), b"t0/A", b"not JSON")
            return
        if self._sent and draw < BROKEN + REPEATED:
            event = self.rng.choice(self._sent)
        elif self._sent and draw < BROKEN + REPEATED + REVISED:
            event = {
                **self.rng.choice(self._sent),
                "revision": self.rng.randrange(1, 4),
                "voided": self.rng.random() < 0.3,
            }
        else:
            event = self._new_event()
        self._sent.append(event)
        key = encode_key(str(event["tenant"]), str(event["subject"]))
        home = home_partition(key, ACTIVITY_PARTITIONS)
        place = anywhere if self.rng.random() < ELSEWHERE else home
        self.log.append(("activity", place), key, json.dumps(event).encode())

    def _new_event(self) -> Event:
        account = self.rng.randrange(ACCOUNTS)
        deal, rep = f"D-{account}-{self.rng.randrange(2)}", f"R-{self.rng.randrange(REPS)}"
        kind, data = self.rng.choice(
            (
                ("sales.touch.logged", {"rep": rep, "kind": self.rng.choice(("call", "email")), "deal": deal}),
                ("sales.touch.logged", {"rep": rep, "kind": "demo", "deal": deal}),
                ("sales.deal.opened", {"deal": deal, "rep": rep}),
                ("sales.deal.won", {"deal": deal, "amount_minor": self.rng.randrange(9_999), "currency": "EUR"}),
                ("sales.deal.lost", {"deal": deal}),
                ("sales.deal.reopened", {"deal": deal}),
                ("sales.lead.created", {"lead": f"L-{account}", "rep": rep, "source": "web"}),
                ("sales.survey.answered", {"survey": "S", "kind": "nps", "score": 9, "scale": {"min": 0, "max": 10}}),
            )
        )
        return self._envelope(kind, f"t{account % TENANTS}", f"A-{account}", data)

    def _envelope(self, kind: str, tenant: str, subject: str, data: Mapping[str, object]) -> Event:
        self._published += 1
        at = datetime.fromtimestamp((self.log.now_ms() - self.rng.randrange(72 * HOUR_MS)) / 1000, UTC)
        fixed: Event = {
            "specversion": "1.0",
            "id": str(self._published),
            "source": "sim",
            "type": kind,
            "tenant": tenant,
        }
        return fixed | {"time": at.isoformat().replace("+00:00", "Z"), "subject": subject, "data": data}

    # ---- what must be true

    def difference(self) -> str:
        """Every value and every verdict as one quiet pass over the log gives them; verdicts add up to the records."""
        received = sum(len(self.log.entries(("activity", p))) for p in range(ACTIVITY_PARTITIONS))
        verdicts = _verdicts(self.log)
        if sum(verdicts.values()) != len(self.log.committed("activity")):
            return f"{sum(verdicts.values())} verdicts for {len(self.log.committed('activity'))} of {received} offsets"
        wanted, wanted_verdicts = self._quiet()
        if verdicts != wanted_verdicts:
            return f"verdicts are {verdicts}, should be {wanted_verdicts}"
        values = self._values(_restored(self.log))
        for tenant in sorted(wanted | values):
            odd = set(values.get(tenant, [])) ^ set(wanted.get(tenant, []))
            if odd:
                return f"{tenant} differs in {len(odd)} values, {sorted(odd)[0]!r} among them"
        return ""

    def _quiet(self) -> tuple[dict[str, list[bytes]], Counter[str]]:
        """Values and verdicts of one quiet pass; made again only when there is more in the inputs."""
        ends = tuple(
            end
            for role, count in (("activity", ACTIVITY_PARTITIONS), ("organisation", CELLS_PARTITIONS))
            for p in range(count)
            for end in (len(self.log.entries((role, p))), self.log.stable((role, p)))
        )
        if ends != self._passed:
            boards, verdicts = _quiet_pass(self.log)
            self._passed, self._wanted = ends, (self._values(boards), verdicts)
        return self._wanted

    @staticmethod
    def _values(boards: dict[str, Board]) -> dict[str, list[bytes]]:
        as_of_ms = BEGINNING_MS + HOUR_MS
        return {
            t: [to_line(v) for v in every_value(board, _catalogue(), as_of_ms=as_of_ms)] for t, board in boards.items()
        }


def _accounts(partition: int, core: ModuleType | None = None) -> AccountsStage:
    options = AccountsOptions(memory_bytes=4 * ACCOUNT_BYTES)  # so little that accounts come and go all the time
    make = AccountsStage if core is None else partial(NativeStage, core=core)
    return make(partition, partitions=ACTIVITY_PARTITIONS, cells_partitions=CELLS_PARTITIONS, options=options)


def _board(partition: int) -> BoardStage:
    return BoardStage(partition, partitions=CELLS_PARTITIONS)


@cache
def _catalogue() -> Catalogue:
    return Catalogue(load_definitions())


def _whole(log: SimulatedLog, role: str, partition: int) -> RecordBatch:
    return log.batch((role, partition), 0, len(log.entries((role, partition))) + 1) or RecordBatch(
        role, partition, start=0, next_offset=0, keys=[], values=[], offsets=[], received_ms=[]
    )


def _restored(log: SimulatedLog) -> dict[str, Board]:
    """The boards as their committed rows and position say."""
    boards: dict[str, Board] = {}
    for p in range(CELLS_PARTITIONS):
        stage, rows = _board(p), log.rows("board_state", p)
        position = rows.pop(POSITION_KEY, None)
        for key, value in rows.items():
            stage.restore_row(key, value)
        if position is not None:
            at = stage.restore_position(position)
            for source in stage.sources:
                stage.refold(_whole(log, source, p).between(at.floors[source], at.offsets[source]))
        boards |= stage.tenants
    return boards


def _verdicts(log: SimulatedLog) -> Counter[str]:
    found: Counter[str] = Counter()
    for p in range(ACTIVITY_PARTITIONS):
        stage, position = _accounts(p), log.rows("accounts_state", p).get(POSITION_KEY)
        if position is not None:
            stage.restore_position(position)
            found += Counter({str(code): n for code, n in stage.tallies.total().items()})
    return found


def _quiet_pass(log: SimulatedLog) -> tuple[dict[str, Board], Counter[str]]:
    """Boards and verdicts of fresh stages over the committed inputs, with no fault at all."""
    boards, verdicts = [_board(p) for p in range(CELLS_PARTITIONS)], Counter[str]()
    for p in range(ACTIVITY_PARTITIONS):
        accounts, batch = _accounts(p), _whole(log, "activity", p)
        accounts.fold(batch)
        end = {"activity": batch.next_offset}
        for output in accounts.snapshot(end, flush_before=end).outputs:
            if output.topic == "cells":
                boards[output.partition].fold(_one(output.key, output.value))
        verdicts += Counter({str(code): n for code, n in accounts.tallies.total().items()})
    for p, board in enumerate(boards):
        board.fold(_whole(log, "organisation", p))
    return {tenant: board for stage in boards for tenant, board in stage.tenants.items()}, verdicts


def _one(key: bytes | None, value: bytes | None) -> RecordBatch:
    return RecordBatch("cells", 0, start=0, next_offset=1, keys=[key], values=[value], offsets=[0], received_ms=[0])
