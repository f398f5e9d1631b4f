"""A log of events as columns in files, so that a million can be made once and read in a moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.digest import hand_digest
from bench.totals import Address, Totals

TIME_BYTES = len("2026-11-22T10:15:00.123Z")
HOUR_MS = 3_600_000
NPS_CLASSES = 3  # promoters, passives, detractors


@dataclass(frozen=True)
class EventLog:
    """Events in the order of their arrival. The columns are parallel, one entry a record.

    values     the CloudEvents, one after the other (record n starts at offsets[n] and ends at offsets[n + 1])
    accounts   whose event it is
    arrival_ms when it reaches the log (epoch milliseconds), never falling
    time_ms    its `time`, and time_at where in the record that is spelled
    groups     index into ``labels`` (rep, type): what the hand script groups by
    answers    −1, or the NPS class of an answer: 0 promoter, 1 passive, 2 detractor
    totals     what ACCOUNTS has to come to; accepted: how many records it has to accept
    """

    values: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    accounts: NDArray[np.int32]
    arrival_ms: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    time_at: NDArray[np.int16]
    groups: NDArray[np.int32]
    answers: NDArray[np.int8]
    labels: list[tuple[str, str]]
    totals: Totals
    accepted: int

    def __len__(self) -> int:
        return len(self.accounts)

    @cached_property
    def raw(self) -> list[bytes]:
        """The records."""
        blob, edges = self.values.tobytes(), self.offsets.tolist()
        return [blob[start:end] for start, end in pairwise(edges)]

    def save(self, folder: Path) -> None:
        """Write the log; the last file written says that it is whole."""
        folder.mkdir(parents=True, exist_ok=True)
        self.values.tofile(folder / "values.bin")
        np.savez(
            folder / "columns.npz",
            offsets=self.offsets,
            accounts=self.accounts,
            arrival_ms=self.arrival_ms,
            time_ms=self.time_ms,
            time_at=self.time_at,
            groups=self.groups,
            answers=self.answers,
        )
        told = {
            "labels": self.labels,
            "accepted": self.accepted,
            "totals": [[*address, n] for address, n in self.totals.items()],
        }
        (folder / "log.json").write_text(json.dumps(told))


def load(folder: Path) -> EventLog | None:
    """The log in this folder, or None if there is none that is whole."""
    if not (folder / "log.json").exists():
        return None
    told = json.loads((folder / "log.json").read_text())
    with np.load(folder / "columns.npz") as columns:
        return EventLog(
            values=np.fromfile(folder / "values.bin", dtype=np.uint8),
            labels=[(rep, kind) for rep, kind in told["labels"]],
            totals={(a, b, c, d): n for a, b, c, d, n in told["totals"]},
            accepted=told["accepted"],
            **columns,
        )


def shifted(log: EventLog, by_ms: int) -> EventLog:
    """The same log, all of it ``by_ms`` later: as if the story had happened then."""
    times = log.time_ms + by_ms
    values = log.values.copy()
    spelled = np.datetime_as_string(times.astype("datetime64[ms]"), unit="ms").astype(f"S{TIME_BYTES - 1}")
    digits = spelled.view(np.uint8).reshape(len(log), TIME_BYTES - 1)
    start = log.offsets[:-1] + log.time_at
    for column in range(TIME_BYTES - 1):
        values[start + column] = digits[:, column]
    return EventLog(
        values=values,
        offsets=log.offsets,
        accounts=log.accounts,
        arrival_ms=log.arrival_ms + by_ms,
        time_ms=times,
        time_at=log.time_at,
        groups=log.groups,
        answers=log.answers,
        labels=log.labels,
        totals=log.totals,
        accepted=log.accepted,
    )


def expected_by_hand(log: EventLog) -> str:
    """The digest that the hand script has to come to over this log."""
    hours = log.time_ms // HOUR_MS
    keys, counted = np.unique(hours * len(log.labels) + log.groups, return_counts=True)
    counts: dict[tuple[int, str, str], int] = {}
    for key, n in zip(keys.tolist(), counted.tolist(), strict=True):
        hour, group = divmod(key, len(log.labels))
        counts[hour * HOUR_MS, *log.labels[group]] = n
    answered = log.answers >= 0
    cells, counted = np.unique(log.groups[answered] * NPS_CLASSES + log.answers[answered], return_counts=True)
    answers: dict[str, list[int]] = {}
    for cell, n in zip(cells.tolist(), counted.tolist(), strict=True):
        group, kind = divmod(cell, NPS_CLASSES)
        answers.setdefault(log.labels[group][0], [0] * NPS_CLASSES)[kind] += n
    return hand_digest(counts, answers)


def totals_digest(totals: Totals) -> str:
    """Digest of totals by address."""
    rows: list[tuple[Address, int]] = sorted(totals.items())
    return sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()[:16]
