"""Every KPI, scope and window of the demo by plain arithmetic over its events, to compare the engine's answers with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from cli.demo.company import BASE_CURRENCY, ZONE, DemoEvent
from cli.demo.story import NONE, Fact, Story, effective

MINUTE_MS = 60_000
ROLLING_MINUTES = {"15m": 15, "1h": 60, "24h": 1_440}
ROLLING_DAYS = {"7d": 7, "30d": 30, "90d": 90}
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Plain:
    """A value worked out by hand: what the API's answer must say."""

    value: int | float | None
    n: int
    numerator: int | float
    denominator: int | float | None
    facets: dict[str, int | float]


RECOMPUTED = ("deals_won", "new_leads", "nps", "revenue", "touches_per_won_deal")
"""The KPIs that the spreadsheet adds up."""


@dataclass(frozen=True)
class Placed:
    """A fact with its scopes on its day, and its amount in the base currency."""

    fact: Fact
    scopes: tuple[str, ...]
    amount: Fraction


class Spreadsheet:
    """The demo's published events, as somebody with all of them at hand would add them up."""

    def __init__(self, published: Iterable[DemoEvent]) -> None:
        events = effective(published)
        self._organisation = sorted((e for e in events if e.source == "demo/office"), key=lambda e: (e.time_ms, e.id))
        self._accounts: dict[str, list[DemoEvent]] = defaultdict(list)
        for event in events:
            if event.source != "demo/office":
                self._accounts[event.subject].append(event)

    def values(self, as_of_ms: int) -> dict[Key, Plain]:
        """Every value that has data, by (kpi, scope, window), at the end of the minute of ``as_of``."""
        cut_ms = (as_of_ms // MINUTE_MS + 1) * MINUTE_MS
        stories = (Story(e for e in events if e.time_ms < cut_ms) for events in self._accounts.values())
        facts = [self._placed(fact) for story in stories for fact in story.facts()]
        first_ms = min((placed.fact.time_ms for placed in facts), default=cut_ms)
        found: dict[Key, Plain] = {}
        for window, start_ms, end_ms in spans(first_ms, cut_ms):
            chosen = [placed for placed in facts if start_ms <= placed.fact.time_ms < end_ms]
            for scope, theirs in _by_scope(chosen).items():
                for kpi, plain in _read(theirs):
                    if plain.n or plain.numerator:
                        found[kpi, scope, window] = plain
            for scope, answers in _by_scope(_latest_answers(chosen)).items():
                found["nps", scope, window] = _nps(answers)
        return found

    def _placed(self, fact: Fact) -> Placed:
        day_end_ms = day_start_ms(local_date(fact.time_ms) + timedelta(days=1))
        scopes = ["company", f"rep:{fact.rep}", f"team:{self._team(fact.rep, day_end_ms)}"]
        if fact.what != "answer":
            scopes.append(f"source:{fact.source}")
        rate = self._rate(fact.facet, day_end_ms) if fact.what == "money" else Fraction(1)
        return Placed(fact, tuple(scopes), fact.amount * rate)

    def _team(self, rep: str, before_ms: int) -> str:
        team = NONE
        for event in self._organisation:
            if event.time_ms < before_ms and event.data.get("rep") == rep:
                team = event.data["team"]
        return team

    def _rate(self, currency: str, before_ms: int) -> Fraction:
        if currency == BASE_CURRENCY:
            return Fraction(1)
        rates = [e for e in self._organisation if e.time_ms < before_ms and e.data.get("currency") == currency]
        return Fraction(rates[-1].data["base_per_unit"])


def spans(first_ms: int, cut_ms: int) -> Iterator[tuple[str, int, int]]:
    """Every window: name, start and exclusive end in epoch milliseconds; closed periods from the first fact on."""
    today = local_date(cut_ms - 1)
    for name, minutes in ROLLING_MINUTES.items():
        yield name, cut_ms - minutes * MINUTE_MS, cut_ms
    for name, days in ROLLING_DAYS.items():
        yield name, day_start_ms(today - timedelta(days=days - 1)), cut_ms
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    starts = {"today": today, "wtd": today - timedelta(days=today.weekday()), "mtd": today.replace(day=1)}
    for name, day in (starts | {"qtd": quarter, "ytd": date(today.year, 1, 1)}).items():
        yield name, day_start_ms(day), cut_ms
    yield "all", first_ms, cut_ms
    first = local_date(first_ms)
    for months in (1, 3, 12):
        start = date(first.year, (first.month - 1) // months * months + 1, 1)
        while day_start_ms(end := _months_later(start, months)) <= cut_ms:
            yield _period_name(start, months), day_start_ms(start), day_start_ms(end)
            start = end


def local_date(time_ms: int) -> date:
    """The date in the company's zone."""
    return datetime.fromtimestamp(time_ms / 1000, ZONE).date()


def day_start_ms(day: date) -> int:
    """When the local day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp() * 1000)


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)


def _period_name(start: date, months: int) -> str:
    if months == 1:
        return f"month:{start:%Y-%m}"
    return f"quarter:{start.year}-Q{(start.month + 2) // 3}" if months == 3 else f"year:{start.year}"


def _by_scope(facts: Iterable[Placed]) -> dict[str, list[Placed]]:
    found: dict[str, list[Placed]] = defaultdict(list)
    for placed in facts:
        for scope in placed.scopes:
            found[scope].append(placed)
    return found


def _latest_answers(facts: Iterable[Placed]) -> list[Placed]:
    latest: dict[str, Placed] = {}
    for placed in sorted((p for p in facts if p.fact.what == "answer"), key=lambda p: p.fact.time_ms):
        latest[placed.fact.account] = placed
    return list(latest.values())


def _read(facts: list[Placed]) -> Iterator[tuple[str, Plain]]:
    """The KPIs that are sums, and the one that is a ratio of two."""
    count: dict[str, int] = defaultdict(int)
    kinds: dict[str, int] = defaultdict(int)
    money = Fraction(0)
    for placed in facts:
        count[placed.fact.what] += placed.fact.amount
        if placed.fact.what == "money":
            money += placed.amount
        if placed.fact.what == "touch":
            kinds[placed.fact.facet] += 1
    revenue, won, touches = round(money), count["won"], count["touch"]
    yield "revenue", Plain(revenue, count["sale"], revenue, None, {})
    yield "deals_won", Plain(won, won, won, None, {})
    yield "new_leads", Plain(count["lead"], count["lead"], count["lead"], None, {})
    if won:
        shares = {kind: _ratio(number, won) for kind, number in sorted(kinds.items())}
        yield "touches_per_won_deal", Plain(_ratio(touches, won), won, touches, won, shares)


def _nps(answers: list[Placed]) -> Plain:
    classes = {name: sum(p.fact.facet == name for p in answers) for name in ("detractor", "passive", "promoter")}
    net, n = classes["promoter"] - classes["detractor"], len(answers)
    return Plain(_ratio(100 * net, n), n, net, n, dict(classes))


def _ratio(numerator: int, denominator: int) -> int | float:
    exact = Fraction(numerator, denominator)
    return exact.numerator if exact.denominator == 1 else float(exact)
