"""Who belongs where: reps by the day, and the teams and territories they make."""

from __future__ import annotations

from schemas.cells import MINUTE_MS
from schemas.data import RosterChanged, TenantConfigured
from stream.board.organisation import Organisation
from stream.board.reference.settings import settings_of
from stream.board.reference.versions import BEGINNING_MIN, Version, by_day, grouped, version_at

NOBODY = "_none"

Span = tuple[int, int]
Groups = dict[str, dict[str, list[Span]]]
"""Group → rep → spans of panes (UTC minutes) during which the rep belongs to it."""
Rosters = dict[str, list[Version[RosterChanged]]]


def rosters_of(organisation: Organisation, cut_ms: int) -> Rosters:
    """The versions of each rep that the roster knows before a cut."""

    def make() -> Rosters:
        calendar = settings_of(organisation, cut_ms).calendar
        said = grouped(organisation.in_force(RosterChanged, cut_ms), "rep")
        return {rep: by_day(changes, calendar) for rep, changes in said.items()}

    return organisation.remember(("rosters", *_versions(organisation, cut_ms)), make)


def active_at(organisation: Organisation, cut_ms: int) -> dict[str, RosterChanged]:
    """Who is rostered and active on the last day before a cut, and as what."""

    def make() -> dict[str, RosterChanged]:
        minute = cut_ms // MINUTE_MS - 1
        now = {rep: version_at(versions, minute) for rep, versions in rosters_of(organisation, cut_ms).items()}
        return {rep: said for rep, said in now.items() if said is not None and said.active is not False}

    return organisation.remember(("active", cut_ms, *_versions(organisation, cut_ms)), make)


def groups_of(organisation: Organisation, cut_ms: int, field: str) -> Groups:
    """The groups that a field of the roster (team, territory) makes. Who has none belongs to NOBODY, as everybody does
    before the roster knew of them.
    """

    def make() -> Groups:
        groups: Groups = {NOBODY: {}}
        for rep, versions in rosters_of(organisation, cut_ms).items():
            groups[NOBODY][rep] = [(BEGINNING_MIN, versions[0].start)]
            for version in versions:
                reps = groups.setdefault(getattr(version.data, field) or NOBODY, {})
                reps.setdefault(rep, []).append((version.start, version.end))
        return groups

    return organisation.remember(("groups", field, *_versions(organisation, cut_ms)), make)


def _versions(organisation: Organisation, cut_ms: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return organisation.version(RosterChanged, cut_ms), organisation.version(TenantConfigured, cut_ms)
