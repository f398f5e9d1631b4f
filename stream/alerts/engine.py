"""The alerts of one tenant: every rule read for every scope at a moment, and what that changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

from schemas.alert import AlertDefinition, AlertRecord, LiveMark
from stream.alerts.lateness import Lateness
from stream.alerts.machine import step
from stream.alerts.notices import is_waiting
from stream.alerts.observing import PUBLISHER, Observer
from stream.alerts.rules import Rules
from stream.alerts.texts import told
from stream.board.board import Board
from stream.board.moment import Moment, moment_at

LIVE_WITHIN_MS = 900_000
"""A tenant whose newest event is younger than this publishes as things happen; before that it imports history."""
COMPANY = "company"
KEPT_MS = 7 * 24 * 3_600_000
"""How long a resolved alert is remembered."""


@dataclass
class Alerts:
    """A tenant's alerts by (alert, scope), and how late its publishers are. ``live_ms`` None: nothing has come live
    yet, nothing is judged.
    """

    tenant: str
    records: dict[tuple[str, str], AlertRecord] = field(default_factory=dict)
    live_ms: int | None = None
    lateness: Lateness = field(default_factory=Lateness)

    def begin(self, mark: LiveMark) -> None:
        """Go on from a mark."""
        self.live_ms, self.lateness = mark.live_ms, Lateness(mark.late)

    def put(self, record: AlertRecord) -> None:
        """Take a record as it is now."""
        self.records[record.alert, record.scope] = record

    def drop(self, record: AlertRecord) -> None:
        """Forget a record."""
        self.records.pop((record.alert, record.scope), None)


Change = AlertRecord | LiveMark | None
"""A record or mark as it is from now on; None: something was read and nothing changed."""


def judge(
    board: Board, rules: Rules, alerts: Alerts, as_of_ms: int, *, is_fresh: bool, channels: Collection[str]
) -> Iterator[Change]:
    """Read everything at ``as_of_ms`` and step what changes. Each change is in ``alerts`` when it is yielded.

    ``is_fresh`` False: the numbers lag behind what was received, so nothing fires and nothing resolves. It may be
    given up between two changes: what wasn't reached is judged the next time.
    """
    if not is_fresh:
        return
    if alerts.live_ms is None:
        if as_of_ms - board.newest_ms > LIVE_WITHIN_MS:
            return
        alerts.live_ms = as_of_ms
        yield LiveMark(alerts.tenant, as_of_ms)
    moment = moment_at(board, as_of_ms)
    if alerts.lateness.watch(moment):
        yield LiveMark(alerts.tenant, alerts.live_ms, alerts.lateness.recent)
    yield from judge_moment(moment, rules, alerts, channels)


def judge_moment(moment: Moment, rules: Rules, alerts: Alerts, channels: Collection[str]) -> Iterator[Change]:
    """Read everything at a moment, whatever came live."""
    for definition in rules.definitions.values():
        yield from _judge_rule(moment, rules, alerts, definition, channels)
    yield from _forget(alerts, moment.as_of_ms)


def _judge_rule(
    moment: Moment, rules: Rules, alerts: Alerts, definition: AlertDefinition, channels: Collection[str]
) -> Iterator[Change]:
    observer = Observer(moment, rules, *_outages(alerts), alerts.live_ms, alerts.lateness)
    known = {scope for alert, scope in alerts.records if alert == definition.alert}
    scopes = sorted(known | set(observer.scopes(definition)), key=_widest_first)
    if definition.after_teams:
        scopes.sort(key=COMPANY.__eq__)
    for scope in scopes:
        before = alerts.records.get((definition.alert, scope))
        is_held = definition.under_team and scope.startswith("rep:")
        is_held = is_held and _is_standing(alerts, definition, f"team:{observer.team_of(scope)}")
        if definition.after_teams and scope == COMPANY:
            is_held = any(_is_standing(alerts, definition, each) for each in scopes if each.startswith("team:"))
        if is_held and (before is None or before.state == "resolved"):
            yield None
            continue
        seen = observer.see(definition, before, scope)
        if is_held:
            seen = replace(seen, may_fire=False)
        blank = _blank(alerts.tenant, definition, scope, seen.team, moment.as_of_ms)
        after = step(definition, before, seen, blank, channels)
        if after is None or after is before:
            yield None
            continue
        if after.is_open or after.state == "pending" or (before is not None and before.is_open):
            after = told(definition, after, moment.calendar, observer.zone_of(scope), observer.name_of(scope))
        alerts.put(after)
        yield after


def _widest_first(scope: str) -> tuple[bool, str]:
    """Reps last: what is said of their team may say it of them."""
    return scope.startswith("rep:"), scope


def _is_standing(alerts: Alerts, definition: AlertDefinition, scope: str) -> bool:
    """Whether an alert of a scope is open or about to be."""
    record = alerts.records.get((definition.alert, scope))
    return record is not None and record.state != "resolved"


def _outages(alerts: Alerts) -> tuple[set[str], dict[str, int]]:
    """The publishers whose silence is an alert, or about to be; and when earlier silences ended."""
    out: set[str] = set()
    over_ms: dict[str, int] = {}
    for record in alerts.records.values():
        if record.scope.startswith(PUBLISHER):
            name = record.scope.removeprefix(PUBLISHER)
            if record.state != "resolved":
                out.add(name)
            elif record.resolved_ms is not None:
                over_ms[name] = record.resolved_ms
    return out, over_ms


def _blank(tenant: str, definition: AlertDefinition, scope: str, team: str, as_of_ms: int) -> AlertRecord:
    return AlertRecord(
        tenant=tenant,
        alert=definition.alert,
        scope=scope,
        state="pending",
        severity=definition.severity,
        owner=definition.owner,
        as_of_ms=as_of_ms,
        met_ms=as_of_ms,
        since_ms=as_of_ms,
        team=team,
        group=f"{definition.alert}/{team}" if definition.group_by == "team" else definition.alert,
    )


def is_over(record: AlertRecord, as_of_ms: int) -> bool:
    """Whether a record can be forgotten: it never fired, or is resolved for long and nobody waits for news of it."""
    if record.state != "resolved":
        return False
    if record.episode == 0:
        return True
    is_old = as_of_ms - record.as_of_ms > KEPT_MS
    return is_old and not any(is_waiting(notice) for notice in record.notices)


def _forget(alerts: Alerts, as_of_ms: int) -> Iterator[Change]:
    for record in [each for each in alerts.records.values() if is_over(each, as_of_ms)]:
        alerts.drop(record)
        yield record
