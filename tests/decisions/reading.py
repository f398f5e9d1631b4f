"""What the emitters of the examples ask of the engine's account: slow, total, over every moment of the account."""

from __future__ import annotations

from schemas.data import DealLost, DealOpened, DealWon
from stream.accounts.account import Account, Deal
from stream.accounts.entry import Entry, entry_key
from stream.accounts.history import NOBODY, is_customer_before, owner_before
from stream.accounts.kinds import TOUCH
from stream.accounts.standing import Standing
from stream.accounts.wins import win_rep
from stream.panes import minute_of

ALL = "all"
"""The dimension under which an example counts what it doesn't break down."""


def every_touch(account: Account) -> list[Entry]:
    """Every touch the account remembers, in order."""
    kept = [touch for deal in account.deals.values() for touch in deal.touches]
    kept += [touch for lead in account.leads.values() for touch in lead.touches]
    logged = [entry for chunk in account.chunks for entry in chunk if entry.kind == TOUCH and not entry.voided]
    kept += [touch for touch in logged if touch.data.deal is None and touch.data.lead is None]
    return sorted(kept, key=entry_key)


def every_entry(account: Account) -> list[Entry]:
    """Everything that counts, in order."""
    entries = [*every_touch(account), *account.created, *account.answers, *account.customer]
    entries += [entry for deal in account.deals.values() for entry in deal.events]
    entries += [entry for order in account.orders.values() for entry in order.placed + order.refunds]
    return sorted(entries, key=entry_key)


def moments(account: Account) -> list[int]:
    """Every moment at which anything happened, epoch milliseconds."""
    return sorted({entry.time_ms for entry in every_entry(account)})


def is_customer_at(account: Account, time_ms: int) -> bool:
    """Whether the account is a customer once everything up to and including ``time_ms`` is in."""
    return is_customer_before(account, (time_ms + 1, -1, "", ""))


def customer_since(account: Account, time_ms: int) -> int | None:
    """Since when it has been one without a break, epoch milliseconds; None if it isn't."""
    since = None
    for at_ms in moments(account):
        if at_ms <= time_ms:
            is_one = is_customer_at(account, at_ms)
            since = (since if since is not None else at_ms) if is_one else None
    return since


def standing_close(deal: Deal, time_ms: int, outcome: type[DealWon | DealLost]) -> Entry | None:
    """The close that stands at a moment, if it has that outcome."""
    close = deal.close_at(time_ms)
    return close if close is not None and isinstance(close.data, outcome) else None


def closer(deal: Deal, close: Entry) -> str:
    """Whose close it is: a win's rep, the owner of a lost deal."""
    return win_rep(deal, close) if isinstance(close.data, DealWon) else owner_before(deal, entry_key(close)) or NOBODY


def opened_field(deal: Deal, name: str, time_ms: int) -> str | int | None:
    """The latest value that an `opened` gave a field, up to a moment."""
    said = [e for e in deal.events if isinstance(e.data, DealOpened) and e.time_ms <= time_ms]
    values: list[str | int | None] = [getattr(entry.data, name) for entry in said]
    return next((value for value in reversed(values) if value is not None), None)


def put(
    standing: Standing, measure: str, facet: str, at_ms: int, amount: int = 1, *, value: tuple[str, str] = (ALL, "")
) -> None:
    """Count ``amount`` at the minute of ``at_ms``, under ``value``: a dimension and an id of it."""
    address = (measure, *value, facet, minute_of(at_ms))
    standing[address] = standing.get(address, 0) + amount
