"""Events as publishers would write them, drawn from a world so small that everything happens to the same few deals."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from hypothesis import strategies as st

Draft = dict[str, Any]
"""A CloudEvent before it is written down, its time in epoch milliseconds."""

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
BASE_MS = int(dt.datetime(2026, 3, 26, 22, 40, tzinfo=dt.UTC).timestamp()) * 1000
"""Shortly before the clocks change in Europe, at an hour when dates differ between zones."""
FIRST_DAY = dt.date(2026, 3, 26)

reps = st.sampled_from(["R1", "R2", "R3"])
maybe_rep = st.sampled_from([None, "R1", "R2"])
leads = st.sampled_from(["L1", "L2"])
maybe_lead = st.sampled_from([None, None, "L1", "L2"])
deals = st.sampled_from(["D1", "D1", "D1", "D2"])
orders = st.sampled_from(["O1", "O1", "O2"])
sources = st.sampled_from([None, "web", "ads"])
currencies = st.sampled_from(["EUR", "EUR", "EUR", "USD", "JPY"])
amounts = st.sampled_from([0, 1, 5, 99, 100, 1001, 99999])
kinds_of_touch = st.sampled_from(["call", "email", "video_meeting", "demo"])
moments = st.builds(
    lambda days, minutes, ms: BASE_MS + days * DAY_MS + minutes * MINUTE_MS + ms,
    st.sampled_from([0, 0, 0, 0, 1, 2, 3, 7, 20, 34, 100]),
    st.sampled_from([0, 0, 5, 10, 14, 15, 60, 90, 700, 1439]),
    st.sampled_from([0, 0, 0, 1, 500, 59_999]),
)


def on_day(number: int) -> list[Any]:
    """A date so many days after the first of a world, as `placed` writes it down."""
    return ["day", number]


def placed(part: Any, era_ms: int = 0) -> Any:
    """Data with dates instead of days and of periods, in a world that begins ``era_ms`` later."""
    if isinstance(part, dict):
        return {name: placed(inner, era_ms) for name, inner in part.items()}
    first = dt.datetime.fromtimestamp((BASE_MS + era_ms) // 1000, dt.UTC).date()
    if isinstance(part, list) and part[:1] == ["day"]:
        return (first + dt.timedelta(days=part[1])).isoformat()
    if isinstance(part, list) and part[:1] == ["period"]:
        _, months, later = part
        month = (first.month - 1) // months * months + later * months
        return {"from": first_of_month(first.year, month), "to": first_of_month(first.year, month + months)}
    return [placed(inner, era_ms) for inner in part] if isinstance(part, list) else part


def first_of_month(year: int, month: int) -> str:
    """The date, months counted from 0, beyond the year too."""
    return dt.date(year + month // 12, month % 12 + 1, 1).isoformat()


def given(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Data of these fields; one drawn as None is left out."""
    return st.fixed_dictionaries(fields).map(
        lambda drawn: {name: value for name, value in drawn.items() if value is not None}
    )


@st.composite
def splits(draw: st.DrawFn) -> list[dict[str, Any]] | None:
    """Shares of a win; mostly none, often with ties."""
    shares = draw(
        st.sampled_from([None, None, None, [5000, 5000], [3333, 3333, 3334], [1, 9999], [10_000], [3334, 3333, 3333]])
    )
    if shares is None:
        return None
    names = draw(st.permutations(["R1", "R2", "R3"]))
    return [{"rep": name, "share_bp": share} for name, share in zip(names, shares, strict=False)]


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    """One of the values; one that is listed twice comes twice as often."""
    return st.sampled_from(values)


def in_scale(answer: dict[str, Any]) -> dict[str, Any]:
    """The same answer with its score brought into its scale."""
    return {**answer, "score": min(answer["score"], answer["scale"]["max"])}


def either_amount_or_lines(refund: dict[str, Any]) -> dict[str, Any]:
    """A refund says one of the two."""
    return {name: value for name, value in refund.items() if name != "lines" or "amount_minor" not in refund}


