"""What can be set about ACCOUNTS; frozen, apart from any state."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000


@dataclass(frozen=True)
class AccountsOptions:
    """``activity_topic`` is what dead letters name as their origin.

    ``may_backfill`` lets everybody send history, ``backfill_tenants`` the publishers of those tenants.
    ``live_accounts_max`` bounds the accounts held decoded, the others are bytes.
    """

    activity_topic: str = "activity"
    may_backfill: bool = False
    backfill_tenants: frozenset[str] = frozenset()
    settle_after_ms: int = 36 * DAY_MS
    live_accounts_max: int = 1_000_000

    def lets_backfill(self, tenant: str) -> bool:
        """Whether history of a tenant is taken."""
        return self.may_backfill or tenant in self.backfill_tenants
