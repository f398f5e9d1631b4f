"""Asking for a report's numbers: each figure, what it is compared with, its target and whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.endings import UsageError
from cli.report.answers import Answers, Row, values
from cli.report.periods import MINUTE_MS, Cut, Office, Period, instant, office_of
from gateway.wall.plan import RANKINGS, activity_tiles, company_tiles, team_tiles
from schemas.kpi import KpiValue
from schemas.money import exponent
from stream.board.windows import PERIODS, kind_of, period_of
from views.report.figures import Figure, Money, Report, Section, Target

BOARDS = "company, activity, team:<id>, goals, " + ", ".join(f"ranking:{kpi}" for kpi, *_ in RANKINGS)
EVERY = ":*"
ROWS_MAX = 2_000
"""Rows of a section; what a person can read, and a mail can carry. More are named in its note."""
SCOPES_AT_ONCE = 200
"""Scopes named in one question: an address has a length that servers take."""
NAMED_MAX = 3
FOR_PERIODS = ("sum", "ratio", "mean", "classes")
ATTAINMENT = "quota_attainment"


@dataclass(frozen=True)
class Wanted:
    """What a report is to hold: a board, or KPIs of scopes, where `rep:*` is every rep with numbers. Without
    a ``title`` it is called by what it holds.
    """

    title: str = ""
    kpis: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("company",)
    board: str | None = None
    compare: bool = True


class Desk:
    """One tenant's numbers of one period, as they are asked for."""

    def __init__(self, answers: Answers, period: Period) -> None:
        self._answers, self._period = answers, period
        self._kpis = answers.kpis()
        self._names = _names(answers, period.now)
        self._targets = _target_rows(answers, period)
        self._attained = _attained(answers, period) if self._targets else {}

    def report(self, wanted: Wanted, *, made_ms: int) -> Report:
        """The report. Raises UsageError for a board or a KPI that can't be reported on."""
        row = tenant_row(self._answers, self._period.now.as_of_ms)
        currency = row.get("base_currency")
        sections = self._board(wanted) if wanted.board is not None else self._list(wanted)
        read = [figure.value.as_of for section in sections for figure in section.figures]
        as_of = max(read, default=instant(self._period.now.as_of_ms))
        return Report(
            title=wanted.title or self._heading(wanted),
            tenant=self._answers.tenant,
            period=_period_words(self._period),
            compared=_compared_words(self._period) if wanted.compare else "not compared",
            as_of=as_of,
            cut=_local(as_of, office_of(row)),
            made=datetime.fromtimestamp(made_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC"),
            money=Money(currency, 2 if currency is None else exponent(currency)),
            sections=tuple(sections),
        )

    def _heading(self, wanted: Wanted) -> str:
        if wanted.board is not None:
            shown = wanted.board.replace(":", " ")
            return shown[:1].upper() + shown[1:]
        named = [self._titled(kpi) for kpi in wanted.kpis]
        return ", ".join(named[:NAMED_MAX]) + (" and more" if len(named) > NAMED_MAX else "")

    def _list(self, wanted: Wanted) -> list[Section]:
        return [self._section(self._titled(kpi), (kpi,), wanted.scopes, wanted.compare) for kpi in wanted.kpis]

    def _board(self, wanted: Wanted) -> list[Section]:
        kind, _, name = str(wanted.board).partition(":")
        if wanted.board == "company":
            return [self._plan("Company", [tile.kpi for tile in company_tiles()], "company", wanted)]
        if wanted.board == "activity":
            return [self._plan("Activity", [tile.kpi for tile in activity_tiles()], "company", wanted)]
        if kind == "team" and name:
            return [self._plan(name, [tile.kpi for tile in team_tiles(name)], f"team:{name}", wanted)]
        if wanted.board == "goals":
            goals = self._section("Goals", (ATTAINMENT,), ("team:*", "rep:*"), wanted.compare)
            company = self._section("Goals", (ATTAINMENT,), ("company",), wanted.compare)
            own = tuple(figure for figure in company.figures if figure.value.denominator is not None)
            return [replace(goals, figures=own + goals.figures)]
        if kind == "ranking" and name in {kpi for kpi, *_ in RANKINGS}:
            return [self._ranking(name, wanted.compare)]
        raise UsageError(f"board {wanted.board!r} can't be reported on; allowed: {BOARDS}")

    def _plan(self, title: str, kpis: Sequence[str], scope: str, wanted: Wanted) -> Section:
        # What only says how things stand this minute, such as who is stalled, has nothing to say about a period.
        chosen = [kpi for kpi in kpis if self._kpis[kpi]["form"] in FOR_PERIODS]
        return self._section(title, chosen, (scope,), wanted.compare)

    def _section(self, title: str, kpis: Sequence[str], scopes: Sequence[str], compare: bool) -> Section:
        now = self._read(kpis, scopes, self._period.now)
        then: dict[tuple[str, str], KpiValue] = {}
        if compare and self._period.before is not None:
            then = {(each.kpi, each.scope): each for each in self._read(kpis, scopes, self._period.before)}
        order = {kpi: place for place, kpi in enumerate(kpis)}
        now.sort(
            key=lambda each: (
                _place(each.scope, scopes),
                order[each.kpi] if len(scopes) == 1 else 0,
                self._name(each.scope),
            )
        )
        figures = tuple(self._figure(each, then.get((each.kpi, each.scope))) for each in now[:ROWS_MAX])
        more = f"{len(now) - ROWS_MAX} more are left out." if len(now) > ROWS_MAX else ""
        return Section(title, figures, more or ("" if figures else "Nothing in this period."))

    def _read(self, kpis: Sequence[str], scopes: Sequence[str], cut: Cut) -> list[KpiValue]:
        """Scopes by name are answered with or without data, those of `kind:*` as far as they have some."""
        asked = {"kpi": ",".join(kpis), "window": cut.window, "as_of": instant(cut.as_of_ms)}
        named = [scope for scope in scopes if not scope.endswith(EVERY)]
        kinds = tuple(scope.removesuffix("*") for scope in scopes if scope.endswith(EVERY))
        found: list[KpiValue] = []
        for begin in range(0, len(named), SCOPES_AT_ONCE):
            found += values(self._answers, asked | {"scope": ",".join(named[begin : begin + SCOPES_AT_ONCE])})
        if kinds:
            have = {(each.kpi, each.scope) for each in found}
            listed = values(self._answers, asked)
            found += [each for each in listed if each.scope.startswith(kinds) and (each.kpi, each.scope) not in have]
        return found

    def _figure(self, value: KpiValue, before: KpiValue | None) -> Figure:
        definition = self._kpis[value.kpi]
        return Figure(
            title=definition["title"],
            name=self._name(value.scope),
            value=value,
            direction=definition["direction"],
            before=before,
            target=self._target(value),
        )

    def _target(self, value: KpiValue) -> Target | None:
        """The target of this very number. Where a scope has several for the period, attainment reads one of them."""
        if value.kpi == ATTAINMENT and value.denominator is not None:
            return Target(None, value.value, value.facets.get("pace"), self._period.is_over)
        rows = self._targets.get(value.scope, [])
        found = self._attained.get(value.scope)
        if found is None or found.denominator is None or value.kpi not in {row["kpi"] for row in rows}:
            return None
        is_other = found.numerator != value.value or found.denominator not in [
            row["value"] for row in rows if row["kpi"] == value.kpi
        ]
        if len(rows) > 1 and is_other:
            return None
        return Target(found.denominator, found.value, found.facets.get("pace"), self._period.is_over)

    def _ranking(self, kpi: str, compare: bool) -> Section:
        asked = {"kpi": kpi, "window": self._period.now.window, "as_of": instant(self._period.now.as_of_ms)}
        policy = tenant_row(self._answers, self._period.now.as_of_ms).get("ranking", "full")
        kind = "team" if policy == "team_only" else "rep"
        title = f"{self._titled(kpi)}, ranked"
        if policy == "off":
            return Section(title, (), "The tenant's policy shows no rankings.")
        ranked = values(self._answers, asked | {"scope": kind}, "/v1/leaderboard")
        shown = [each for each in ranked if each.value is not None or each.status == "insufficient"]
        scopes = [each.scope for each in shown][:ROWS_MAX]
        plain = {each.scope: each for each in self._read((kpi,), scopes, self._period.now)} if scopes else {}
        before = self._period.before if compare and scopes else None
        then = {each.scope: each for each in self._read((kpi,), scopes, before)} if before is not None else {}
        figures = [self._ranked(each, plain[each.scope], then.get(each.scope)) for each in shown[:ROWS_MAX]]
        kept = len(ranked) - len(shown)
        return Section(title, tuple(figures), f"{kept} ranks are kept back by policy." if kept else "")

    def _ranked(self, rank: KpiValue, value: KpiValue, before: KpiValue | None) -> Figure:
        return replace(self._figure(value, before), rank=NO_RANK if rank.value is None else str(rank.value))

    def _titled(self, kpi: str) -> str:
        if kpi not in self._kpis:
            raise UsageError(f"KPI {kpi!r} is not known; allowed are {', '.join(sorted(self._kpis))}")
        return str(self._kpis[kpi]["title"])

    def _name(self, scope: str) -> str:
        kind, _, name = scope.partition(":")
        if kind == "company":
            return "Company"
        if name == "_none":
            return f"without a {kind}"
        return self._names.get(name, name) if kind == "rep" else name


NO_RANK = "–"


def tenant_row(answers: Answers, as_of_ms: int) -> Mapping[str, Any]:
    """What the table `tenant` says at a moment; nothing of a tenant that nobody has configured."""
    rows = answers.rows("/v1/reference", {"table": "tenant", "as_of": instant(as_of_ms)})
    return rows[0] if rows else {}


def office(answers: Answers, now_ms: int) -> Office:
    """The tenant's days, as configured now."""
    return office_of(tenant_row(answers, now_ms))


def _names(answers: Answers, cut: Cut) -> dict[str, str]:
    rows = answers.rows("/v1/reference", {"table": "roster", "as_of": instant(cut.as_of_ms)})
    return {row["rep"]: row.get("name") or row["rep"] for row in rows}


def _target_rows(answers: Answers, period: Period) -> dict[str, list[Row]]:
    """The targets of the whole period that the report's window stands in, by scope."""
    if kind_of(period.now.window) not in (*PERIODS, "month", "quarter", "year"):
        return {}
    row = tenant_row(answers, period.now.as_of_ms)
    span = period_of(period.now.window, period.now.as_of_ms // MINUTE_MS + 1, office_of(row).calendar)
    assert span is not None
    edges = [day.isoformat() for day in span]
    found: dict[str, list[Row]] = {}
    for target in answers.rows("/v1/reference", {"table": "targets", "as_of": instant(period.now.as_of_ms)}):
        if [target["from"], target["to"]] == edges:
            found.setdefault(target["scope"], []).append(target)
    return found


def _attained(answers: Answers, period: Period) -> dict[str, KpiValue]:
    asked = {"kpi": ATTAINMENT, "window": period.now.window, "as_of": instant(period.now.as_of_ms)}
    return {each.scope: each for each in values(answers, asked)}


def _local(as_of: str, office: Office) -> str:
    """A cut in the tenant's time; midnight is the end of the day before."""
    at = datetime.fromisoformat(as_of).astimezone(office.zone)
    if (at.hour, at.minute) == (0, 0):
        return f"the end of {(at - timedelta(days=1)):%Y-%m-%d}, {office.zone}"
    return f"{at:%Y-%m-%d %H:%M}, {office.zone}"


def _place(scope: str, scopes: Sequence[str]) -> int:
    """Where the scopes that were asked for put it."""
    if scope in scopes:
        return list(scopes).index(scope)
    return next((n for n, asked in enumerate(scopes) if asked.endswith(EVERY) and scope.startswith(asked[:-1])), 0)


def _period_words(period: Period) -> str:
    if period.first is None or period.last is None:
        return f"{period.name} as of {instant(period.now.as_of_ms)}"
    return f"{period.name} ({period.first} to {period.last})"


def _compared_words(period: Period) -> str:
    before = period.before
    if before is None:
        return "not compared"
    kind, _, name = before.window.partition(":")
    if name:
        return f"compared with {name}" if period.is_over else f"compared with {name} up to the same day"
    if period.first is not None:
        return "compared with the week before"
    return f"compared with {BEFORE.get(kind, f'the {kind} before')}"


BEFORE = {"today": "the same weekday a week before", "wtd": "the same days of the week before"}
BEFORE |= {window: f"the same days of the {word} before" for window, word in (("mtd", "month"), ("qtd", "quarter"))}
BEFORE["ytd"] = "the same days of the year before"
