"""What an alert reads for a scope at a moment: a KPI's value as anybody is shown it, or a publisher's silence."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from schemas.alert import AlertDefinition, AlertRecord
from schemas.cells import MINUTE_MS
from schemas.kpi import KpiDefinition, KpiValue, Status
from stream.alerts.machine import Seen
from stream.alerts.rules import Rules
from stream.alerts.stalled import words
from stream.board.forms.forms import FORMS
from stream.board.forms.stall import idle_minutes, last_minute
from stream.board.moment import Moment, moment_of
from stream.board.reference.roster import NOBODY, active_at, rosters_of
from stream.board.reference.versions import version_at
from stream.board.reference.working import absences_of, calendars_of, timesheet_of
from stream.board.sources import is_fed_by, sources_at, speaking_of
from stream.board.values import evaluate, value_from
from stream.board.windows import Window, window_at
from stream.calendars import local_time

BELIEVED: tuple[Status, ...] = ("live", "restated", "maturing")
"""A value of another status neither fires nor resolves; one that rests on too few doesn't fire."""
PUBLISHER = "publisher:"
HOUR_MIN = 60
DAY_MIN = 24 * HOUR_MIN
GAPS_MISSED = 10
"""Chance alone makes gaps of four times the usual one every day: they make a number partial, but wake nobody."""


