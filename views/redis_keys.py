"""Every key of the Redis view. All begin with ``salespulse:v1:<kind>:{<tenant>}``; the braces keep a tenant's keys in
one slot of a cluster, so that a script may touch several.

    as_of         hash    as_of, as_of_ms, values, dropped, stale, generation: for which moment all of it holds
    values        hash    :<window>:<scope>             KPI → its value, as the API prints it
    stamps        hash    :<window>:<scope>             KPI → when it was read (epoch ms); older ones are refused by it
    leaderboard   zset    :<window>:<scope kind>:<KPI>  id → what is ranked, money in minor units
    alerts        hash    id → an open alert, as /v1/alerts prints it
    alerts_stamp  string  how far the alerts are read
    changes       stream  kpi, scope, window, as_of_ms, value; the last CHANGES_MAX or so

A colon in a window is written ``=``. Each key is written anew, with KEPT_S to live, whenever it changes and in each of
the full readings that the worker makes every few hours: what nobody owns any more goes by itself.
"""

from __future__ import annotations

PREFIX = "salespulse:v1:"
KEPT_S = 48 * 3600
CHANGES_MAX = 10_000


def as_of_key(tenant: str) -> str:
    """When a tenant's view was right."""
    return f"{PREFIX}as_of:{{{tenant}}}"


def values_key(tenant: str, scope: str, window: str) -> str:
    """The values of a scope in a window."""
    return f"{PREFIX}values:{{{tenant}}}:{_named(window)}:{scope}"


def stamps_key(values: str) -> str:
    """Where the moments of a hash of values are."""
    return values.replace(":values:", ":stamps:", 1)


def leaderboard_key(tenant: str, kpi: str, kind: str, window: str) -> str:
    """The leaderboard by a KPI of all scopes of a kind."""
    return f"{PREFIX}leaderboard:{{{tenant}}}:{_named(window)}:{kind}:{kpi}"


def alerts_key(tenant: str) -> str:
    """The open alerts of a tenant."""
    return f"{PREFIX}alerts:{{{tenant}}}"


def alerts_stamp_key(tenant: str) -> str:
    """How far they are read."""
    return f"{PREFIX}alerts_stamp:{{{tenant}}}"


def changes_key(tenant: str) -> str:
    """What changed lately."""
    return f"{PREFIX}changes:{{{tenant}}}"


def all_values(tenant: str) -> str:
    """A pattern that finds every hash of values of a tenant."""
    return f"{PREFIX}values:{{{tenant}}}:*"


def every_as_of() -> str:
    """A pattern that finds every tenant's as_of."""
    return f"{PREFIX}as_of:*"


def everything() -> str:
    """A pattern that finds every key of the view."""
    return f"{PREFIX}*"


def tenant_of(as_of: str) -> str:
    """The tenant whose as_of a key is."""
    return as_of.removeprefix(f"{PREFIX}as_of:").strip("{}")


def scope_and_window_of(tenant: str, values: str) -> tuple[str, str]:
    """Of what a hash of values is: the scope, and the window as it is written in keys."""
    window, _, scope = values.removeprefix(f"{PREFIX}values:{{{tenant}}}:").partition(":")
    return scope, window


def _named(window: str) -> str:
    return window.replace(":", "=")
