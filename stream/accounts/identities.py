"""Which event an account remembers under an identity: found by id, for publishers seldom give the same."""

from __future__ import annotations

from collections.abc import Iterator

from stream.accounts.account import NONE_YET, Account
from stream.accounts.entry import Entry


def held_as(account: Account, source: str, event_id: str) -> Entry | None:
    """The remembered event of an identity, if it is indexed."""
    found = account.index.get(event_id)
    if found is not None and found.source == source:
        return found
    return account.twins.get(f"{source}\0{event_id}") if account.twins else None


def hold(account: Account, entry: Entry) -> None:
    """Index an event; it takes the place of another revision of it."""
    found = account.index.get(entry.id)
    if found is None or found.source == entry.source:
        if account.index is NONE_YET:
            account.index = {}
        if found is not None or not account.twins or entry.identity not in account.twins:
            account.index[entry.id] = entry
            return
    account.twins = account.twins or {}
    account.twins[entry.identity] = entry


def let_go(account: Account, entry: Entry) -> None:
    """Take an indexed event out."""
    found = account.index.get(entry.id)
    if found is not None and found.source == entry.source:
        del account.index[entry.id]
    else:
        del account.twins[entry.identity]


def indexed(account: Account) -> Iterator[Entry]:
    """Every indexed event."""
    yield from account.index.values()
    yield from account.twins.values()
