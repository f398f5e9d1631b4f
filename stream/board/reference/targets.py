"""Targets: the latest version of one rules its whole period."""

from __future__ import annotations

from datetime import date

from schemas.data import TargetSet, TenantConfigured
from stream.board.organisation import Organisation
from stream.board.reference.settings import settings_of
from stream.board.reference.versions import grouped, local_date, patched

Targets = dict[tuple[str, date, date], list[TargetSet]]
"""(scope, first day of the period, day after its last) → targets, the one that counts first."""


def targets_of(organisation: Organisation, cut_ms: int) -> Targets:
    """The targets known before a cut: of several for the same a primary one counts, else that of the smallest id."""

    def make() -> Targets:
        calendar = settings_of(organisation, cut_ms).calendar
        targets: Targets = {}
        for said in grouped(organisation.in_force(TargetSet, cut_ms), "target").values():
            latest: TargetSet | None = None
            for _, data in said:
                latest = patched(latest, data)
            assert latest is not None
            period = latest.period
            key = (latest.scope, local_date(period.from_, calendar), local_date(period.to, calendar))
            targets.setdefault(key, []).append(latest)
        for several in targets.values():
            several.sort(key=lambda target: (not target.primary, target.target))
        return targets

    versions = organisation.version(TargetSet, cut_ms), organisation.version(TenantConfigured, cut_ms)
    return organisation.remember(("targets", *versions), make)
