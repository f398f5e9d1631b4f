"""The two stages as the runtime sees them: what they read, where their state goes, how an empty one is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from config.settings import Settings
from config.topics import Role, StageName
from schemas.records import Stage


@dataclass(frozen=True)
class StageDeclaration:
    """A stage. ``create(settings, counts)`` gives the maker of empty slots; counts: partitions of topics, by role."""

    name: StageName
    sources: tuple[Role, ...]
    state: Role
    create: Callable[[Settings, dict[str, int]], Callable[[int], Stage]]


def _accounts(settings: Settings, counts: dict[str, int]) -> Callable[[int], Stage]:
    from stream.accounts.stage import AccountsStage

    partitions, cells = counts[Role.ACTIVITY], counts[Role.CELLS]
    return lambda p: AccountsStage(p, partitions=partitions, cells_partitions=cells, generation=settings.generation)


def _board(settings: Settings, counts: dict[str, int]) -> Callable[[int], Stage]:
    from stream.board.stage import BoardStage

    return lambda p: BoardStage(p, partitions=counts[Role.CELLS], generation=settings.generation)


STAGES = {
    StageName.ACCOUNTS: StageDeclaration(StageName.ACCOUNTS, (Role.ACTIVITY,), Role.ACCOUNTS_STATE, _accounts),
    StageName.BOARD: StageDeclaration(StageName.BOARD, (Role.CELLS, Role.ORGANISATION), Role.BOARD_STATE, _board),
}
