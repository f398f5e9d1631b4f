"""Alerts: what one is (its definition, data), and how one stands (its record in the alerts topic)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

ALERT_VERSION = 1

Severity = Literal["info", "warning", "critical"]
State = Literal["pending", "firing", "acknowledged", "snoozed", "resolved"]
NoticeKind = Literal["fired", "escalated", "reminded", "resolved"]
AlertScope = Literal["company", "team", "rep", "territory", "publisher"]

OPEN: tuple[State, ...] = ("firing", "acknowledged", "snoozed")
"""The states in which an alert is there for people."""


class BadAlert(ValueError):
    """An alert definition that contradicts itself."""


class Guard(BaseModel):
    """A condition on a facet of the value without which the alert doesn't fire, and below ``until`` (if not given:
    ``at_least``) not last; for some ``scopes`` only, if given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    facet: str
    at_least: float
    until: float | None = None
    scopes: tuple[AlertScope, ...] = ()

    def holds(self, scope: str, facets: Mapping[str, float], *, is_open: bool) -> bool:
        """Whether it is met by a value of a scope whose alert is open or isn't."""
        is_asked = not self.scopes or scope.partition(":")[0] in self.scopes
        least = self.until if is_open and self.until is not None else self.at_least
        return not is_asked or facets.get(self.facet, float("-inf")) >= least


class Escalation(BaseModel):
    """Beyond ``at`` the alert is of another severity, and somebody else's."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    at: float
    severity: Severity
    owner: str


class AlertDefinition(BaseModel):
    """An alert as data.

    It reads a KPI's value in a window, or a ``facet`` of it, less the same reading in the window ``less``, if that is
    given; one that reads publishers reads for how many minutes a silent one has not been heard. It fires when what it
    reads has been worse than ``fire`` for ``for_s``, and resolves when it has not been worse than ``clear`` for
    ``clear_for_s``. Of fewer than ``min_n`` it never fires. A snoozed one speaks up when it is worse by ``step``.

    ``after_outage: start_anew``: what passed until a source that feeds it spoke again doesn't count.

    ``of_today_min``: a rep's stall has to last so many working minutes of the rep's day before it fires: who has just
    begun a day isn't late yet.

    ``of_usual``: it has to last, too, as long as the rep usually takes for so many activities, and so much longer
    before it escalates: who visits three customers a day is not late after 90 minutes.

    ``appointment_min``: so many minutes from the beginning of an appointment don't count for a stall, as those of a
    long touch don't, unless something was heard of the rep meanwhile.

    ``under_team``: a rep's doesn't fire while that of its team is open or about to be: the team's says it already.

    ``after_teams``: the company's doesn't fire while that of a team is open or about to be: it is about the same.

    ``text``, ``over`` (what is said when it resolves), ``over_unread`` (the same, where nothing is left to read),
    ``next_step`` and ``link`` may name in braces: who, whom, scope, tenant, team, of_team, value, since, last, n,
    benchmark, fire, fired, every facet of the value, and with usual_ before its name that of the window ``less``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    alert: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    reads: Literal["kpi", "publisher"] = "kpi"
    kpi: str | None = None
    window: str | None = None
    facet: str | None = None
    less: str | None = None
    scopes: tuple[AlertScope, ...]
    worse: Literal["up", "down"]
    fire: float
    clear: float
    step: float = Field(gt=0)
    min_n: int = Field(default=0, ge=0)
    only_if: tuple[Guard, ...] = ()
    for_s: int = Field(default=0, ge=0)
    clear_for_s: int = Field(default=0, ge=0)
    severity: Severity
    escalation: Escalation | None = None
    group_by: Literal["team", "tenant"] = "team"
    owner: str
    after_outage: Literal["go_on", "start_anew"] = "go_on"
    under_team: bool = False
    after_teams: bool = False
    of_today_min: int = Field(default=0, ge=0)
    of_usual: float = Field(default=0, ge=0)
    appointment_min: int = Field(default=0, ge=0)
    shown_as: Literal["minutes", "percent", "points", "count"]
    benchmark: str = ""
    text: str
    over: str = "It is over. It had begun at {since} and was told: {fired}."
    over_unread: str = "Nothing is left to judge."
    next_step: str
    link: str
    definition: int = Field(ge=1)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> AlertDefinition:
        if self.reads == "kpi" and (self.kpi is None or self.window is None):
            raise BadAlert(f"{self.alert} reads a KPI; it has to give kpi and window")
        if self.reads == "publisher" and self.scopes != ("publisher",):
            raise BadAlert(f"{self.alert} reads publishers; its scopes have to be [publisher]")
        if self.is_worse(self.clear, self.fire):
            raise BadAlert(
                f"{self.alert} would resolve at {self.clear}, which is worse than {self.fire}, where it fires"
            )
        if self.escalation is not None and not self.is_worse(self.escalation.at, self.fire):
            raise BadAlert(f"{self.alert} escalates at {self.escalation.at}, before it fires at {self.fire}")
        return self

    def is_worse(self, value: float, limit: float) -> bool:
        """Whether a reading lies beyond a limit, on the bad side."""
        return value > limit if self.worse == "up" else value < limit

    @property
    def of_usual_escalated(self) -> float:
        """The same of ``of_usual`` for escalating."""
        return self.of_usual * self.escalation.at / self.fire if self.escalation is not None and self.fire else 0.0


