"""What an alert reads for a scope at a moment: a KPI's value as anybody is shown it, or a publisher's silence."""

from __future__ import annotations

from collections.abc import Collection
from zoneinfo import ZoneInfo

from msgspec import UnsetType

from schemas.alert import AlertDefinition, AlertRecord
from schemas.cells import MINUTE_MS
from schemas.kpi import KpiDefinition, KpiValue, Status
from stream.alerts.lateness import BEATS, EVENTS, Lateness
from stream.alerts.machine import Seen
from stream.alerts.rules import Rules
from stream.alerts.stalled import RATE, words
from stream.alerts.stalling import Stall, is_at_work, is_of_today, is_witnessed, stall_of
from stream.board.forms.forms import FORMS
from stream.board.moment import Moment, moment_of
from stream.board.reference.roster import NOBODY, active_at, rosters_of
from stream.board.reference.versions import version_at
from stream.board.reference.working import calendars_of, timesheet_of
from stream.board.sources import HEARTBEATS_MISSED, is_fed_by, sources_at, speaking_of
from stream.board.values import evaluate, value_from
from stream.board.windows import Window, window_at

BELIEVED: tuple[Status, ...] = ("live", "restated", "maturing")
"""A value of another status neither fires nor resolves; one that rests on too few doesn't fire."""
PUBLISHER = "publisher:"
MINUTE_S = 60
GAPS_MISSED = 10
"""Chance alone makes gaps of four times the usual one every day: they make a number partial, but wake nobody."""


