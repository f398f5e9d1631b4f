"""`salespulse native` builds two parts, each whatever becomes of the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli import native as command
from cli.broker.cache import built_once
from config import native
from config.machine import cache_folder


def _made(target: Path) -> None:
    (target / "made").touch()


def _refused(target: Path) -> None:
    (target / "half").touch()
    raise native.BuildFailed("In file included\nnative/core.cpp:7:1: error: no such type\nerror: command failed")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return cache_folder()


def _with(monkeypatch: pytest.MonkeyPatch, *builds: Callable[[Path], None]) -> None:
    parts = [part._replace(compile_into=build) for part, build in zip(command.PARTS, builds, strict=True)]
    monkeypatch.setattr(command, "PARTS", tuple(parts))


def test_both_are_built_once(cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _with(monkeypatch, _made, _made)
    command.native()
    assert (native.folder(cache) / "made").exists()
    assert (native.core_folder(cache) / "made").exists()
    assert "compiling the core ... done" in capsys.readouterr().err
    _with(monkeypatch, _refused, _refused)
    command.native()
    assert not capsys.readouterr().err


def test_what_fails_is_said_in_a_line_and_leaves_the_other(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _with(monkeypatch, _made, _refused)
    command.native()
    assert (native.folder(cache) / "made").exists()
    assert not native.core_folder(cache).exists()
    said = capsys.readouterr().err.splitlines()
    assert said[-1] == f"salespulse: {command.PARTS[1].without}: native/core.cpp:7:1: error: no such type"
    assert len(said) == 2


def test_what_is_no_cpp_is_a_line_and_no_core(
    cache: Path, monkeypatch: pytest.MonkeyPatch, compiler: None, tmp_path: Path
) -> None:
    (tmp_path / "native").mkdir()
    (tmp_path / "native" / "core.cpp").write_text("no C++\n")
    monkeypatch.setattr(native, "ROOT", tmp_path)
    with pytest.raises(native.BuildFailed, match=r"native/core\.cpp:1:1: error: "):
        built_once(native.core_folder(cache), native.compile_core_into)
    assert native.core(cache) is None
