"""What a report holds: sections of figures, each a KPI value with what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.kpi import KpiValue

TRUSTED = ("live", "restated")


@dataclass(frozen=True)
class Money:
    """The tenant's base currency and the decimal digits of its minor unit; None where there is none yet."""

    currency: str | None
    exponent: int = 2


@dataclass(frozen=True)
class Target:
    """The target of this very number and period: ``value`` in the number's unit, ``attainment`` and ``pace`` shares.
    ``value`` is None where the number itself is an attainment; ``is_final``: the period is over.
    """

    value: int | float | None
    attainment: int | float | None
    pace: int | float | None
    is_final: bool = False


@dataclass(frozen=True)
class Figure:
    """A number. ``name`` says whose it is, ``kind`` of which sort that is; ``rank`` stands in a ranking only."""

    title: str
    name: str
    value: KpiValue
    direction: str = "up"
    before: KpiValue | None = None
    target: Target | None = None
    rank: str | None = None

    @property
    def kind(self) -> str:
        """The sort of scope: company, team, rep, territory, source."""
        return self.value.scope.partition(":")[0]


@dataclass(frozen=True)
class Section:
    """Figures under one heading; ``note`` says why there are none, or what they leave out."""

    title: str
    figures: tuple[Figure, ...]
    note: str = ""

    @property
    def says_what(self) -> bool:
        """Whether its figures are of several KPIs, or of one that the heading doesn't name."""
        return any(figure.title != self.title for figure in self.figures)

    @property
    def says_whose(self) -> bool:
        """Whether its figures are of several scopes, or there is nothing else to tell them by."""
        return len({figure.value.scope for figure in self.figures}) > 1 or not self.says_what

    @property
    def has_targets(self) -> bool:
        """Whether any of its figures has one."""
        return any(figure.target is not None for figure in self.figures)


@dataclass(frozen=True)
class Report:
    """All of it. ``as_of`` is RFC 3339, ``cut`` the same in the tenant's time; the other texts are words."""

    title: str
    tenant: str
    period: str
    compared: str
    as_of: str
    cut: str
    made: str
    money: Money
    sections: tuple[Section, ...]

    @property
    def figures(self) -> list[Figure]:
        """Every figure, in the order of the sections."""
        return [figure for section in self.sections for figure in section.figures]

    @property
    def doubtful(self) -> int:
        """How many figures are to be taken with care."""
        return sum(figure.value.status not in TRUSTED for figure in self.figures)
