"""KPIs of the demo by plain arithmetic over its events, for every scope and window: what the engine should answer."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache

from cli.demo.company import BASE_CURRENCY, DAY_MS, MINUTE_MS, OFFICE, DemoEvent
from cli.demo.spans import day_start_ms, local_date, spans
from cli.demo.story import NONE, Fact, Story, effective

Key = tuple[str, str, str]
Number = int | float
Placed = tuple[Fact, list[str], Fraction]
"""A fact, its scopes on its day, and its amount in the base currency."""


@dataclass(frozen=True)
class Plain:
    """A value worked out by hand: what the API's answer must say. ``facets`` None: they aren't worked out."""

    value: Number | None
    n: int
    numerator: Number | None
    denominator: Number | None
    facets: dict[str, Number] | None


SUMS = {"deals_won": "won", "new_leads": "lead", "new_opportunities": "opened"}
RECOMPUTED = (
    *("acquisition_rate", "activity_count", "average_deal_size", "cycle_length", "deals_won", "new_leads"),
    *("new_opportunities", "nps", "nps_classes", "quota_attainment", "revenue", "touches_per_won_deal", "win_rate"),
)
"""The KPIs that the spreadsheet adds up. Of acquisition rate, sales cycle and quota attainment without their facets."""
MONEY = ("money", "won_money")
WITH_TERRITORY = ("lead", "opened")
CLASSES = ("detractor", "passive", "promoter")


@dataclass
class Tally:
    """What a scope adds up to in a window. Money in the base currency's minor units, ``cycle`` in milliseconds."""

    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    on_won: Counter[str] = field(default_factory=Counter)
    money: dict[str, Fraction] = field(default_factory=lambda: dict.fromkeys(MONEY, Fraction(0)))
    cycle_ms: int = 0
    classes: Counter[str] = field(default_factory=Counter)

    def add(self, fact: Fact, amount: Fraction) -> None:
        """One more fact."""
        if fact.what in MONEY:
            self.money[fact.what] += amount
        elif fact.what == "answer":
            self.classes[fact.facet] += 1
        else:
            self.counts[fact.what] += 1
            if fact.what == "activity":
                self.kinds[fact.facet] += 1
            elif fact.what == "touch":
                self.on_won[fact.facet] += 1
            elif fact.what == "cycle":
                self.cycle_ms += fact.amount


@dataclass(frozen=True)
class Target:
    """What is to be sold in a scope by the end of a window that begins then."""

    scope: str
    begin_ms: int
    amount_minor: int


