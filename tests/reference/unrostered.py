"""Whom a company's number counts though no roster knows them."""

from __future__ import annotations

from tests.reference.account_facts import AGES_D
from tests.reference.facts import Fact
from tests.reference.figures import Money
from tests.reference.timeline import NONE

MONEY_MEASURES = ("revenue", "won_amount")
COHORTS = {f"acquisition_rate_{age_d}d": str(age_d) for age_d in AGES_D}


def unrostered_of(kpi: str, facts: list[Fact], money: Money) -> tuple[str, ...]:
    """The reps, sorted; nobody where there is no roster. Money that is left out for want of a rate counts nobody."""
    known = set(money.organisation.rostered_reps())
    if not known:
        return ()
    counted = {fact.rep for fact in facts if counts(fact, money)}
    if kpi in COHORTS:
        counted = {fact.rep for fact in facts if fact.facet == COHORTS[kpi]}
    return tuple(sorted(counted - known - {NONE}))


def counts(fact: Fact, money: Money) -> bool:
    """Whether a fact adds anything."""
    if fact.measure not in MONEY_MEASURES:
        return True
    return bool(fact.amount) and money.rate(fact.facet, money.organisation.day_of(fact.at_ms)) is not None
