"""What can be set about ACCOUNTS; frozen, apart from any state."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000


@dataclass(frozen=True)
class AccountsOptions:
    """``may_backfill`` lets publishers send history; ``live_accounts_max`` bounds the accounts held decoded, the
    others are bytes.
    """

    activity_topic: str = "sales.activity.v1"
    may_backfill: bool = False
    settle_after_ms: int = 36 * DAY_MS
    live_accounts_max: int = 1_000_000
