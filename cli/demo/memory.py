"""What a demo knows when it stops, kept beside its log. It only saves time: the log alone would tell the same."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cli.demo.accounts import Account

FILE = "memory.json"


class Memory(msgspec.Struct, frozen=True):
    """Where everything stood. ``ends`` is where the log ended then: a log that ends elsewhere tells something else.

    The history lies in [``begin_ms``, ``end_ms``), everything until ``told_ms`` was told; ``touches`` of it stand.
    """

    ends: dict[str, int]
    begin_ms: int
    end_ms: int
    told_ms: int
    touches: int
    accounts: list[Account]


def remember(folder: Path, memory: Memory) -> None:
    """Write it in one step, so that a crash leaves the old one or none."""
    part = folder / f"{FILE}.part"
    part.write_bytes(msgspec.json.encode(memory))
    part.rename(folder / FILE)


def remembered(folder: Path | None, ends: dict[str, int]) -> Memory | None:
    """What is known of the log that ends there; None: it has to be read."""
    if folder is None or not (folder / FILE).exists():
        return None
    try:
        memory = msgspec.json.decode((folder / FILE).read_bytes(), type=Memory)
    except msgspec.MsgspecError:
        return None
    return memory if memory.ends == ends else None