class Notice(msgspec.Struct, omit_defaults=True):
    """Something that one channel has to be told once, since ``made_ms``, not to be tried before ``next_ms``. ``key`` is
    the same however often it is tried.
    """

    key: str
    channel: str
    kind: NoticeKind
    made_ms: int
    next_ms: int
    attempts: int = 0
    delivered_ms: int | None = None
    given_up: bool = False
    failure: str = ""


class Snooze(msgspec.Struct, omit_defaults=True):
    """Quiet until ``until_ms``; with ``unless_worse`` only while the reading isn't worse than ``value`` by the
    definition's step.
    """

    until_ms: int
    value: float | None = None
    unless_worse: bool = True


class AlertRecord(msgspec.Struct, omit_defaults=True):
    """How an alert stands for a scope: everything that judging it further needs, and everything that is told of it.

    ``episode`` counts how often it fired since it is remembered. Moments are epoch ms: ``since_ms`` when what it is
    about began, ``met_ms`` since when its condition holds, ``clearing_ms`` since when it does not. ``value`` is the
    reading at ``as_of_ms``. ``team`` and ``group`` are those of the beginning: whoever was told is told the end.
    ``was_severity`` and ``was_owner`` are those before it escalated.
    """

    tenant: str
    alert: str
    scope: str
    state: State
    severity: Severity
    owner: str
    as_of_ms: int
    met_ms: int
    since_ms: int
    version: int = ALERT_VERSION
    definition: int = 1
    episode: int = 0
    fired_ms: int | None = None
    clearing_ms: int | None = None
    resolved_ms: int | None = None
    escalated_ms: int | None = None
    was_severity: Severity | None = None
    was_owner: str = ""
    value: float | None = None
    worst: float | None = None
    n: int = 0
    team: str = ""
    group: str = ""
    title: str = ""
    text: str = ""
    next_step: str = ""
    link: str = ""
    evidence: dict[str, int | float | str] = {}
    acted_ms: int | None = None
    """When somebody last acknowledged or snoozed it; ``actor`` is who, ``note`` what they said."""
    actor: str = ""
    note: str = ""
    snooze: Snooze | None = None
    action_offset: int = -1
    """Actions of the topic up to this one have been taken."""
    notices: list[Notice] = []

    @property
    def id(self) -> str:
        """The name of the alert in addresses; the same for every episode."""
        return alert_id(self.tenant, self.alert, self.scope)

    @property
    def key(self) -> bytes:
        """Its key in the topic."""
        return alert_key(self.tenant, self.alert, self.scope)

    @property
    def is_open(self) -> bool:
        """Whether it is there for people."""
        return self.state in OPEN


class LiveMark(msgspec.Struct, omit_defaults=True):
    """Since when a tenant's events come as they happen (epoch ms); before that, history is being imported. And by how
    many minutes the last arrivals of its publishers were late.
    """

    tenant: str
    live_ms: int
    late: dict[str, list[int]] = {}


class AlertAction(msgspec.Struct, omit_defaults=True):
    """What somebody did about an alert as it had fired at ``fired_ms``."""

    tenant: str
    alert: str
    scope: str
    fired_ms: int
    kind: Literal["acknowledge", "snooze"]
    at_ms: int
    actor: str
    note: str = ""
    until_ms: int | None = None
    unless_worse: bool = True


def alert_id(tenant: str, alert: str, scope: str) -> str:
    """The name of an alert in addresses."""
    return hashlib.sha256("\0".join((tenant, alert, scope)).encode()).hexdigest()[:20]


def alert_key(tenant: str, alert: str, scope: str) -> bytes:
    """The key of an alert's record and of the last action about it; neither tenant nor alert holds a slash."""
    return f"{tenant}/{alert}/{scope}".encode()


def mark_key(tenant: str) -> bytes:
    """The key of a tenant's LiveMark."""
    return f"{tenant}//".encode()


def is_mark(key: bytes) -> bool:
    """Whether a key of the alerts topic is a LiveMark's."""
    return key.endswith(b"//") and key.count(b"/") == 2


encode_alert = msgspec.json.Encoder().encode
decode_alert = msgspec.json.Decoder(AlertRecord).decode
decode_mark = msgspec.json.Decoder(LiveMark).decode
decode_action = msgspec.json.Decoder(AlertAction).decode
