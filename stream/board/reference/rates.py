"""Exchange rates by the day."""

from __future__ import annotations

from fractions import Fraction

from schemas.data import RateSet, TenantConfigured
from stream.board.organisation import Organisation
from stream.board.reference.settings import settings_of
from stream.board.reference.versions import Version, by_day, grouped

Rates = dict[str, list[tuple[int, Fraction]]]
"""Currency → (first minute, base units per unit) in order of time."""


def rates_of(organisation: Organisation, cut_ms: int) -> Rates:
    """The rates known before a cut; each rules the days at whose end it is in force."""

    def make() -> Rates:
        return {
            currency: [(version.start, Fraction(version.data.base_per_unit)) for version in versions]
            for currency, versions in rate_versions(organisation, cut_ms).items()
        }

    versions = organisation.version(RateSet, cut_ms), organisation.version(TenantConfigured, cut_ms)
    return organisation.remember(("rates", *versions), make)


def rate_versions(organisation: Organisation, cut_ms: int) -> dict[str, list[Version[RateSet]]]:
    """The same as versions of what was said."""
    calendar = settings_of(organisation, cut_ms).calendar
    said = grouped(organisation.in_force(RateSet, cut_ms), "currency")
    return {currency: by_day(rates, calendar) for currency, rates in said.items()}