class Spreadsheet:
    """The demo's published events, as somebody with all of them at hand would add them up."""

    def __init__(self, published: Iterable[DemoEvent]) -> None:
        events = effective(published)
        self._organisation = sorted((e for e in events if e.source == OFFICE), key=lambda e: (e.time_ms, e.id))
        self._accounts: dict[str, list[DemoEvent]] = defaultdict(list)
        for event in events:
            if event.source != OFFICE and event.type != "sales.source.heartbeat":
                self._accounts[event.subject].append(event)
        self._rostered = lru_cache(maxsize=None)(self._roster)
        self._rate = lru_cache(maxsize=None)(self._rate_of)

    def values(self, as_of_ms: int) -> dict[Key, Plain]:
        """Every value that has data, by (kpi, scope, window), at the end of the minute of ``as_of``."""
        cut_ms = (as_of_ms // MINUTE_MS + 1) * MINUTE_MS
        stories = (Story(e for e in events if e.time_ms < cut_ms) for events in self._accounts.values())
        facts = sorted((fact for story in stories for fact in story.facts()), key=lambda fact: fact.time_ms)
        placed: list[Placed] = [(fact, *self._place_of(fact)) for fact in facts]
        times = [fact.time_ms for fact in facts]
        targets = self._targets(cut_ms)
        first_ms = min([*times[:1], *(target.begin_ms for target in targets)], default=cut_ms)
        found: dict[Key, Plain] = {}
        for window, start_ms, end_ms in spans(first_ms, times[0] if times else cut_ms, cut_ms):
            tallies = _tallied(placed[bisect_left(times, start_ms) : bisect_left(times, end_ms)])
            for scope, tally in tallies.items():
                found |= {(kpi, scope, window): plain for kpi, plain in _read(tally, scope)}
            if window == "mtd" or window.startswith("month:"):
                for target in targets:
                    if target.begin_ms == start_ms:
                        found["quota_attainment", target.scope, window] = _attained(target, tallies[target.scope])
        return found

    def _place_of(self, fact: Fact) -> tuple[list[str], Fraction]:
        """A fact's scopes on its day, and its amount in the base currency."""
        day_end_ms = day_start_ms(local_date(fact.time_ms) + timedelta(days=1))
        team, territory = self._rostered(fact.rep, day_end_ms)
        scopes = ["company", f"rep:{fact.rep}", f"team:{team}"]
        if fact.source is not None:
            scopes.append(f"source:{fact.source}")
        if fact.what in WITH_TERRITORY:
            scopes.append(f"territory:{territory}")
        return scopes, fact.amount * self._rate(fact.facet, day_end_ms) if fact.what in MONEY else Fraction(1)

    def _roster(self, rep: str, before_ms: int) -> tuple[str, str]:
        place = (NONE, NONE)
        for event in self._organisation:
            if event.time_ms < before_ms and event.type == "sales.roster.changed" and event.data["rep"] == rep:
                place = (event.data["team"], event.data["territory"])
        return place

    def _rate_of(self, currency: str, before_ms: int) -> Fraction:
        if currency == BASE_CURRENCY:
            return Fraction(1)
        said = [e for e in self._organisation if e.time_ms < before_ms and e.type == "sales.rate.set"]
        return Fraction([e for e in said if e.data["currency"] == currency][-1].data["base_per_unit"])

    def _targets(self, cut_ms: int) -> list[Target]:
        """The targets of months that have begun."""
        latest: dict[str, Target] = {}
        for event in self._organisation:
            if event.type == "sales.target.set" and event.time_ms < cut_ms:
                year, month, day = (int(part) for part in event.data["period"]["from"].split("-"))
                begin_ms = day_start_ms(local_date(cut_ms).replace(year=year, month=month, day=day))
                if begin_ms < cut_ms:
                    latest[event.data["target"]] = Target(event.data["scope"], begin_ms, event.data["value"])
        return list(latest.values())


def _tallied(placed: Iterable[Placed]) -> dict[str, Tally]:
    """What facts in order of time add up to by scope. Of a customer's answers the latest counts, for its own scopes."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    latest: dict[str, Placed] = {}
    for one in placed:
        fact, scopes, amount = one
        if fact.what == "answer":
            latest[fact.account] = one
        else:
            for scope in scopes:
                tallies[scope].add(fact, amount)
    for fact, scopes, amount in latest.values():
        for scope in scopes:
            tallies[scope].add(fact, amount)
    return tallies


def _read(tally: Tally, scope: str) -> Iterator[tuple[str, Plain]]:
    """A scope's KPIs in a window, as far as there is anything to say."""
    counts, revenue = tally.counts, round(tally.money["money"])
    is_place = scope.startswith("territory:")
    if revenue or counts["sale"]:
        yield "revenue", Plain(revenue, counts["sale"], revenue, None, {})
    for kpi, what in SUMS.items():
        if counts[what]:
            yield kpi, Plain(counts[what], counts[what], counts[what], None, {})
    if counts["activity"]:
        touches = counts["activity"]
        yield "activity_count", Plain(touches, touches, touches, None, dict(sorted(tally.kinds.items())))
    yield from _of_deals(tally)
    leads, customers = counts["lead"], counts["customer"]
    if (leads or customers) and not is_place:
        rate = _ratio(customers, leads) if leads else None
        yield "acquisition_rate", Plain(rate, leads, customers, leads, None)
    classes = tally.classes
    if n := classes.total():
        net = classes["promoter"] - classes["detractor"]
        shown: dict[str, Number] = {name: classes[name] for name in CLASSES}
        yield "nps", Plain(_ratio(100 * net, n), n, net, n, shown)
        shares = {f"{name}_share": _ratio(classes[name], n) for name in CLASSES}
        yield "nps_classes", Plain(classes["detractor"], n, classes["detractor"], None, shown | shares)


def _of_deals(tally: Tally) -> Iterator[tuple[str, Plain]]:
    won, lost = tally.counts["won"], tally.counts["lost"]
    if won:
        touches = tally.counts["touch"]
        shares = {kind: _ratio(number, won) for kind, number in sorted(tally.on_won.items())}
        yield "touches_per_won_deal", Plain(_ratio(touches, won), won, touches, won, shares)
    amount = tally.money["won_money"]
    if won or amount:
        mean = _ratio(amount, won) if won else None
        yield "average_deal_size", Plain(mean, won, round(amount), won, {})
    if won + lost:
        facets: dict[str, Number] = {"won": won, "lost": lost}
        yield "win_rate", Plain(_ratio(won, won + lost), won + lost, won, won + lost, facets)
    if tally.counts["cycle"]:
        n = tally.counts["cycle"]
        yield "cycle_length", Plain(_ratio(tally.cycle_ms, n * DAY_MS), n, tally.cycle_ms, n, None)


def _attained(target: Target, tally: Tally) -> Plain:
    revenue = tally.money["money"]
    share = _ratio(revenue, target.amount_minor)
    return Plain(share, tally.counts["sale"], round(revenue), target.amount_minor, None)


def _ratio(numerator: int | Fraction, denominator: int) -> Number:
    exact = Fraction(numerator, denominator) if isinstance(numerator, int) else numerator / denominator
    return exact.numerator if exact.denominator == 1 else float(exact)
