"""Ticks as small as can be."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.kpi import KpiValue
from stream.board.tick import Tick

SCOPES = ("company", "team:North/East", "rep:R-1")


def tick(at_ms: int, numbers: Iterable[int], *, tenant: str = "acme") -> Tick:
    """Revenue of SCOPES, as many as there are numbers, read at a second of 10:15 or later."""
    as_of = f"2026-11-23T10:{15 + at_ms // 60_000}:00Z"
    values = tuple(
        KpiValue(
            kpi="revenue",
            scope=scope,
            window="today",
            as_of=as_of,
            value=number,
            unit="money",
            n=1,
            numerator=number,
            denominator=None,
            facets={},
            status="live",
            restated_at=None,
            definition=1,
        )
        for scope, number in zip(SCOPES, numbers, strict=False)
    )
    return Tick(tenant, at_ms, values, len(values), 0)
