"""Who is first: dense ranks of reps and teams by another KPI, as far as the policy shows them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.reference.figures import Figures, given

RANKS = "revenue"
SHOWN_BY_TOP_N = 3
PERIODS = {"mtd": "month", "month": "month", "qtd": "quarter", "quarter": "quarter", "ytd": "year", "year": "year"}


def ranks(values: dict[str, Fraction]) -> dict[str, int]:
    """1 for the highest; equals share a rank, and none is left out after them."""
    ladder = sorted(set(values.values()), reverse=True)
    return {name: ladder.index(value) + 1 for name, value in values.items()}


def place(name: str, values: dict[str, Fraction], before: dict[str, Fraction], n: int) -> Figures:
    """Where one stands among ``values``, and how that has changed since ``before``."""
    ranked, rank_before = ranks(values), ranks(before).get(name)
    rank = ranked[name]
    above = [value for other, value in values.items() if ranked[other] == rank - 1]
    facets = given(
        value=values[name],
        gap_to_next=above[0] - values[name] if above else 0,
        change=None if rank_before is None else rank_before - rank,
        of=len(values),
    )
    return Figures(Fraction(rank), n, None, facets=facets)


def by_policy(placed: Figures, policy: str, *, sort: str, best: Fraction | None) -> Figures:
    """As much of a place as the policy shows."""
    hidden = Figures(None, placed.n, None, missing=placed.missing, suppressed=True)
    if policy == "off" or (policy == "team_only" and sort == "rep"):
        return hidden
    if policy == "personal_best" and sort == "rep":
        hidden.facets = given(best=best, value=placed.facets["value"])
        return hidden
    if policy == "top_n" and placed.value is not None and placed.value > SHOWN_BY_TOP_N:
        return hidden
    return placed


def own_best(window: str, value_in: Callable[[str], Fraction | None], closed: list[str]) -> Fraction | None:
    """The most that one reached in a closed period of the window's sort."""
    sort = PERIODS.get(window.partition(":")[0])
    values = [value_in(period) for period in closed if period.partition(":")[0] == sort]
    return max((value for value in values if value is not None), default=None)
