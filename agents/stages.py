"""The two stages as the runtime sees them: what they read, where their state goes, how an empty one is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType

from config import native
from config.machine import NoCacheFolder, cache_folder
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


def core_in_cpp(settings: Settings) -> ModuleType | None:
    """The extension module of `native/`, where it is built and wanted."""
    if not settings.native:
        return None
    try:
        return native.core(cache_folder())
    except NoCacheFolder:  # where nothing can be kept nothing was compiled
        return None


def form_of_core(stage: StageName, settings: Settings) -> str:
    """What runs in a worker of this stage, as the end of "the core runs"."""
    if stage is StageName.ACCOUNTS and core_in_cpp(settings) is not None:
        return "in C++"
    return "compiled" if native.is_used() else "as plain Python; `salespulse native` compiles it"


def _accounts(settings: Settings, counts: dict[str, int]) -> Callable[[int], Stage]:
    from stream.accounts.options import AccountsOptions

    options = AccountsOptions(
        activity_topic=settings.topics.name_of(Role.ACTIVITY),
        may_backfill=settings.allow_backfill,
        backfill_tenants=frozenset(key.tenant for key in settings.api_keys.values() if key.may_backfill),
        settle_after_ms=settings.settle_after_d * DAY_MS,
        memory_bytes=settings.accounts_memory_mb * MEBIBYTE // counts[Role.ACTIVITY],
    )
    return partial(
        _accounts_stage(core_in_cpp(settings)),
        partitions=counts[Role.ACTIVITY],
        cells_partitions=counts[Role.CELLS],
        generation=settings.generation,
        options=options,
    )


def _accounts_stage(core: ModuleType | None) -> Callable[..., Stage]:
    if core is None:
        from stream.accounts.stage import AccountsStage

        return AccountsStage
    from stream.accounts.native_stage import NativeStage

    return partial(NativeStage, core=core)


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
