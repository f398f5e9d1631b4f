"""What a tenant is configured to: days, money, policy."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.data import TenantConfigured
from stream.board.organisation import Organisation
from stream.board.reference.versions import Version, by_day, patched
from stream.calendars import Calendar, zone_spans


@dataclass(frozen=True)
class Settings:
    """As configured before a cut. Unset: UTC, Monday, January, no base currency, everybody ranked."""

    calendar: Calendar
    base_currency: str | None
    ranking: str
    min_n: int | None
    by_day: tuple[Version[TenantConfigured], ...]


def settings_of(organisation: Organisation, cut_ms: int) -> Settings:
    """A tenant's settings as of a cut."""

    def make() -> Settings:
        said = organisation.in_force(TenantConfigured, cut_ms)
        now = TenantConfigured()
        for _, data in said:
            now = patched(now, data)
        zones = [(time_ms, data.time_zone) for time_ms, data in said if data.time_zone is not None]
        calendar = Calendar(zone_spans(zones), now.week_starts_on or 1, now.fiscal_year_starts_in or 1)
        return Settings(calendar, now.base_currency, now.ranking or "full", now.min_n, tuple(by_day(said, calendar)))

    return organisation.remember(("settings", organisation.version(TenantConfigured, cut_ms)), make)
