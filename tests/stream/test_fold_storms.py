"""Crowded accounts: few leads and deals that take each other's touches, mostly in order, some late, some corrected.

Hypothesis finds small surprises; these accounts are larger and denser than what it likes to draw.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from schemas.cells import decode_cells
from schemas.event import Event, decode
from schemas.partitioning import encode_key
from schemas.records import RecordBatch
from stream.accounts.account import Account
from stream.accounts.contributions import contributions
from stream.accounts.fold import fold
from stream.accounts.stage import AccountsStage
from stream.accounts.standing import Cells, add

RECEIVED_MS = 1_774_100_000_000
NEVER_MS = -(2**61)
ACCOUNTS = 400
LEADS, DEALS, REPS, ORDERS = ("L-1", "L-2", "L-3"), ("D-1", "D-2", "D-3", "D-4"), ("R-1", "R-2"), ("O-1", "O-2")
LINES = [{"product": "P", "qty": 1, "unit_price_minor": 5}]
TYPES = (
    *("lead.created", "deal.opened", "deal.opened", "deal.won", "deal.won", "deal.lost", "deal.reopened"),
    *("touch.logged",) * 3,
    *("deal.owner_changed", "deal.stage_changed", "order.placed", "order.refunded"),
    *("customer.onboarded", "customer.churned", "appointment.held", "deal.amount_changed"),
)


class Crowd:
    """Events of one account, drawn from a seed."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def perhaps(self, share: float = 0.5, **field: tuple[Any, ...]) -> dict[str, Any]:
        """A field with one of its values, or nothing."""
        ((name, values),) = field.items()
        return {name: self.random.choice(values)} if self.random.random() < share else {}

    def data(self, name: str) -> dict[str, Any]:
        """The data of an event of a type."""
        deal = {"deal": self.random.choice(DEALS)}
        rep = self.perhaps(rep=REPS)
        if name.startswith("customer."):
            return {}
        if name == "touch.logged":
            named = self.random.choice([{}, deal, deal, self.perhaps(1, lead=LEADS), self.perhaps(1, lead=LEADS)])
            kind = {"rep": self.random.choice(REPS), "kind": self.random.choice(("call", "email"))}
            phase = self.perhaps(0.2, phase=("pre_sale", "post_sale"))
            return kind | named | phase | self.perhaps(0.1, automated=(True,))
        amount = {"amount_minor": self.random.randrange(1, 99)}
        order = {"order": self.random.choice(ORDERS)}
        owner = {"rep": self.random.choice(REPS)}
        own: dict[str, dict[str, Any]] = {
            "lead.created": {"lead": self.random.choice(LEADS)} | rep | self.perhaps(source=("web", "fair")),
            "deal.opened": deal | owner | self.perhaps(lead=LEADS) | amount | {"currency": "EUR"},
            "deal.amount_changed": deal | amount | {"currency": "EUR"},
            "appointment.held": {"appointment": "A-1"} | owner | self.perhaps(deal=DEALS),
            "deal.won": deal | amount | {"currency": "EUR"} | rep | self.perhaps(0.3, lead=LEADS),
            "deal.owner_changed": deal | owner,
            "deal.stage_changed": deal | {"stage": "demo"},
            "order.placed": order | {"currency": "EUR", "lines": LINES} | rep | self.perhaps(0.4, deal=DEALS),
            "order.refunded": order | amount,
        }
        return own.get(name, deal)

    def event(self, number: int, name: str, data: dict[str, Any], **more: Any) -> bytes:
        """An event at some minute of four hours."""
        minute = self.random.randrange(240)
        time = f"2026-03-20T{9 + minute // 60:02}:{minute % 60:02}:00Z"
        made = {"specversion": "1.0", "id": f"e{number}", "source": "crm", "type": f"sales.{name}", "time": time}
        return json.dumps(made | {"subject": "A-1", "data": data} | more).encode()

    def events(self) -> list[bytes]:
        """Between 3 and 25 events with their revisions and voids, in the order in which they come."""
        drawn: list[bytes] = []
        for number in range(self.random.randrange(3, 26)):
            name = self.random.choice(TYPES)
            data = self.data(name)
            drawn.append(self.event(number, name, data))
            if self.random.random() < 0.12:
                drawn.append(self.event(number, name, data, revision=1, voided=self.random.random() < 0.5))
        drawn.sort(key=lambda raw: decoded(raw).time_ms)
        for _ in range(self.random.randrange(6)):
            late = drawn.pop(self.random.randrange(len(drawn)))
            drawn.insert(self.random.randrange(len(drawn) + 1), late)
        return drawn


def decoded(raw: bytes) -> Event:
    """The event behind bytes that are known to be valid."""
    found = decode(raw)
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize("seed", range(5))
def test_what_is_emitted_is_what_the_account_contributes(seed: int) -> None:
    crowd = Crowd(Random(seed))
    for _ in range(ACCOUNTS):
        events = [decoded(raw) for raw in crowd.events()]
        account, total = Account("default", "A-1"), Cells()
        for number, event in enumerate(events):
            add(total, fold(account, event, RECEIVED_MS, settle_before_ms=NEVER_MS)[1])
            if crowd.random.random() < 0.3 or number + 1 == len(events):
                assert total == contributions(account), events[: number + 1]


@pytest.mark.parametrize("seed", range(3))
def test_what_a_partition_says_is_what_its_account_contributes(seed: int) -> None:
    """Through the hot path, where touches are only stored, and over restores in between."""
    crowd = Crowd(Random(100 + seed))
    key = encode_key("default", "A-1")
    for _ in range(ACCOUNTS // 2):
        raws, total, rows = crowd.events(), Cells(), dict[bytes, bytes | None]()
        stage = AccountsStage(0, partitions=1, cells_partitions=1)
        for offset, raw in enumerate(raws):
            end, receipts = offset + 1, [RECEIVED_MS + offset]
            stage.fold(
                RecordBatch(
                    "activity",
                    0,
                    start=offset,
                    next_offset=end,
                    keys=[key],
                    values=[raw],
                    offsets=[offset],
                    received_ms=receipts,
                )
            )
            snapshot = stage.snapshot({"activity": end}, flush_before={"activity": end})
            rows |= dict(snapshot.rows)
            for output in snapshot.outputs:
                record = decode_cells(output.value or b"")
                for *cell, packed in record.cells:
                    add(total, {tuple(cell): int(packed)})  # type: ignore[dict-item]  # the six parts of a Cell
                for *cell, packed, _ in record.late:
                    add(total, {tuple(cell): int(packed)})  # type: ignore[dict-item]  # the six parts of a Cell
            if crowd.random.random() < 0.1:
                stage = AccountsStage(0, partitions=1, cells_partitions=1)
                for row_key, row in rows.items():
                    stage.restore_row(row_key, row or b"")
                stage.restore_position(snapshot.position)
                stage.finish_restore()
        account = stage.shelf.live.get(key) or stage.shelf.thaw(key, "default", "A-1")
        assert account is not None
        assert total == contributions(account), raws
