"""What can be set about ACCOUNTS; frozen, apart from any state."""

from __future__ import annotations

from dataclasses import dataclass

DAY_MS = 86_400_000


@dataclass(frozen=True)
class AccountsOptions:
    """``activity_topic`` is what dead letters name as their origin; ``may_backfill`` lets publishers send history.

    ``live_accounts_max`` bounds the accounts held decoded, the others are bytes.
    """

    activity_topic: str = "activity"
    may_backfill: bool = False
    settle_after_ms: int = 36 * DAY_MS
    live_accounts_max: int = 1_000_000
