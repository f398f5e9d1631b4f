"""The two stages as the runtime sees them: what they read, where their state goes, how an empty one is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from config.settings import Settings
from config.topics import Role, StageName
from schemas.records import Stage

DAY_MS = 86_400_000
MEBIBYTE = 1_048_576


@dataclass(frozen=True)
class StageDeclaration:
    """A stage. ``create(settings, counts)`` gives the maker of empty slots; counts: partitions of topics, by role."""

    name: StageName
    sources: tuple[Role, ...]
    state: Role
    create: Callable[[Settings, dict[str, int]], Callable[[int], Stage]]


def _accounts(settings: Settings, counts: dict[str, int]) -> Callable[[int], Stage]:
    from stream.accounts.options import AccountsOptions
    from stream.accounts.stage import AccountsStage

    options = AccountsOptions(
        activity_topic=settings.topics.name_of(Role.ACTIVITY),
        may_backfill=settings.allow_backfill,
        backfill_tenants=frozenset(key.tenant for key in settings.api_keys.values() if key.may_backfill),
        settle_after_ms=settings.settle_after_d * DAY_MS,
        memory_bytes=settings.accounts_memory_mb * MEBIBYTE // counts[Role.ACTIVITY],
    )
    return partial(
        AccountsStage,
        partitions=counts[Role.ACTIVITY],
        cells_partitions=counts[Role.CELLS],
        generation=settings.generation,
        options=options,
    )


def _board(settings: Settings, counts: dict[str, int]) -> Callable[[int], Stage]:
    from stream.board.stage import BoardStage

    return partial(
        BoardStage,
        partitions=counts[Role.CELLS],
        generation=settings.generation,
        organisation_topic=settings.topics.name_of(Role.ORGANISATION),
    )


STAGES = {
    StageName.ACCOUNTS: StageDeclaration(StageName.ACCOUNTS, (Role.ACTIVITY,), Role.ACCOUNTS_STATE, _accounts),
    StageName.BOARD: StageDeclaration(StageName.BOARD, (Role.CELLS, Role.ORGANISATION), Role.BOARD_STATE, _board),
}
