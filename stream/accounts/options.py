"""What can be set about ACCOUNTS; frozen, apart from any state."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000


@dataclass(frozen=True)
class AccountsOptions:
    """``activity_topic`` is what dead letters name as their origin.

    ``may_backfill`` lets everybody send history, ``backfill_tenants`` the publishers of those tenants.
    ``memory_bytes`` is what accounts may take: beyond it those least lately written are held as bytes of their rows.
    """

    activity_topic: str = "activity"
    may_backfill: bool = False
    backfill_tenants: frozenset[str] = frozenset()
    settle_after_ms: int = 36 * DAY_MS
    memory_bytes: int = 200 * 1_048_576

    def lets_backfill(self, tenant: str) -> bool:
        """Whether history of a tenant is taken."""
        return self.may_backfill or tenant in self.backfill_tenants
