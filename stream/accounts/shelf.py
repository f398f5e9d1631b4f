"""Where a partition's accounts are: decoded while they are in use, as the bytes of their rows while they aren't."""

from __future__ import annotations

from typing import Final

from stream.accounts.account import Account
from stream.accounts.rows import decode_account, encode_chunk, split_chunk_key

ACCOUNT_BYTES: Final = 1_250
"""What a decoded account takes for itself, and for each entry; an account that isn't, besides its rows: as measured."""
ENTRY_BYTES: Final = 900
COLD_BYTES: Final = 200
ROW_BYTES: Final = 80
"""What a further row of an account takes besides its bytes."""

SLACK: Final = 64
"""This part of the bound is made free beyond it, so that accounts are not put back at each epoch's end."""


class Shelf:
    """Accounts by record key. What they take is kept near ``memory_bytes``: the accounts whose rows were written
    longest ago go back into bytes first.

    The sum is an estimate, counted when an account is thawed and when its rows are written.
    """

    def __init__(self, memory_bytes: int) -> None:
        self.live: dict[bytes, Account] = {}
        self._cold: dict[bytes, bytes | dict[int, bytes]] = {}  # an account of one row, or rows by chunk
        self._cold_bytes = 0
        self._live_entries = 0
        self._memory_bytes = memory_bytes

    def __len__(self) -> int:
        return len(self.live) + len(self._cold)

    @property
    def held_bytes(self) -> int:
        """What all accounts take, as far as that is known without asking each."""
        return len(self.live) * ACCOUNT_BYTES + self._live_entries * ENTRY_BYTES + self._cold_bytes

    def put_row(self, key: bytes, row: bytes) -> bytes:
        """Take a chunk's row; the account it belongs to."""
        account_key, chunk = split_chunk_key(key)
        rows = self._cold.get(account_key)
        if rows is None:
            self._cold_bytes += COLD_BYTES
            self._cold[account_key] = row if chunk == 0 else {chunk: row}
            self._cold_bytes += len(row)
            return account_key
        if isinstance(rows, bytes):
            if chunk == 0:
                self._cold[account_key] = row
                self._cold_bytes += len(row) - len(rows)
                return account_key
            rows = self._cold[account_key] = {0: rows}
        before = rows.get(chunk)
        self._cold_bytes += len(row) + ROW_BYTES if before is None else len(row) - len(before)
        rows[chunk] = row
        return account_key

    def thaw(self, key: bytes, tenant: str, subject: str) -> Account | None:
        """Decode an account that is held as rows; None if there is none."""
        rows = self._cold.pop(key, None)
        if rows is None:
            return None
        by_chunk = {0: rows} if isinstance(rows, bytes) else rows
        self._cold_bytes -= _bytes_of(by_chunk)
        account = self.live[key] = decode_account(tenant, subject, by_chunk)
        self._count(account)
        return account

    def new(self, key: bytes, tenant: str, subject: str) -> Account:
        """A new, empty account."""
        account = self.live[key] = Account(tenant, subject)
        account.counted = 1  # it comes with an event
        self._live_entries += 1
        return account

    def written(self, key: bytes) -> Account:
        """The account whose rows are about to be written: it goes back after all others, and is counted anew."""
        account = self.live.pop(key)
        self.live[key] = account
        self._count(account)
        return account

    def evict(self, busy: dict[bytes, tuple[int, int]], offset: int) -> None:
        """Put clean accounts back as bytes until the bound holds; ``busy`` are those with unwritten changes."""
        if self.held_bytes <= self._memory_bytes:
            return
        enough = self._memory_bytes - self._memory_bytes // SLACK
        while self.held_bytes > enough:
            chosen = self._idle(busy, self.held_bytes - enough)
            if not chosen:
                return
            for key in chosen:
                self._put_back(key, offset)

    def _idle(self, busy: dict[bytes, tuple[int, int]], wanted_bytes: int) -> list[bytes]:
        """Clean accounts that take so much, those written longest ago; fewer if there are no more."""
        chosen = []
        for key, account in self.live.items():
            if wanted_bytes <= 0:
                break
            if key not in busy:
                chosen.append(key)
                wanted_bytes -= ACCOUNT_BYTES + account.counted * ENTRY_BYTES
        return chosen

    def _put_back(self, key: bytes, offset: int) -> None:
        account = self.live.pop(key)
        self._live_entries -= account.counted
        rows = {n: encode_chunk(account, n, offset) for n in range(len(account.chunks))}
        self._cold[key] = rows[0] if len(rows) == 1 else rows
        self._cold_bytes += _bytes_of(rows)

    def _count(self, account: Account) -> None:
        """Note how many entries an account has."""
        count = sum([len(chunk) for chunk in account.chunks])
        self._live_entries += count - account.counted
        account.counted = count


def _bytes_of(rows: dict[int, bytes]) -> int:
    """What an account takes as rows."""
    return COLD_BYTES + ROW_BYTES * (len(rows) - 1) + sum([len(row) for row in rows.values()])
