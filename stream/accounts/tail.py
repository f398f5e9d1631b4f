"""The tail of an account's ledger: entries that are stored, but not yet indexed, or not yet attached.

Most touches are never asked for again before their deal closes, so the hot path only stores them. Everything that
looks at an account's entities, or for an identity that may be known, first lets the tail catch up.
"""

from __future__ import annotations

from stream.accounts.account import NONE_YET, Account
from stream.accounts.attaching import attach
from stream.accounts.entry import Entry
from stream.accounts.identities import hold
from stream.accounts.ledger import note_unsettled


def index_tail(account: Account) -> None:
    """Let every stored event be found by its identity."""
    count = account.unindexed
    if not count:
        return
    account.unindexed = 0
    if account.index is NONE_YET:
        account.index = {}
    index = account.index
    for entry in _last(account, count):
        if entry.source:  # a settled touch has no identity left
            event_id = entry.id
            if event_id in index or account.twins:
                hold(account, entry)
            else:
                index[event_id] = entry


def attach_tail(account: Account) -> None:
    """Let every stored touch count for the deal or lead it names, and be settled in its turn."""
    count = account.unattached
    if not count:
        return
    account.unattached = 0
    for entry in _last(account, count):
        attach(account, entry)
        note_unsettled(account, entry)


def _last(account: Account, count: int) -> list[Entry]:
    """The last entries of the chunks, in the order in which they were stored."""
    chunks = account.chunks
    last = chunks[len(chunks) - 1]
    if count <= len(last):
        return last[len(last) - count :]
    held, first = 0, len(chunks)
    while held < count:
        first -= 1
        held += len(chunks[first])
    found = [entry for chunk in chunks[first:] for entry in chunk]
    return found[held - count :]
