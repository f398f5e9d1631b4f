"""Which form of the core a worker runs."""

from __future__ import annotations

from types import ModuleType

import pytest

from agents.stages import STAGES, form_of_core
from config.settings import load_settings
from config.topics import Role, StageName
from stream.accounts.native_stage import NativeStage
from stream.accounts.stage import AccountsStage

COUNTS: dict[str, int] = {Role.ACTIVITY: 2, Role.CELLS: 1}


def test_accounts_run_in_cpp_where_that_is_built(native_core: ModuleType) -> None:
    settings = load_settings()
    stage = STAGES[StageName.ACCOUNTS].create(settings, COUNTS)(1)
    assert isinstance(stage, NativeStage)
    assert (stage.partition, stage.partitions, stage.cells_partitions) == (1, 2, 1)
    assert form_of_core(StageName.ACCOUNTS, settings) == "in C++"
    assert form_of_core(StageName.BOARD, settings) != "in C++"


def test_accounts_run_in_python_where_it_is_not_wanted(native_core: ModuleType) -> None:
    settings = load_settings(native=False)
    assert type(STAGES[StageName.ACCOUNTS].create(settings, COUNTS)(0)) is AccountsStage
    assert form_of_core(StageName.ACCOUNTS, settings) != "in C++"


def test_accounts_run_in_python_where_nothing_can_be_kept(
    native_core: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    assert type(STAGES[StageName.ACCOUNTS].create(load_settings(), COUNTS)(0)) is AccountsStage