class Observer:
    """Reads alerts of one tenant at one moment.

    ``outages``: publishers whose silence is an open alert; what they feed is not believed. ``over_ms``: when earlier
    silences were over, by publisher. ``live_ms``: since when events come as they happen.
    """

    def __init__(
        self,
        moment: Moment,
        rules: Rules,
        outages: Collection[str],
        over_ms: dict[str, int],
        live_ms: int | None,
        lateness: Lateness,
    ) -> None:
        self.moment, self.rules = moment, rules
        self.outages, self.over_ms = outages, over_ms
        self.live_ms, self.lateness = live_ms or 0, lateness
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
        stall = None
        if kpi.form == "stall":
            stall = self._stall(definition, kpi, scope)
            if not is_open and stall is not None and not stall.is_long(definition):
                return Seen(None)  # most are not, and the rest of the KPI's value costs more
            if stall is not None and not is_at_work(self.moment, stall.rep):
                return Seen(None)
        found = FORMS[kpi.form].read(self.moment, self.rules.catalogue, kpi, scope, window)
        value = value_from(self.moment, self.rules.catalogue, kpi, scope, window, found)
        reading = _reading(definition, value) if _is_met(definition, value, is_open=is_open) else None
        evidence = _evidence(value)
        if kpi.form == "stalled":
            evidence |= words(value, self.moment.base_currency)
        if found.is_money and self.moment.base_currency is not None:
            evidence["currency"] = self.moment.base_currency
        is_believed = _is_believed(kpi, value) and not self._is_cut_off(kpi, scope, window)
        if definition.less is not None and reading is not None:
            other = evaluate(self.moment, self.rules.catalogue, kpi, scope, self._window(definition.less))
            usual = _reading(definition, other)  # its guards are about the reading, not about what is usual
            is_believed = is_believed and other.status in BELIEVED
            reading = None if usual is None else reading - usual
            evidence[f"usual_{definition.facet or kpi.slug}"] = 0 if usual is None else usual
        since_ms, forgiven = (None, 0.0) if stall is None else (stall.since_ms, float(stall.forgiven))
        if definition.after_outage == "start_anew" and reading is not None and reading > definition.fire:
            ended = [(name, ended_ms) for name, ended_ms in self.over_ms.items() if ended_ms >= (since_ms or 0)]
            over = [(self._when_over(kpi, definition, scope, name), ended_ms) for name, ended_ms in ended]
            outage, ended_ms = max(over, default=(0.0, 0))
            since_ms = ended_ms if outage else since_ms
            forgiven = max(forgiven, outage)
        may_fire, may_escalate, is_over = value.n >= definition.min_n, True, False
        if stall is not None:
            stall = stall.less(int(forgiven))
            may_fire = may_fire and (is_open or self._is_due(definition, kpi, stall, window))
            may_escalate = stall.may_escalate(definition)
            is_over = record is not None and (stall.since_ms or 0) > record.since_ms and not stall.is_long(definition)
            evidence |= stall.evidence()
        return Seen(
            value=reading,
            n=value.n,
            is_believed=is_believed,
            may_fire=may_fire,
            may_escalate=may_escalate,
            is_over=is_over,
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

    def _stall(self, definition: AlertDefinition, kpi: KpiDefinition, scope: str) -> Stall | None:
        """A rep's stall, as far as an alert reads any."""
        kind, _, rep = scope.partition(":")
        return (
            stall_of(self.moment, kpi, definition, rep, self.live_ms // MINUTE_MS)
            if kind == "rep" and definition.worse == "up"
            else None
        )

    def _is_due(self, definition: AlertDefinition, kpi: KpiDefinition, stall: Stall, window: Window) -> bool:
        """Whether a stall may be told."""
        zone = self.zone_of(f"rep:{stall.rep}") or self.moment.calendar.spans[-1].zone
        if not stall.is_long(definition) or not is_of_today(self.moment, definition, stall, zone):
            return False
        return is_witnessed(self.moment, kpi, definition, stall, window, self.lateness)

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
        """Minutes for which a silent publisher has not been heard. It is over when it was heard again, and what it says
        is new: at an hour at which it is never heard nothing is known.
        """
        source = sources_at(self.moment).get(name)
        if source is None:
            return Seen(None)
        is_open = record is not None and record.is_open
        minutes = (self.moment.as_of_ms - source.last_ms) // MINUTE_MS
        if source.interval_s is not None:
            late = self.lateness.of(f"{BEATS}/{name}") or 0
            late = late if late * MINUTE_S > (HEARTBEATS_MISSED - 1) * source.interval_s else 0
            expected = f"a heartbeat every {source.interval_s} s"
            is_silent = source.is_silent or (is_open and late > 0)
        else:
            found = self.lateness.of(f"{EVENTS}/{name}")
            late, gap = found or 0, source.usual_gap_min
            usual = "" if gap is None else f"an event every {float(gap):.1f} min, as usual at this hour of the week"
            expected = usual + (f", up to {late} min late" if late else "")
            # Until it was heard a few times as things happen, nobody knows how late it usually comes.
            is_missed = gap is None or self._worked_since(name, source.last_ms, late) >= GAPS_MISSED * gap
            is_silent = source.is_silent and found is not None and is_missed
        if is_silent:
            still = f" It still speaks, but of what is {late} min old: it lags, or its clock is slow." if late else ""
            evidence: dict[str, int | float | str] = {
                "expected": expected,
                "still": still if source.interval_s is not None else "",
            }
            return Seen(float(max(minutes, 1)), 1, since_ms=source.last_ms, evidence=evidence)
        is_unknown = record is not None and record.state != "resolved" and source.last_ms <= record.since_ms
        return Seen(0.0, 1, is_believed=not is_unknown, since_ms=source.last_ms)

    def _worked_since(self, name: str, since_ms: int, late_min: int) -> int:
        """Minutes since a moment, but for the last ``late_min``, in which anybody worked for whom a publisher speaks:
        on a holiday it has nothing to say. All of them, where it speaks for nobody in particular or for somebody
        without a roster.
        """
        since, cut = since_ms // MINUTE_MS, self.moment.cut - late_min
        organisation, cut_ms = self.moment.board.organisation, self.moment.cut_ms
        reps = {rep for named in speaking_of(self.moment, name).values() for rep in named}
        if not reps or not reps <= rosters_of(organisation, cut_ms).keys():
            return cut - since
        return max(timesheet_of(organisation, cut_ms, rep).minutes(since, cut) for rep in reps)

    def name_of(self, scope: str) -> str:
        """What the roster calls a rep now; "" where it says nothing."""
        kind, _, rep = scope.partition(":")
        said = active_at(self.moment.board.organisation, self.moment.cut_ms).get(rep) if kind == "rep" else None
        return "" if said is None else said.name or ""

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


def _is_believed(kpi: KpiDefinition, value: KpiValue) -> bool:
    """Whether a value may be acted upon. How many deals stand still hangs on no rate of exchange."""
    if kpi.form == "stalled" and value.status == "partial" and not isinstance(value.missing, UnsetType):
        return all(name.startswith(RATE) for name in value.missing)
    return value.status in BELIEVED


def _evidence(value: KpiValue) -> dict[str, int | float | str]:
    found: dict[str, int | float | str] = {**value.facets}
    for name in ("numerator", "denominator"):
        part = getattr(value, name)
        if part is not None:
            found[name] = part
    return found
