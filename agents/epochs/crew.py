"""The slots of one stage that this worker owns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from agents.epochs.port import Log
from agents.epochs.restore import Kept
from agents.epochs.slot import Slot, SlotEvents, SlotSpec
from schemas.records import RecordBatch


class Crew:
    """Opens slots when partitions are assigned, feeds them, releases them when partitions are taken away.

    Rebalances are stop-the-world for the group: everything is released, then what is assigned is opened again. The
    state of a cleanly released slot is kept until the next assignment says whether it comes back.
    """

    def __init__(self, spec: SlotSpec, log: Log, events: SlotEvents) -> None:
        self.spec, self.log, self.events = spec, log, events
        self.slots: dict[int, Slot] = {}
        self._kept: dict[int, Kept] = {}

    def assign(self, partitions: Iterable[int]) -> None:
        """Take over ``partitions``. Nothing may be owned at that time."""
        assert not self.slots, f"{self.spec.name}: assigned {sorted(partitions)} while owning {sorted(self.slots)}"
        kept, self._kept = self._kept, {}
        for partition in sorted(partitions):
            slot = Slot(self.spec, partition, log=self.log, events=self.events, kept=kept.get(partition))
            self.slots[partition] = slot
            slot.start()

    async def release(self, timeout_s: float) -> None:
        """Commit and hand back everything, within about ``timeout_s``."""
        slots, self.slots = self.slots, {}
        for slot, kept in zip(
            slots.values(), await asyncio.gather(*(s.release(timeout_s) for s in slots.values())), strict=True
        ):
            if kept is not None:
                self._kept[slot.partition] = kept

    def is_ready(self, partition: int) -> bool:
        """Whether the slot of ``partition`` is restored and wants records."""
        slot = self.slots.get(partition)
        return slot is not None and slot.ready

    async def feed(self, batch: RecordBatch) -> None:
        """Fold ``batch`` and, if its slot has reached the bound of an epoch, wait until that epoch is ended."""
        slot = self.slots.get(batch.partition)
        if slot is not None:
            slot.accept(batch)
            await slot.room.wait()
