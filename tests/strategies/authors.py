"""What events of every activity type say, drawn from a seed by the shapes of their data: no type or field is left out.

A cast is so small that everything happens to the same few; the odd author breaks a rule now and then.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from random import Random
from typing import Any

from msgspec import inspect

from schemas.types import ACTIVITY_TYPES

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
INT64_MAX = 2**63 - 1
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - years before 1970 are reached by adding to it
TYPE_NAMES = tuple(row.name for row in ACTIVITY_TYPES)
SHAPES: dict[str, Any] = {row.name: inspect.type_info(row.struct) for row in ACTIVITY_TYPES}

AMOUNTS = (0, 1, 2, 3, 5, 7, 99, 100, 200, 1_001, 40_000, 99_999)
VAST = (2**31, 2**32 - 1, 2**53 + 1, 2**62, INT64_MAX - 1, INT64_MAX)
SECONDS = (0, 59, 310, 2_699, 2_700, 2_701, 5_400, 43_199, 43_200, 43_260, 10**9, INT64_MAX)
EXOTIC = (
    *(
        "Ä-日本",
        "🦊",
        "x" * 256,
        "ß" * 256,
        "🦊" * 256,
        "a|b",
        "a:b",
        "_none",
        " ",
        "a/b",
        'q"\\',
        "tab\t\n",
        "e\u0301",
    ),
    *("\u200b", "Z\u0130", "0", "null", "rep", "\x7f", "\ufeffx", "\ud83e\udd8a"),
)
SPLITS = ([5000, 5000], [3333, 3333, 3334], [3334, 3333, 3333], [1, 9999], [10_000], [2500] * 4, [100] * 100)
SCORES = (0, 6, 6.0, 6.5, 6.999999, 7, 8, 8.9, 8.9999999, 9, 9.0, 10, -0.0, 1e-7, 10.0)
SCALES = ((0, 10),) * 5 + ((0.0, 10.0), (-0.0, 10), (0, 5), (1, 10), (0, 100), (-5, 5), (0, 10.5), (-1e9, 1e9))
CURRENCIES = ("EUR", "EUR", "EUR", "USD", "JPY")

USUAL: dict[str, float] = {
    "deal": 0.6,
    "lead": 0.5,
    "rep": 0.7,
    "source": 0.5,
    "stage": 0.5,
    "pipeline": 0.25,
    "phase": 0.2,
    "automated": 0.15,
    "duration_s": 0.2,
    "amount_minor": 0.7,
    "currency": 0.7,
    "splits": 0.3,
    "lines": 0.25,
    "starts_at": 0.7,
}
"""How often an optional field is given; any other seldom."""
SELDOM = 0.05


@dataclass(frozen=True)
class Cast:
    """Who and what there is. ``vast`` and ``odd``: how often an amount is huge, and how often a text is strange."""

    reps: tuple[str, ...] = ("R-1", "R-2", "R-3")
    leads: tuple[str, ...] = ("L-1", "L-2", "L-3")
    deals: tuple[str, ...] = ("D-1", "D-2", "D-3", "D-4")
    orders: tuple[str, ...] = ("O-1", "O-2")
    vast: float = 0.0
    odd: float = 0.0


class Author:
    """Writes the data of events."""

    def __init__(self, random: Random, cast: Cast) -> None:
        self.random = random
        self.cast = cast
        self.pools: dict[str, tuple[Any, ...]] = {
            "rep": cast.reps,
            "lead": cast.leads,
            "deal": cast.deals,
            "order": cast.orders,
            "currency": CURRENCIES,
            "source": ("web", "fair", "ads"),
            "stage": ("demo", "proposal", "won|by"),
            "pipeline": ("new", "renewal"),
            "duration_s": SECONDS,
            "expected_close": ("2026-12-31", "2028-02-29", "1900-01-01"),
            "fit_score": (0, 1, 0.5, 0.25, 1.0, 0.1),
            "qty": (1, 1, 1, 2, 3, 1_000),
            "automated": (True, True, False),
        }

    def data(self, type_name: str, time_ms: int) -> dict[str, Any]:
        """The data of an event of a type at a time."""
        said = self._said(SHAPES[type_name], time_ms)
        self._mend(type_name, said)
        if self.random.random() < 0.1:
            said = dict(self.random.sample(list(said.items()), len(said)))
        return said

    def _said(self, shape: Any, time_ms: int) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for field in shape.fields:
            if field.required or self.random.random() < USUAL.get(field.name, SELDOM):
                said[field.name] = self._value(field.name, field.type, time_ms)
        return said

    def _value(self, name: str, shape: Any, time_ms: int) -> Any:  # noqa: PLR0911 - a case for each shape
        draw = self.random
        if isinstance(shape, inspect.UnionType):
            return self._value(name, next(t for t in shape.types if not isinstance(t, inspect.NoneType)), time_ms)
        if name in ("starts_at", "due_at"):
            return self._instant(time_ms)
        if name == "splits":
            return self._splits()
        if name == "score":
            return draw.choice(SCORES)
        if name == "scale":
            low, high = draw.choice(SCALES)
            return {"min": low, "max": high}
        if isinstance(shape, inspect.IntType):
            return self._whole(name)
        if isinstance(shape, inspect.StrType) and name not in ("currency", "expected_close"):
            is_odd = draw.random() < self.cast.odd
            return draw.choice(EXOTIC) if is_odd else draw.choice(self.pools.get(name, ("x", "y")))
        if name in self.pools:
            return draw.choice(self.pools[name])
        if isinstance(shape, inspect.LiteralType):
            return draw.choice(shape.values)
        if isinstance(shape, inspect.StructType):
            return self._said(shape, time_ms)
        if isinstance(shape, inspect.ListType):
            count = draw.choice((1, 1, 2, 3, 4, 9) if draw.random() < 0.97 else (40, 150))
            return [self._value("", shape.item_type, time_ms) for _ in range(count)]
        raise TypeError(f"no values for {name}: {shape}")

    def _whole(self, name: str) -> int:
        if self.random.random() < self.cast.vast:
            return self.random.choice(VAST)
        return int(self.random.choice(self.pools.get(name, AMOUNTS)))

    def _splits(self) -> list[dict[str, Any]]:
        shares = self.random.choice(SPLITS[:-1]) if self.random.random() < 0.97 else SPLITS[-1]
        names = [*self.cast.reps, *(f"S-{n}" for n in range(len(shares)))]
        low = self.random.randrange(len(self.cast.reps))
        return [{"rep": names[low + n], "share_bp": share} for n, share in enumerate(shares)]

    def _instant(self, time_ms: int) -> Any:
        ahead_ms = self.random.choice((0, 1, -1, -MINUTE_MS, MINUTE_MS, 3 * HOUR_MS, 20 * DAY_MS, 90 * DAY_MS))
        ahead_ms += self.random.choice((0, 0, MINUTE_MS, 59_999, 90 * DAY_MS, -time_ms % MINUTE_MS))
        return spelled(time_ms + ahead_ms, self.random, is_odd=self.random.random() < 0.3)

    def _mend(self, type_name: str, said: dict[str, Any]) -> None:
        """Keep the rules that a shape alone doesn't express, mostly."""
        draw = self.random
        if draw.random() < self.cast.odd / 2:
            return
        if type_name == "sales.touch.logged" and not said.get("automated"):
            said.setdefault("rep", draw.choice(self.cast.reps))
        elif type_name == "sales.order.refunded" and "lines" not in said:
            said.setdefault("amount_minor", draw.choice(AMOUNTS))
        elif type_name == "sales.survey.answered":
            scale = said["scale"]
            said["score"] = min(max(said["score"], scale["min"]), scale["max"])


