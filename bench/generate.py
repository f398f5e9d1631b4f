"""The benchmark's logs: stories of Zipf accounts with late, repeated, revised and voided events; the same for a seed.

`timed` is what is measured. `preload` gives every account a lead (some a touch too) beforehand: the full state.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.facts import TYPES, Fact, Stated, SurveyAnswered
from bench.keys import ACCOUNTS_MAX, TENANT, subject_of
from bench.log import EventLog, load
from bench.stories import VOIDABLE, Teller, corrected
from bench.totals import totals_of
from config.machine import cache_folder

FORMAT = 1  # of the cached files and of what the stories say: raised when either changes
ANCHOR_MS = 1_798_761_600_000  # nominal end of the log, 2027-01-01; `log.shifted` moves it to the present
SPAN_MS = 45 * 60_000
PRELOAD_SPAN_MS = 60 * 60_000
PUBLISHERS = ("crm/eu", "crm/us", "dialer/main", "shop/web", "mail/gateway", "survey/tool")
ULID_LETTERS = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype=np.uint8)


@dataclass(frozen=True)
class Mix:
    """Sizes and shares of the log. ``late``, ``repeated`` and ``revised`` are shares of the timed records."""

    events: int = 1_000_000
    accounts: int = 1_000_000
    reps: int = 2_000
    zipf: float = 1.0
    late: float = 0.05
    repeated: float = 0.02
    revised: float = 0.01
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.accounts <= ACCOUNTS_MAX:
            raise ValueError(f"accounts is {self.accounts}; must be 1 to {ACCOUNTS_MAX}")

    @property
    def name(self) -> str:
        """A folder name that tells mixes apart."""
        shares = f"z{self.zipf}-l{self.late}-r{self.repeated}-v{self.revised}"
        return f"f{FORMAT}-s{self.seed}-e{self.events}-a{self.accounts}-p{self.reps}-{shares}"


class Logs(NamedTuple):
    preload: EventLog
    timed: EventLog


def logs_of(mix: Mix, *, folder: Path | None = None) -> Logs:
    """The logs of a mix, from the cache folder if they are there."""
    home = folder or cache_folder() / "bench" / mix.name
    preload, timed = load(home / "preload"), load(home / "timed")
    if preload is None or timed is None:
        shutil.rmtree(home, ignore_errors=True)
        gc.disable()  # millions of facts live at once and none is in a cycle
        preload, timed = make_preload(mix), make_timed(mix)
        gc.enable()
        preload.save(home / "preload")
        timed.save(home / "timed")
    return Logs(preload, timed)


def make_timed(mix: Mix) -> EventLog:
    """The log that is measured: exactly ``mix.events`` records within SPAN_MS before the anchor."""
    draw = np.random.default_rng(mix.seed)
    repeats, revisions = int(mix.events * mix.repeated), int(mix.events * mix.revised)
    told = _tell(mix, mix.events - repeats - revisions)
    arrival = np.array([stated.stated_ms for stated in told], dtype=np.int64) + draw.integers(0, 2_000, len(told))
    already = sum(stated.stated_ms != stated.time_ms for stated in told)
    delayed = draw.choice(len(told), max(0, int(mix.events * mix.late) - already), replace=False)
    arrival[delayed] += 60_000 + draw.exponential(600_000, len(delayed)).astype(np.int64)
    restated, standing = _restate(told, draw.permutation(len(told)).tolist(), revisions, Random(mix.seed))
    changed = np.fromiter(restated, dtype=np.int64, count=len(restated))
    again = draw.choice(len(told), repeats, replace=False)
    soon = np.where(draw.random(repeats) < 0.8, 5_000, 600_000)
    arrivals = np.concatenate([
        arrival,
        arrival[changed] + draw.exponential(300_000, len(changed)).astype(np.int64),
        arrival[again] + draw.exponential(soon).astype(np.int64),
    ])  # fmt: skip
    ids = _ulids(draw, np.array([stated.stated_ms for stated in told]))
    publishers = draw.integers(0, len(PUBLISHERS), len(told)).tolist()
    writer = _Writer()
    for n, stated in enumerate(told):
        writer.write(stated, ids[n], PUBLISHERS[publishers[n]], "")
    for n, correction in restated.items():
        mark = ',"revision":1' if correction is not None else ',"revision":1,"voided":true'
        writer.write(told[n]._replace(fact=correction or told[n].fact), ids[n], PUBLISHERS[publishers[n]], mark)
    for n in again.tolist():
        writer.repeat(n)
    left = [(stated.time_ms, PUBLISHERS[publishers[n]], ids[n], stated) for n, stated in enumerate(standing) if stated]
    in_order = [kept[3] for kept in sorted(left, key=lambda kept: kept[:3])]
    return writer.log(np.minimum(arrivals, ANCHOR_MS), in_order, accepted=len(told) + len(restated))


def make_preload(mix: Mix) -> EventLog:
    """A lead for every account, and for three in ten a touch on it, in the hour before the timed log."""
    draw = np.random.default_rng(mix.seed + 1)
    teller = Teller(mix.seed + 1, reps=mix.reps, prefix="P")
    end_ms = ANCHOR_MS - SPAN_MS - 60_000
    moments = np.sort(draw.integers(end_ms - PRELOAD_SPAN_MS, end_ms, mix.accounts)).tolist()
    told: list[Stated] = []
    for account, time_ms in zip(draw.permutation(mix.accounts).tolist(), moments, strict=True):
        created, *touches = teller.first_contact()
        told.append(Stated(time_ms, time_ms, account, created))
        told.extend(Stated(time_ms + 1, time_ms + 1, account, touch) for touch in touches)
    arrival = np.array([stated.stated_ms for stated in told], dtype=np.int64)
    ids = _ulids(draw, arrival)
    writer = _Writer()
    for n, stated in enumerate(told):
        writer.write(stated, ids[n], PUBLISHERS[n % len(PUBLISHERS)], "")
    return writer.log(arrival, told, accepted=len(told))


def _tell(mix: Mix, count: int) -> list[Stated]:
    """Stories until there are ``count`` facts; the accounts are Zipf: the k-th of them has a share ∝ 1 / k^zipf."""
    draw = np.random.default_rng(mix.seed + 2)
    cumulated = np.cumsum(1.0 / np.arange(1, mix.accounts + 1) ** mix.zipf)
    numbers = draw.permutation(mix.accounts)
    teller = Teller(mix.seed, reps=mix.reps)
    told: list[Stated] = []
    while len(told) < count:
        ranks = np.searchsorted(cumulated, draw.random(10_000) * cumulated[-1])
        for account in numbers[ranks].tolist():
            told.extend(teller.tell(account, start_ms=ANCHOR_MS - SPAN_MS, end_ms=ANCHOR_MS))
            if len(told) >= count:
                break
    return told[:count]


def _restate(
    told: Sequence[Stated], candidates: list[int], revisions: int, random: Random
) -> tuple[dict[int, Fact | None], list[Stated | None]]:
    """What is revised, by index of the fact (None: voided), and what stands in the end (None: nothing)."""
    restated: dict[int, Fact | None] = {}
    standing: list[Stated | None] = list(told)
    for n in candidates:
        if len(restated) == revisions:
            break
        fact = told[n].fact
        if isinstance(fact, VOIDABLE) and random.random() < 0.1:
            restated[n] = standing[n] = None
        elif (correction := corrected(fact, random)) is not None:
            restated[n] = correction
            standing[n] = told[n]._replace(fact=correction)
    return restated, standing


def _ulids(draw: np.random.Generator, stated_ms: NDArray[np.int64]) -> list[str]:
    """An id for each fact: ten letters of time, sixteen at random."""
    letters = draw.integers(0, 32, (len(stated_ms), 26), dtype=np.uint8)
    rest = stated_ms.copy()
    for column in range(9, -1, -1):
        rest, letters[:, column] = np.divmod(rest, 32)
    text = ULID_LETTERS[letters].tobytes().decode()
    return [text[start : start + 26] for start in range(0, len(text), 26)]


class _Writer:
    """Spells records and gathers their columns."""

    def __init__(self) -> None:
        self._raw: list[bytes] = []
        self._columns: list[tuple[int, int, int, int, int]] = []  # account, time_ms, time_at, group, answer
        self._groups: dict[tuple[str, str], int] = {}

    def write(self, stated: Stated, event_id: str, publisher: str, mark: str) -> None:
        """Add a record. ``mark``: further attributes; a void has no data."""
        time_ms, _, account, fact = stated
        kind = TYPES[type(fact)]
        head = f'{{"specversion":"1.0","id":"{event_id}","source":"{publisher}","type":"{kind}","time":"'
        voided = mark.endswith("true")
        body = "" if voided else f',"data":{fact.text()}'
        self._raw.append(
            f'{head}{_spelled(time_ms)}","subject":"{subject_of(account)}","tenant":"{TENANT}",'
            f'"datacontenttype":"application/json"{mark}{body}}}'.encode()
        )
        rep = "" if voided else getattr(fact, "rep", None) or ""
        group = self._groups.setdefault((rep, kind), len(self._groups))
        answer = -1
        if isinstance(fact, SurveyAnswered) and fact.kind == "nps" and not voided:
            answer = 0 if fact.score >= 9 else 1 if fact.score >= 7 else 2
        self._columns.append((account, time_ms, len(head), group, answer))

    def repeat(self, n: int) -> None:
        """Add record ``n`` once more."""
        self._raw.append(self._raw[n])
        self._columns.append(self._columns[n])

    def log(self, arrivals: NDArray[np.int64], standing: Sequence[Stated], *, accepted: int) -> EventLog:
        """The records in the order of their arrival."""
        order = np.argsort(arrivals, kind="stable")
        raw = [self._raw[n] for n in order.tolist()]
        columns = np.array(self._columns, dtype=np.int64)[order]
        return EventLog(
            values=np.frombuffer(b"".join(raw), dtype=np.uint8),
            offsets=np.concatenate([[0], np.cumsum([len(record) for record in raw])]).astype(np.int64),
            accounts=columns[:, 0].astype(np.int32),
            arrival_ms=arrivals[order],
            time_ms=columns[:, 1].copy(),
            time_at=columns[:, 2].astype(np.int16),
            groups=columns[:, 3].astype(np.int32),
            answers=columns[:, 4].astype(np.int8),
            labels=list(self._groups),
            totals=totals_of(standing),
            accepted=accepted,
        )


_minutes: dict[int, str] = {}


def _spelled(time_ms: int) -> str:
    minute, rest = divmod(time_ms, 60_000)
    head = _minutes.get(minute)
    if head is None:
        head = _minutes[minute] = str(np.datetime64(minute, "m"))
    return f"{head}:{rest // 1000:02d}.{rest % 1000:03d}Z"
