"""The pages that are lists: who is first, how goals stand, who publishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from gateway.wall.plan import (
    ALERT_ROWS,
    DOUBTS,
    GOAL_ROWS,
    GOAL_WINDOWS,
    MEMBERS_MAX,
    RANKED_ROWS,
    SOURCE_ROWS,
)
from gateway.wall.tiles import Look, target_at, wilson
from schemas.alert import AlertRecord
from schemas.kpi import KpiValue
from stream.board.reference.roster import NOBODY, active_at
from stream.board.reference.settings import settings_of
from stream.board.sources import sources_at
from stream.board.values import ranking_of, with_staleness

MS_PER_S = 1_000


def policy_of(look: Look) -> str:
    """The tenant's ranking policy."""
    return settings_of(look.board.organisation, look.moment.cut_ms).ranking


def names_of(look: Look) -> dict[str, str]:
    """What active reps are called."""
    active = active_at(look.board.organisation, look.moment.cut_ms)
    return {rep: said.name or rep for rep, said in active.items()}


def teams_of(look: Look) -> list[str]:
    """The teams of the active reps, by name."""
    active = active_at(look.board.organisation, look.moment.cut_ms).values()
    return sorted({said.team for said in active if said.team and said.team != NOBODY})


def ranking_page(look: Look, kpi: str, window: str, title: str) -> dict[str, Any]:
    """A leaderboard as far as the policy shows it: reps, or where it shows none of theirs, teams."""
    policy = policy_of(look)
    definition = look.catalogue.find(kpi)
    page: dict[str, Any] = {"id": f"ranking:{kpi}", "kind": "ranking", "title": title, "policy": policy}
    page |= {"kpi": kpi, "window": window, "unit": definition.unit, "direction": definition.direction, "rows": []}
    if policy == "off":
        return page | {"scope_kind": None, "of": 0}
    kind = "team" if policy == "team_only" else "rep"
    found = ranking_of(look.board, look.catalogue, kpi=kpi, kind=kind, window=window, as_of_ms=look.moment.as_of_ms)
    shown = [value for value in found if value.value is not None or "best" in value.facets]
    few = [value for value in found if value.status == "insufficient"]
    is_share = definition.unit == "ratio"
    names = names_of(look)
    rows = [_ranked(look, value, names, is_share=is_share) for value in (shown + few)[:RANKED_ROWS]]
    return page | {"scope_kind": kind, "rows": rows, "of": len(found), "few": len(few)}


def _ranked(look: Look, value: KpiValue, names: dict[str, str], *, is_share: bool) -> dict[str, Any]:
    value = with_staleness(value, is_stale=look.is_stale)
    kind, _, scope_id = value.scope.partition(":")
    row: dict[str, Any] = {"scope": value.scope, "name": names.get(scope_id, scope_id) if kind == "rep" else scope_id}
    row |= {"rank": value.value, "n": value.n, "status": value.status, "facets": value.facets}
    share = value.facets.get("value")
    row["interval"] = wilson(float(share), value.n) if is_share and share is not None else None
    return row | ({} if value.missing is msgspec.UNSET else {"missing": value.missing})


def goals_page(look: Look, scopes: Iterable[str]) -> dict[str, Any]:
    """How far each scope is on its way to its target, of the shortest period for which it has one."""
    rows = []
    for scope in scopes:
        found = next((row for window in GOAL_WINDOWS if (row := _goal(look, scope, window))), None)
        rows += [found] if found else []
    return {"id": "goals", "kind": "goals", "title": "Goals", "rows": rows[:GOAL_ROWS], "of": len(rows)}


def _goal(look: Look, scope: str, window: str) -> dict[str, Any] | None:
    value = look.value("quota_attainment", scope, window)
    if value.denominator is None:
        return None
    row: dict[str, Any] = msgspec.to_builtins(value)
    is_revenue = target_at(look, "revenue", scope, window) is not None
    name = "Company" if scope == "company" else scope.partition(":")[2]
    return row | {"name": name, "counts": "money" if is_revenue else "number"}


def alerts_page(alerts: list[AlertRecord], names: dict[str, str]) -> list[dict[str, Any]]:
    """The open alerts, the gravest first, with reps by their ``names``; no page where there are none. Where there are
    more than fit, those of one kind are one row.
    """
    kinds: dict[tuple[str, ...], list[AlertRecord]] = {}
    for alert in alerts:
        alone = () if len(alerts) > ALERT_ROWS else (alert.id,)
        kinds.setdefault((alert.alert, alert.severity, alert.state, *alone), []).append(alert)
    rows = [_alert_row(alike, names) for alike in list(kinds.values())[:ALERT_ROWS]]
    return [{"id": "alerts", "kind": "alerts", "title": "Alerts", "rows": rows, "of": len(alerts)}] if rows else []


def _alert_row(alike: list[AlertRecord], names: dict[str, str]) -> dict[str, Any]:
    """One alert, or several of a kind: of them the one that has lasted longest is told, and who the others are."""
    ordered = sorted(alike, key=lambda alert: (alert.since_ms, -abs(alert.value or 0)))
    told = ordered[0]
    row: dict[str, Any] = {"id": told.id, "alert": told.alert, "title": told.title.partition(": ")[0] or told.alert}
    row |= {"severity": told.severity, "state": told.state, "since_ms": told.since_ms}
    row |= {"scope": told.scope, "who": _who(told, names), "n": told.n, "note": told.note}
    row |= {"text": _text(told, names), "next_step": told.next_step}
    if len(alike) == 1:
        return row
    members = [{"id": alert.id, "who": _who(alert, names)} for alert in ordered[:MEMBERS_MAX]]
    kinds = {alert.scope.partition(":")[0] for alert in alike}
    plural = f"{kinds.pop()}s" if len(kinds) == 1 else "alerts"
    return row | {"who": f"{len(alike)} {plural}", "members": members, "of": len(alike)}


def _id(alert: AlertRecord) -> str:
    return alert.scope.partition(":")[2] or "The company"


def _text(alert: AlertRecord, names: dict[str, str]) -> str:
    """What an alert says, with the rep by name alone: the row has the id."""
    who = _who(alert, names)
    known = f"{who} ({_id(alert)})"
    return alert.text.replace(known if known in alert.text else _id(alert), who, 1)


def _who(alert: AlertRecord, names: dict[str, str]) -> str:
    return names.get(_id(alert), _id(alert)) if alert.scope.startswith("rep:") else _id(alert)


def trust_page(look: Look, tiles: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """How far the numbers on the board may be believed, and who publishes, the silent first."""
    shown = list(tiles)
    statuses = Counter(tile["status"] for tile in shown)
    doubts = [{name: tile[name] for name in ("title", "scope", "status")} for tile in shown if tile["status"] != "live"]
    heard = sources_at(look.moment).values()
    sources = [
        {"source": source.name, "silent": source.is_silent, "last_ms": source.last_ms, "interval_s": source.interval_s}
        for source in sorted(heard, key=lambda source: (not source.is_silent, source.name))
    ]
    page: dict[str, Any] = {"id": "trust", "kind": "trust", "title": "Trust", "statuses": statuses}
    silent = sum(source["silent"] is True for source in sources)
    return page | {"sources": sources[:SOURCE_ROWS], "of": len(sources), "silent": silent, "doubts": doubts[:DOUBTS]}