line = given(product=st.just("P"), qty=st.integers(1, 3), unit_price_minor=amounts)
lines = st.lists(line, min_size=1, max_size=2)
scales = given(min=st.just(0), max=one_of(10, 10, 10, 5))
scores = one_of(0, 6, 6.5, 7, 8, 8.9, 9, 10)
ACTIVITY: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "sales.lead.created": given(lead=leads, rep=maybe_rep, source=sources),
    "sales.deal.opened": given(
        deal=deals,
        rep=reps,
        lead=maybe_lead,
        pipeline=one_of(None, None, None, "new", "renewal"),
        stage=one_of(None, "demo", "proposal"),
        amount_minor=amounts,
        currency=currencies,
    ),
    "sales.deal.owner_changed": given(deal=deals, rep=reps),
    "sales.deal.won": given(
        deal=deals,
        amount_minor=amounts,
        currency=currencies,
        lead=maybe_lead,
        rep=maybe_rep,
        splits=splits(),
        source=one_of(None, None, "web", "fair"),
    ),
    "sales.deal.lost": given(deal=deals, lead=maybe_lead),
    "sales.deal.reopened": given(deal=deals),
    "sales.touch.logged": given(
        rep=reps,
        automated=one_of(None, None, None, True),
        kind=kinds_of_touch,
        deal=one_of(None, "D1", "D1", "D2"),
        lead=maybe_lead,
        phase=one_of(None, None, None, "pre_sale", "post_sale"),
        duration_s=one_of(None, None, 310, 5_400),
    ),
    "sales.order.placed": given(
        order=orders, lines=lines, currency=currencies, rep=maybe_rep, deal=one_of(None, None, "D1")
    ),
    "sales.order.refunded": given(
        order=orders,
        amount_minor=st.one_of(st.none(), amounts),
        lines=lines,
        currency=st.one_of(st.none(), currencies),
        rep=maybe_rep,
    ).map(either_amount_or_lines),
    "sales.survey.answered": given(
        survey=st.just("S"), kind=one_of("nps", "nps", "nps", "csat"), score=scores, scale=scales, rep=maybe_rep
    ).map(in_scale),
    "sales.customer.onboarded": st.just({}),
    "sales.customer.churned": st.just({}),
    "sales.customer.reactivated": st.just({}),
    "sales.deal.stage_changed": given(deal=deals, stage=one_of("demo", "proposal")),
    "sales.deal.amount_changed": given(deal=deals, amount_minor=amounts, currency=currencies),
    "sales.lead.qualified": given(lead=leads, rep=maybe_rep),
    "sales.lead.disqualified": given(lead=leads, reason=st.just("bad_fit")),
    "sales.appointment.held": given(appointment=st.just("A1"), rep=reps, deal=one_of(None, "D1"), lead=maybe_lead),
    "sales.appointment.set": given(
        appointment=st.just("A1"),
        rep=reps,
        lead=maybe_lead,
        starts_at=one_of(None, "2026-03-27T09:00:00Z", "2026-07-06T10:00:00Z", "2027-01-01T08:00:00Z"),
    ),
    "sales.appointment.no_show": given(appointment=st.just("A1"), rep=reps),
    "sales.follow_up.due": given(follow_up=st.just("F1"), rep=reps, deal=one_of(None, "D1")),
    "sales.follow_up.done": given(follow_up=st.just("F1"), rep=reps),
    "sales.email.sent": given(message=st.just("M1"), rep=maybe_rep),
    "sales.email.delivered": given(message=st.just("M1")),
    "sales.email.opened": given(message=st.just("M1")),
    "sales.customer.owner_changed": given(rep=reps),
    "sales.customer.mrr_changed": given(mrr_minor=amounts, currency=currencies),
    "sales.customer.renewal_due": given(deal=deals),
    "sales.customer.renewed": given(deal=deals),
    "sales.survey.sent": given(survey=st.just("S"), kind=st.just("nps")),
    "sales.feedback.received": given(theme=st.just("price"), rep=maybe_rep),
    "sales.support.opened": given(ticket=st.just("T1"), channel=st.just("phone")),
    "sales.support.first_response": given(ticket=st.just("T1")),
    "sales.support.resolved": given(ticket=st.just("T1")),
    "sales.referral.created": given(lead=leads, rep=maybe_rep),
}
# Wins, touches and what they hang on come more often than they would by chance: rare paths start there.
MIX = [
    *ACTIVITY,
    *["sales.deal.won", "sales.touch.logged"] * 4,
    *["sales.deal.opened", "sales.lead.created", "sales.deal.reopened"] * 2,
]