class Observer:
    """Reads alerts of one tenant at one moment.

    ``outages``: publishers whose silence is an open alert; what they feed is not believed. ``over_ms``: when earlier
    silences were over, by publisher.
    """

    def __init__(self, moment: Moment, rules: Rules, outages: Collection[str], over_ms: dict[str, int]) -> None:
        self.moment, self.rules = moment, rules
        self.outages, self.over_ms = outages, over_ms
        self._windows: dict[str, Window] = {}

    def scopes(self, definition: AlertDefinition) -> list[str]:
        """Of whom there may be something to read."""
        if definition.reads == "publisher":
            return [PUBLISHER + name for name in sources_at(self.moment)]
        kpi = self._kpi(definition)
        found = FORMS[kpi.form].scopes(self.moment, self.rules.catalogue, kpi)
        return sorted(scope for scope in found if scope.partition(":")[0] in definition.scopes and _is_named(scope))

    def see(self, definition: AlertDefinition, record: AlertRecord | None, scope: str) -> Seen:
        """What an alert reads for a scope."""
        if definition.reads == "publisher":
            return self._silence(record, scope.removeprefix(PUBLISHER))
        kpi, window = self._kpi(definition), self._window(definition.window or "")
        is_open = record is not None and record.is_open
        if self._is_gone(scope):
            return Seen(None)
        if kpi.form == "stall":
            if (record is None or record.state == "resolved") and self._is_busy(definition, scope):
                return Seen(None)
            if not self._is_at_work(scope):
                return Seen(None)
        found = FORMS[kpi.form].read(self.moment, self.rules.catalogue, kpi, scope, window)
        value = value_from(self.moment, self.rules.catalogue, kpi, scope, window, found)
        reading = _reading(definition, value) if _is_met(definition, value, is_open=is_open) else None
        evidence = _evidence(value)
        if kpi.form == "stalled":
            evidence |= words(value, self.moment.base_currency)
        if found.is_money and self.moment.base_currency is not None:
            evidence["currency"] = self.moment.base_currency
        is_believed = value.status in BELIEVED and not self._is_cut_off(kpi, scope, window)
        if definition.less is not None and reading is not None:
            other = evaluate(self.moment, self.rules.catalogue, kpi, scope, self._window(definition.less))
            usual = _reading(definition, other)  # its guards are about the reading, not about what is usual
            is_believed = is_believed and other.status in BELIEVED
            reading = None if usual is None else reading - usual
            evidence[f"usual_{definition.facet or kpi.slug}"] = 0 if usual is None else usual
        since_ms, forgiven, may_fire = None, 0.0, value.n >= definition.min_n
        if kpi.form == "stall" and scope.startswith("rep:"):
            last = last_minute(self.moment, kpi, scope.removeprefix("rep:"))
            since_ms = None if last is None else (last + 1) * MINUTE_MS
            if not is_open and may_fire and reading is not None and reading > definition.fire:
                may_fire = self._is_witnessed(definition, kpi, scope, window, last)
        if definition.after_outage == "start_anew" and reading is not None and reading > definition.fire:
            ended = [(name, ended_ms) for name, ended_ms in self.over_ms.items() if ended_ms >= (since_ms or 0)]
            over = [(self._when_over(kpi, definition, scope, name), ended_ms) for name, ended_ms in ended]
            forgiven, ended_ms = max(over, default=(0.0, 0))
            since_ms = ended_ms if forgiven else since_ms
        return Seen(
            value=reading,
            n=value.n,
            is_believed=is_believed,
            may_fire=may_fire,
            forgiven=forgiven,
            since_ms=since_ms,
            team=self.team_of(scope),
            evidence=evidence,
        )

    def zone_of(self, scope: str) -> ZoneInfo | None:
        """Where a rep works, as far as a calendar says."""
        kind, _, rep = scope.partition(":")
        organisation, cut_ms = self.moment.board.organisation, self.moment.cut_ms
        said = active_at(organisation, cut_ms).get(rep) if kind == "rep" else None
        versions = calendars_of(organisation, cut_ms).get((said and said.calendar) or "", [])
        calendar = version_at(versions, self.moment.cut - 1)
        return ZoneInfo(calendar.time_zone) if calendar is not None and calendar.time_zone is not None else None

    def _is_gone(self, scope: str) -> bool:
        """Whether a rep was rostered and isn't any more: what is left of their month is nobody's to mend."""
        kind, _, rep = scope.partition(":")
        organisation, cut_ms = self.moment.board.organisation, self.moment.cut_ms
        return kind == "rep" and rep in rosters_of(organisation, cut_ms) and rep not in active_at(organisation, cut_ms)

    def _is_at_work(self, scope: str) -> bool:
        """Whether anybody could stall there now: not a rep who is away, or of whom nobody said when they work."""
        kind, _, rep = scope.partition(":")
        organisation, cut = self.moment.board.organisation, self.moment.cut
        if kind != "rep":
            return True
        if any(start < cut <= end for start, end in absences_of(organisation, self.moment.cut_ms).get(rep, ())):
            return False
        now = timesheet_of(organisation, self.moment.cut_ms, rep).within(cut - 1, cut)
        return not any(piece.week is None or piece.week.minutes(cut - DAY_MIN, cut) == DAY_MIN for piece in now)

    def _is_witnessed(
        self, definition: AlertDefinition, kpi: KpiDefinition, scope: str, window: Window, last: int | None
    ) -> bool:
        """Whether a stall is long enough as far as is known: a publisher that sends heartbeats has to have been heard
        since it was, for what it didn't bring before it fell silent may come. And enough of it has to be of today.
        """
        rep, cut = scope.removeprefix("rep:"), self.moment.cut
        sheet = timesheet_of(self.moment.board.organisation, self.moment.cut_ms, rep)
        zone = self.zone_of(scope) or self.moment.calendar.spans[-1].zone
        local = local_time(cut - 1, zone)
        today = cut - 1 - local.hour * HOUR_MIN - local.minute
        if sheet.minutes(max(today, 0 if last is None else last + 1), cut) < definition.of_today_min:
            return False
        heard = [
            source.last_ms // MINUTE_MS + 1
            for name, source in sources_at(self.moment).items()
            if source.interval_s is not None and is_fed_by(self.moment, name, kpi.measures, scope, window)
        ]
        return last is None or all(sheet.minutes(last + 1, min(at, cut)) > definition.fire for at in heard)

    def _is_busy(self, definition: AlertDefinition, scope: str) -> bool:
        """Whether a rep is far from a stall, by the KPI's own count: most are, and the rest of its value costs more."""
        kind, _, rep = scope.partition(":")
        organisation, cut_ms = self.moment.board.organisation, self.moment.cut_ms
        if kind != "rep" or definition.worse == "down" or rep not in active_at(organisation, cut_ms):
            return False
        return idle_minutes(self.moment, self._kpi(definition), rep) <= definition.fire

    def _kpi(self, definition: AlertDefinition) -> KpiDefinition:
        return self.rules.catalogue.find(definition.kpi or "")

    def _window(self, name: str) -> Window:
        found = self._windows.get(name)
        if found is None:
            found = self._windows[name] = window_at(name, self.moment.cut, self.moment.calendar)
        return found

    def _is_cut_off(self, kpi: KpiDefinition, scope: str, window: Window) -> bool:
        """Whether a publisher that feeds it is out: also at hours at which nobody expects to hear it."""
        return any(is_fed_by(self.moment, name, kpi.measures, scope, window) for name in self.outages)

    def _when_over(self, kpi: KpiDefinition, definition: AlertDefinition, scope: str, name: str) -> float:
        """What was read when a publisher's silence ended; 0 if it doesn't feed the scope."""
        window = self._window(definition.window or "")
        if not is_fed_by(self.moment, name, kpi.measures, scope, window):
            return 0.0
        ended_ms = self.over_ms[name]
        then = moment_of(self.moment.board, min(ended_ms // MINUTE_MS + 1, self.moment.cut), ended_ms)
        span = window_at(definition.window or "", then.cut, then.calendar)
        return _reading(definition, evaluate(then, self.rules.catalogue, kpi, scope, span)) or 0.0

    def _silence(self, record: AlertRecord | None, name: str) -> Seen:
        """Minutes for which a silent publisher has not been heard. It is over when it was heard again: at an hour at
        which it is never heard nothing is known.
        """
        source = sources_at(self.moment).get(name)
        if source is None:
            return Seen(None)
        minutes = (self.moment.as_of_ms - source.last_ms) // MINUTE_MS
        gap = source.usual_gap_min
        if source.is_silent and (gap is None or self._worked_since(name, source.last_ms) >= GAPS_MISSED * gap):
            usual = "" if gap is None else f"an event every {float(gap):.1f} min, as usual at this hour of the week"
            expected = usual if source.interval_s is None else f"a heartbeat every {source.interval_s} s"
            return Seen(float(max(minutes, 1)), 1, since_ms=source.last_ms, evidence={"expected": expected})
        is_unknown = record is not None and record.state != "resolved" and source.last_ms <= record.since_ms
        return Seen(0.0, 1, is_believed=not is_unknown, since_ms=source.last_ms)

    def _worked_since(self, name: str, since_ms: int) -> int:
        """Minutes since a moment in which anybody worked for whom a publisher speaks: on a holiday it has nothing to
        say. All of them, where it speaks for nobody in particular or for somebody without a roster.
        """
        since, cut = since_ms // MINUTE_MS, self.moment.cut
        organisation, cut_ms = self.moment.board.organisation, self.moment.cut_ms
        reps = {rep for named in speaking_of(self.moment, name).values() for rep in named}
        if not reps or not reps <= rosters_of(organisation, cut_ms).keys():
            return cut - since
        return max(timesheet_of(organisation, cut_ms, rep).minutes(since, cut) for rep in reps)

    def team_of(self, scope: str) -> str:
        """The team of a scope, as of now; "" where there is none."""
        kind, _, name = scope.partition(":")
        if kind == "team":
            return name
        said = active_at(self.moment.board.organisation, self.moment.cut_ms).get(name) if kind == "rep" else None
        return "" if said is None else said.team or NOBODY


def _is_named(scope: str) -> bool:
    """Nobody's numbers are nobody's fault."""
    return not scope.endswith(f":{NOBODY}")


def _reading(definition: AlertDefinition, value: KpiValue) -> float | None:
    """What a value says to an alert."""
    found = value.value if definition.facet is None else value.facets.get(definition.facet)
    return None if found is None or value.value is None else float(found)


def _is_met(definition: AlertDefinition, value: KpiValue, *, is_open: bool) -> bool:
    """Whether the guards of an alert, that is open or isn't, let it read a value."""
    return all(guard.holds(value.scope, value.facets, is_open=is_open) for guard in definition.only_if)


def _evidence(value: KpiValue) -> dict[str, int | float | str]:
    found: dict[str, int | float | str] = {**value.facets}
    for name in ("numerator", "denominator"):
        part = getattr(value, name)
        if part is not None:
            found[name] = part
    return found
