"""PromQL over the KPI gauges.

Each selector names one tenant, one sort of scope and one window, or a sum would mix what must not be mixed. `max by`
comes first, since for one scrape two workers may show the same partition. Queries are instant: of a value that is gone
nothing is shown, and its age is shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from schemas.kpi import KpiDefinition
from views.kpi_families import PREFIX, metric_name

TENANT = 'tenant="$tenant"'
AS_OF = f"max by (tenant) ({PREFIX}as_of_timestamp_seconds{{{TENANT}}})"
MINOR_UNITS = f"topk by (tenant) (1, max by (tenant, currency) (salespulse_currency_minor_units{{{TENANT}}}))"
ALIVE = f"({AS_OF} > bool 0)"
"""1 while anybody exposes the tenant's board."""
NONE = f"0 * max({AS_OF})"
"""0 of what is counted, while anybody exposes the tenant's board."""

INCOMPLETE = "partial|stale|out_of_history"

Part = Literal["value", "n", "numerator", "denominator"]


class UnpublishedPanel(ValueError):
    """A panel asks for what the catalogue doesn't publish; it could only ever be empty."""


@dataclass(frozen=True)
class Scope:
    """What a selector is narrowed to, and the labels that tell its values apart."""

    kind: str
    matcher: str
    by: tuple[str, ...] = ("tenant",)

    @property
    def labels(self) -> str:
        """As PromQL lists them."""
        return ", ".join(self.by)


COMPANY = Scope("company", 'scope=""')
TEAM = Scope("team", 'scope="$team"')
TEAMS = Scope("team", 'scope!="_none"', ("tenant", "scope"))
REPS = Scope("rep", 'scope!="_none"', ("tenant", "scope"))
INFO = (
    "max by (tenant, scope, name) (label_replace(topk by (tenant, rep) (1, max by (tenant, rep, name) "
    f'(salespulse_rep_info{{{TENANT},team="$team"}})), "scope", "$1", "rep", "(.+)"))'
)
"""1 for each rep of the team, with its name; of one that is being renamed only one."""


@dataclass(frozen=True)
class Gauges:
    """The gauges of the KPIs that a catalogue publishes."""

    definitions: Mapping[str, KpiDefinition]

    def title(self, slug: str) -> str:
        """As the catalogue calls it."""
        return self.definitions[slug].title

    def value(self, slug: str, window: str, scope: Scope, part: Part = "value") -> str:
        """A KPI as its gauge has it: money in minor units. Raises UnpublishedPanel."""
        name = metric_name(self.definitions[slug]) if part == "value" else f"{PREFIX}{slug}_{part}"
        return f"max by ({scope.labels}) ({name}{{{self._where(slug, window, scope)}}})"

    def facet(self, slug: str, facet: str, window: str, scope: Scope) -> str:
        """One facet of a KPI."""
        where = self._where(slug, window, scope)
        return f'max by ({scope.labels}) ({PREFIX}{slug}_by_facet{{{where},facet="{facet}"}})'

    def facets(self, slug: str, window: str, scope: Scope) -> str:
        """All facets of a KPI, with the label `facet`."""
        where = self._where(slug, window, scope)
        return f"max by ({scope.labels}, facet) ({PREFIX}{slug}_by_facet{{{where}}})"

    def trust(self, slug: str, window: str, scope: Scope) -> str:
        """1 with the label `trust`, which is empty for a live value and else says what is wrong with it."""
        where = f'{TENANT},kpi="{slug}",{self._where(slug, window, scope).removeprefix(TENANT + ",")}'
        worst = f"topk by ({scope.labels}) (1, max by ({scope.labels}, status) ({PREFIX}trust{{{where}}}))"
        return f'(label_replace({worst}, "trust", " · $1", "status", "(.+)") or on (tenant) {ALIVE})'

    def trusted(self, slug: str, window: str, scope: Scope, expression: str) -> str:
        """A value of one scope, with the label `trust`."""
        return f"{expression} * on (tenant) group_left (trust) {self.trust(slug, window, scope)}"

    def incomplete(self, slugs: Sequence[str], window: str, scope: Scope) -> str:
        """A series for each of some KPIs that isn't complete, with the label `kpi`."""
        where = self._where(slugs[0], window, scope).removeprefix(TENANT + ",")
        chosen = f'{TENANT},kpi=~"{"|".join(slugs)}",status=~"{INCOMPLETE}",{where}'
        return f"max by (tenant, kpi) ({PREFIX}trust{{{chosen}}})"

    def _where(self, slug: str, window: str, scope: Scope) -> str:
        definition = self.definitions[slug]
        if window not in definition.publish_windows or scope.kind not in definition.scopes:
            raise UnpublishedPanel(f"{slug} is not published for {scope.kind} {window}: see its publish_windows")
        return f'{TENANT},scope_kind="{scope.kind}",{scope.matcher},window="{window}"'


def or_zero(expression: str) -> str:
    """Of a count or a sum of one scope: what nobody did anything for is 0 while the board is exposed."""
    return f"({expression} or on (tenant) 0 * {ALIVE})"


def major(expression: str, *, named: bool = True) -> str:
    """Money in the currency's major unit, where ``named`` with the label `currency`."""
    return f"{expression} / on (tenant) group_left ({'currency' if named else ''}) {MINOR_UNITS}"


def of_team(expression: str, *, zero: bool = False) -> str:
    """A value of reps, of those of the team, with the label `name`; with ``zero`` 0 for whoever has none."""
    named = f"{expression} * on (tenant, scope) group_left (name) {INFO}"
    return f"({named}) or 0 * {INFO}" if zero else named


def worded(expression: str, words: Mapping[str, str]) -> str:
    """A value with the label `word`: the word of the condition that holds (" >= 1" → "on track")."""
    return " or ".join(
        f'label_replace({expression}{condition}, "word", "{word}", "", "")' for condition, word in words.items()
    )