def spelled(time_ms: int, random: Random | None = None, *, is_odd: bool = False) -> str:
    """An instant as text; ``is_odd``: in one of the many forms that are read too."""
    seconds, ms = divmod(time_ms, 1_000)
    fraction = f".{ms:03}" if ms else ""
    if random is None or not is_odd:
        return f"{_clock(seconds)}{fraction}Z"
    offset_min = random.choice((0, 0, 330, -90, 1439, -1439, 60))
    sign, size = ("-" if offset_min < 0 else "+"), abs(offset_min)
    colon = random.choice((":", ":", ""))
    zone = random.choice(("Z", "z", "-00:00")) if not offset_min else f"{sign}{size // 60:02}{colon}{size % 60:02}"
    longer = random.choice((fraction, f".{ms:03}", f".{ms:03}999", f".{ms:03}0000001", f".{ms // 100}"))
    text = f"{_clock(seconds + offset_min * 60)}{longer}{zone}"
    return text.replace("T", random.choice("TTTt "))


def _clock(seconds: int) -> str:
    return (EPOCH + dt.timedelta(seconds=seconds)).isoformat(timespec="seconds")


def optional_fields(type_name: str) -> list[str]:
    """Names of the fields that a type's data may leave out."""
    return [field.name for field in SHAPES[type_name].fields if not field.required]
