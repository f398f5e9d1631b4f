"""Every window of a moment as a span of time, by the company's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from cli.demo.company import MINUTE_MS, ZONE

ROLLING_MINUTES = {"15m": 15, "1h": 60, "24h": 1_440}
ROLLING_DAYS = {"7d": 7, "30d": 30, "90d": 90}


def spans(first_ms: int, begin_ms: int, cut_ms: int) -> Iterator[tuple[str, int, int]]:
    """Every window: name, start and exclusive end in epoch milliseconds; ``all`` from ``begin_ms``, closed periods from
    the one of ``first_ms`` on.
    """
    today = local_date(cut_ms - 1)
    for name, minutes in ROLLING_MINUTES.items():
        yield name, cut_ms - minutes * MINUTE_MS, cut_ms
    for name, days in ROLLING_DAYS.items():
        yield name, day_start_ms(today - timedelta(days=days - 1)), cut_ms
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    starts = {"today": today, "wtd": today - timedelta(days=today.weekday()), "mtd": today.replace(day=1)}
    for name, day in (starts | {"qtd": quarter, "ytd": date(today.year, 1, 1)}).items():
        yield name, day_start_ms(day), cut_ms
    yield "all", begin_ms, cut_ms
    first = local_date(first_ms)
    for months in (1, 3, 12):
        start = date(first.year, (first.month - 1) // months * months + 1, 1)
        while day_start_ms(end := _months_later(start, months)) <= cut_ms:
            yield _period_name(start, months), day_start_ms(start), day_start_ms(end)
            start = end


def local_date(time_ms: int) -> date:
    """The date in the company's zone."""
    return datetime.fromtimestamp(time_ms / 1000, ZONE).date()


@lru_cache(maxsize=4_096)
def day_start_ms(day: date) -> int:
    """When the local day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp() * 1000)


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)


def _period_name(start: date, months: int) -> str:
    if months == 1:
        return f"month:{start:%Y-%m}"
    return f"quarter:{start.year}-Q{(start.month + 2) // 3}" if months == 3 else f"year:{start.year}"
