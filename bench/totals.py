"""What the numbers have to come to: a plain recomputation over the facts that stand, without panes or increments.

It knows the benchmark's facts only (deals are opened with their lead, refunds name rep and currency) and nothing
of the engine. A total is (measure, dimension, value, facet) → amount, named as the engine's cells are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from bench.facts import (
    DealLost,
    DealOpened,
    DealReopened,
    DealWon,
    LeadCreated,
    OrderPlaced,
    OrderRefunded,
    OwnerChanged,
    Stated,
    SurveyAnswered,
    Touch,
)

Address = tuple[str, str, str, str]
Totals = dict[Address, int]
DealFact = DealOpened | OwnerChanged | DealWon | DealLost | DealReopened
NOBODY = "_none"


def totals_of(standing: Iterable[Stated]) -> Totals:
    """Totals over facts in the order of their time; addresses that come to zero are left out."""
    totals: Totals = defaultdict(int)
    deals: dict[str, list[tuple[int, DealFact]]] = defaultdict(list)
    touches: dict[str, list[tuple[int, Touch]]] = defaultdict(list)  # by the deal or lead they name
    sources: dict[str, str] = {}
    answers: dict[int, SurveyAnswered] = {}
    for time_ms, _, account, fact in standing:
        if isinstance(fact, Touch):
            totals["touches", "rep", fact.rep or NOBODY, fact.kind] += 1
            if named := fact.deal or fact.lead:
                touches[named].append((time_ms, fact))
        elif isinstance(fact, LeadCreated):
            totals["new_leads", "rep", fact.rep, ""] += 1
            totals["new_leads", "source", fact.source, ""] += 1
            sources[fact.lead] = fact.source
        elif isinstance(fact, SurveyAnswered):
            if fact.kind == "nps":
                answers[account] = fact
        elif isinstance(fact, OrderPlaced | OrderRefunded):
            totals["revenue", "rep", fact.rep or NOBODY, fact.currency] += _order_revenue(fact)
        elif isinstance(fact, DealFact):
            deals[fact.deal].append((time_ms, fact))
    for story in deals.values():
        _add_win(totals, story, touches, sources)
    for answer in answers.values():
        kind = "promoter" if answer.score >= 9 else "passive" if answer.score >= 7 else "detractor"
        totals["nps_answers", "rep", answer.rep, kind] += 1
    return {address: amount for address, amount in totals.items() if amount}


def _order_revenue(fact: OrderPlaced | OrderRefunded) -> int:
    """An order that fulfils a deal adds nothing: its win did."""
    if isinstance(fact, OrderRefunded):
        return -fact.amount_minor
    return 0 if fact.deal else sum(qty * price for _, qty, price in fact.lines)


def _add_win(
    totals: Totals,
    story: list[tuple[int, DealFact]],
    touches: dict[str, list[tuple[int, Touch]]],
    sources: dict[str, str],
) -> None:
    """Count a deal if it stands won at the end: once, its amount by share, and the touches up to its close."""
    owner = lead = NOBODY
    standing: tuple[int, DealWon, str] | None = None
    for time_ms, fact in story:
        if isinstance(fact, DealWon):
            standing = (time_ms, fact, owner)
        elif isinstance(fact, DealLost | DealReopened):
            standing = None
        else:
            owner = fact.rep
            lead = fact.lead if isinstance(fact, DealOpened) else lead
    if standing is None:
        return
    closed_ms, won, owner_then = standing
    rep, amounts = won.rep or owner_then, {}
    if won.splits:
        rep = max(won.splits, key=lambda split: split[1])[0]
        amounts = _shared(won.amount_minor, won.splits)
    for seller, amount in (amounts or {rep: won.amount_minor}).items():
        totals["revenue", "rep", seller, won.currency] += amount
    totals["deals_won", "rep", rep, ""] += 1
    totals["deals_won", "source", sources.get(lead, NOBODY), ""] += 1
    for time_ms, touch in touches.get(won.deal, []) + touches.get(lead, []):
        if time_ms <= closed_ms and touch.phase != "post_sale":
            totals["touches_on_won", "rep", rep, touch.kind] += 1


def _shared(amount: int, splits: tuple[tuple[str, int], ...]) -> dict[str, int]:
    """An amount by basis points: whole units, then one more for the largest remainders, ties to the first listed."""
    whole = [amount * share_bp // 10_000 for _, share_bp in splits]
    remainders = [amount * share_bp % 10_000 for _, share_bp in splits]
    for n in sorted(range(len(splits)), key=lambda n: (-remainders[n], n))[: amount - sum(whole)]:
        whole[n] += 1
    return {rep: share for (rep, _), share in zip(splits, whole, strict=True)}
