"""Where a partition's accounts are: decoded while they are in use, as the bytes of their rows while they aren't."""

from __future__ import annotations

from itertools import islice

from stream.accounts.account import Account
from stream.accounts.rows import decode_account, encode_chunk, split_chunk_key


class Shelf:
    """Accounts by record key. At most about ``live_max`` are held decoded; those first taken down go back first."""

    def __init__(self, live_max: int) -> None:
        self.live: dict[bytes, Account] = {}
        self._cold: dict[bytes, dict[int, bytes]] = {}
        self._live_max = live_max

    def __len__(self) -> int:
        return len(self.live) + len(self._cold)

    def put_row(self, key: bytes, row: bytes) -> bytes:
        """Take a chunk's row; the account it belongs to."""
        account_key, chunk = split_chunk_key(key)
        self._cold.setdefault(account_key, {})[chunk] = row
        return account_key

    def thaw(self, key: bytes, tenant: str, subject: str) -> Account | None:
        """Decode an account that is held as rows; None if there is none."""
        rows = self._cold.pop(key, None)
        if rows is None:
            return None
        account = self.live[key] = decode_account(tenant, subject, rows)
        return account

    def new(self, key: bytes, tenant: str, subject: str) -> Account:
        """A new, empty account."""
        account = self.live[key] = Account(tenant, subject)
        return account

    def evict(self, busy: dict[bytes, tuple[int, int]], offset: int) -> None:
        """Put clean accounts back as bytes until the bound holds; ``busy`` are those with unwritten changes."""
        excess = len(self.live) - self._live_max
        if excess <= 0:
            return
        chosen = list(islice((key for key in self.live if key not in busy), excess))
        for key in chosen:
            account = self.live.pop(key)
            self._cold[key] = {n: encode_chunk(account, n, offset) for n in range(len(account.chunks))}
