"""The plain recomputation, on timelines that one can check by eye."""

from __future__ import annotations

from bench.facts import (
    DealLost,
    DealOpened,
    DealReopened,
    DealWon,
    Fact,
    LeadCreated,
    OrderRefunded,
    OwnerChanged,
    Stated,
    SurveyAnswered,
    Touch,
)
from bench.totals import totals_of


def _told(*facts: Fact) -> list[Stated]:
    return [Stated(n, n, 17, fact) for n, fact in enumerate(facts)]


def _touch(kind: str, *, deal: str | None = None, lead: str | None = None, phase: str | None = None) -> Touch:
    return Touch("R-4", deal, lead, kind, phase, outbound=True, duration_s=60)


def test_a_win_counts_its_touches_for_the_owner_then() -> None:
    totals = totals_of(
        _told(
            LeadCreated("L", "R-1", "fair", "online"),
            _touch("email", lead="L", phase="pre_sale"),
            DealOpened("D", "R-4", "L", 500, "EUR"),
            _touch("call", deal="D"),
            OwnerChanged("D", "R-5"),
            DealWon("D", 1_200, "EUR", None, ()),
            _touch("call", deal="D", phase="post_sale"),
        )
    )
    assert totals == {
        ("new_leads", "rep", "R-1", ""): 1,
        ("new_leads", "source", "fair", ""): 1,
        ("touches", "rep", "R-4", "call"): 2,
        ("touches", "rep", "R-4", "email"): 1,
        ("deals_won", "rep", "R-5", ""): 1,
        ("deals_won", "source", "fair", ""): 1,
        ("revenue", "rep", "R-5", "EUR"): 1_200,
        ("touches_on_won", "rep", "R-5", "call"): 1,
        ("touches_on_won", "rep", "R-5", "email"): 1,
    }


def test_a_reopened_deal_counts_again_only_when_it_is_won_again() -> None:
    opened, won = DealOpened("D", "R-4", "L", 500, "EUR"), DealWon("D", 1_000, "EUR", "R-4", ())
    assert totals_of(_told(opened, won, DealReopened("D"))) == {}
    assert totals_of(_told(opened, won, DealReopened("D"), DealLost("D", "price"))) == {}
    again = totals_of(_told(opened, won, DealReopened("D"), won._replace(amount_minor=900)))
    assert again["revenue", "rep", "R-4", "EUR"] == 900
    assert again["deals_won", "rep", "R-4", ""] == 1


def test_splits_add_up_and_refunds_subtract() -> None:
    totals = totals_of(
        _told(
            DealOpened("D", "R-4", "L", 500, "EUR"),
            DealWon("D", 101, "EUR", None, (("R-4", 5_000), ("R-9", 5_000))),
            OrderRefunded("O", "R-9", 20, "EUR"),
        )
    )
    assert totals["revenue", "rep", "R-4", "EUR"] == 51
    assert totals["revenue", "rep", "R-9", "EUR"] == 50 - 20
    assert totals["deals_won", "rep", "R-4", ""] == 1


def test_only_the_latest_answer_of_a_customer_stands() -> None:
    totals = totals_of(
        _told(
            SurveyAnswered("S-1", "nps", 3, "R-4"),
            SurveyAnswered("S-2", "nps", 9, "R-5"),
            SurveyAnswered("S-3", "csat", 1, "R-6"),
        )
    )
    assert totals == {("nps_answers", "rep", "R-5", "promoter"): 1}