OFFICE = {day: [["09:00", "12:00"], ["13:00", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")}
EARLY_AND_LATE = {
    "thu": [["00:00", "01:15"], ["22:00", "24:00"]],
    "sun": [["00:00", "24:00"]],
    "mon": [["04:00", "09:00"]],
}
stage = given(stage=one_of("demo", "proposal"), stall_after_d=one_of(None, 0, 0.5, 1, 2, 10))
stages = st.lists(stage, min_size=1, max_size=2, unique_by=lambda said: said["stage"])
MONEY_TARGETS = given(unit=one_of("money", "money", None), currency=one_of(None, "EUR", "USD", "JPY"))


ORGANISATION: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "sales.tenant.configured": given(
        time_zone=one_of("Europe/Berlin", "America/New_York", "Asia/Kathmandu", None),
        base_currency=one_of(None, "EUR", "EUR", "JPY"),
        week_starts_on=one_of(None, "Sunday", 3),
        fiscal_year_starts_in=one_of(None, None, "April", 10),
        calendar=one_of(None, "C1"),
        ranking=one_of(None, None, None, "top_n", "team_only", "personal_best", "off"),
        min_n=one_of(None, None, None, 2),
    ),
    "sales.pipeline.configured": given(pipeline=one_of("new", "new", "renewal"), stages=stages),
    "sales.calendar.changed": given(
        calendar=one_of("C1", "C1", "C2"),
        time_zone=one_of(None, "Europe/Berlin", "America/New_York"),
        shifts=one_of(None, OFFICE, OFFICE, EARLY_AND_LATE),
        holidays=one_of(None, [], [on_day(1)], [on_day(0), on_day(3)]),
    ),
    "sales.absence.recorded": one_of((0, 1), (1, 3), (-9, 2)).flatmap(
        lambda days: given(rep=reps, **{"from": st.just(on_day(days[0])), "to": st.just(on_day(days[1]))})
    ),
    "sales.target.set": given(
        target=one_of("G1", "G1", "G2", "G3"),
        kpi=one_of("revenue", "revenue", "deals_won", "new_leads", "win_rate"),
        scope=one_of("company", "company", "team:T1", "rep:R1", "rep:R2"),
        period=st.builds(lambda sort, later: ["period", sort, later], one_of(1, 1, 3, 12), one_of(0, 0, 0, -1, 1)),
        value=one_of(1, 7, 1000),
        curve=one_of(None, None, None, [0.1, 0.4, 1.0]),
        primary=one_of(None, None, True),
    ),
    "sales.source.heartbeat": given(interval_s=one_of(None, 60, 600, 86_400)),
    "sales.product.configured": given(product=st.just("P"), type=one_of("goods", "service")),
    "sales.roster.changed": given(
        rep=reps,
        team=one_of(None, "T1", "T1", "T2"),
        active=one_of(None, None, True, False),
        territory=one_of(None, None, "EU", "US"),
        calendar=one_of(None, None, "C1", "C2"),
        ramp=one_of(None, None, None, {"starts_on": on_day(-20), "months": 2}),
    ),
    "sales.rate.set": given(
        currency=one_of("USD", "JPY", "EUR"), base_per_unit=one_of("0.91", "0.5", "0.0061", "163.27")
    ),
}


SPEAKING = ("sales.source.heartbeat",)
"""Words that a publisher of activity says about itself."""


@st.composite
def drafts(
    draw: st.DrawFn, types: list[str], *, number: int, subject: str, at: st.SearchStrategy[int] = moments
) -> Draft:
    """One event of one of ``types``; ``number`` makes its identity."""
    name = draw(st.sampled_from(types))
    content = (ACTIVITY | ORGANISATION)[name]
    return {
        "id": f"e{number}",
        "source": draw(st.sampled_from(["crm", "app"])) if name in ACTIVITY or name in SPEAKING else "hr",
        "type": name,
        "time_ms": draw(at),
        "subject": subject,
        "tenant": "acme",
        "data": draw(content) | (draw(MONEY_TARGETS) if name == "sales.target.set" and draw(st.booleans()) else {}),
    }


def raw_of(draft: Draft) -> bytes:
    """The event as its publisher sends it."""
    seconds, ms = divmod(draft["time_ms"], 1000)
    time = f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%S}.{ms:03}Z"
    said = {name: placed(value) for name, value in draft.items() if name != "time_ms"}
    return json.dumps({"specversion": "1.0", "time": time, **said}).encode()
