"""A full event of each type, and a JSON writer that can write what no JSON library would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

LOCATION = {"country": "DE", "region": "BE", "city": "Berlin", "district": "Mitte", "territory": "East", "site": "S-1"}
LINE = {
    "product": "P-1",
    "qty": 2,
    "unit_price_minor": 1250,
    "list_price_minor": 1500,
    "discount_minor": 250,
    "unit_cost_minor": 700,
    "promo": "spring",
}
CUSTOMER = {"deal": "D-9", "rep": "R-4", "mrr_minor": 9900, "currency": "EUR", "reason": "price"}

DATA: dict[str, dict[str, Any]] = {
    "sales.lead.created": {
        "lead": "L-1",
        "rep": "R-4",
        "source": "web",
        "method": "form",
        "motion": "inbound",
        "channel": "online",
        "campaign": "spring",
        "location": LOCATION,
        "vertical": "retail",
        "fit_score": 0.75,
    },
    "sales.deal.opened": {
        "deal": "D-9",
        "rep": "R-4",
        "lead": "L-1",
        "pipeline": "main",
        "stage": "proposal",
        "deal_type": "new",
        "amount_minor": 120000,
        "currency": "EUR",
        "expected_close": "2026-12-31",
        "product": "P-1",
        "tier": "gold",
        "vertical": "retail",
        "segment": "b2b",
        "channel": "online",
    },
    "sales.deal.owner_changed": {"deal": "D-9", "rep": "R-5"},
    "sales.deal.won": {
        "deal": "D-9",
        "amount_minor": 120000,
        "currency": "EUR",
        "lead": "L-1",
        "rep": "R-4",
        "splits": [{"rep": "R-4", "share_bp": 7000}, {"rep": "R-5", "share_bp": 3000}],
        "cost_minor": 40000,
        "deal_type": "upsell",
        "segment": "b2c",
        "lines": [{"product": "P-1", "tier": "gold", "qty": 1, "amount_minor": 120000, "deal_type": "new"}],
        "channel": "online",
        "location": LOCATION,
        "source": "web",
        "method": "form",
        "vertical": "retail",
    },
    "sales.deal.lost": {"deal": "D-9", "lead": "L-1", "reason": "price", "competitor": "C-1"},
    "sales.deal.reopened": {"deal": "D-9"},
    "sales.touch.logged": {
        "rep": "R-4",
        "kind": "call",
        "automated": False,
        "deal": "D-9",
        "lead": "L-1",
        "direction": "outbound",
        "phase": "pre_sale",
        "outcome": "reached",
        "duration_s": 310,
        "objection": "price",
    },
    "sales.order.placed": {
        "order": "O-1",
        "lines": [LINE, {"product": "P-2", "qty": 1, "unit_price_minor": 0}],
        "currency": "EUR",
        "rep": "R-4",
        "deal": "D-9",
        "channel": "shop",
        "location": LOCATION,
    },
    "sales.order.refunded": {
        "order": "O-1",
        "lines": [LINE],
        "amount_minor": 1250,
        "currency": "EUR",
        "rep": "R-4",
        "deal": "D-9",
        "channel": "shop",
        "location": LOCATION,
    },
    "sales.survey.answered": {
        "survey": "S-1",
        "kind": "nps",
        "score": 9,
        "scale": {"min": 0, "max": 10},
        "rep": "R-4",
        "product": "P-1",
        "theme": "speed",
        "service_channel": "phone",
    },
    "sales.customer.onboarded": CUSTOMER,
    "sales.customer.churned": CUSTOMER,
    "sales.tenant.configured": {
        "time_zone": "Europe/Berlin",
        "base_currency": "EUR",
        "week_starts_on": "Monday",
        "fiscal_year_starts_in": 4,
        "calendar": "office",
        "ranking": "top_n",
        "min_n": 5,
    },
    "sales.roster.changed": {
        "rep": "R-4",
        "name": "Zoë",
        "team": "T-1",
        "manager": "R-1",
        "territory": "East",
        "active": True,
        "calendar": "office",
        "ramp": {"starts_on": "2026-11-01", "months": 3},
    },
    "sales.rate.set": {"currency": "USD", "base_per_unit": "0.9213"},
}
ACTIVITY = [name for name in DATA if name.split(".")[1] not in {"tenant", "roster", "rate"}]


class Literally(NamedTuple):
    """JSON text that stands for itself."""

    text: str


def envelope(type_name: str, **attributes: Any) -> dict[str, Any]:
    """A valid event with every attribute, `attributes` in place of its own; `data` is the full sample of the type."""
    usual = {
        "specversion": "1.0",
        "id": "01JD",
        "source": "crm/eu",
        "type": type_name,
        "time": "2026-11-22T10:15:00.123Z",
        "subject": "A-17",
        "tenant": "acme",
        "revision": 0,
        "voided": False,
        "backfill": False,
        "receivedat": "2026-11-22T10:15:01Z",
        "datacontenttype": "application/json",
        "data": DATA[type_name],
    }
    return usual | attributes


def written(value: Any) -> bytes:
    """JSON in UTF-8. A Literally stands for its text; lone surrogates in it become the bytes nobody may send."""
    return _text(value).encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    if isinstance(value, Literally):
        return value.text
    if isinstance(value, dict):
        pairs = (f"{name.text if isinstance(name, Literally) else _text(name)}:{_text(value[name])}" for name in value)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


Path = tuple[str | int, ...]


def paths(value: Any, so_far: Path = ()) -> Iterator[Path]:
    """The path of each value in a JSON object, the object's own, (), first."""
    yield so_far
    steps: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    for step, held in steps:
        yield from paths(held, (*so_far, step))


def changed(value: Any, path: Path, new: Any) -> Any:
    """A copy of `value` with `new` at `path`."""
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def without(value: Any, path: Path) -> Any:
    """A copy of `value` without what is at `path`."""
    if len(path) > 1:
        return changed(value, path[:1], without(value[path[0]], path[1:]))
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    del copy[path[0]]
    return copy
