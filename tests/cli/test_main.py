"""What ends any command: no home, no room, a folder that can't be written. One line each, and what to do."""

from __future__ import annotations

import errno
import os
import pwd
from pathlib import Path

import pytest

from cli import main
from cli.main import unwritable
from config.machine import NoCacheFolder, cache_folder


def fault(code: int, path: Path | None = None, onto: Path | None = None) -> OSError:
    return OSError(code, os.strerror(code), str(path) if path else None, None, str(onto) if onto else None)


def test_a_cache_folder_that_can_not_be_used_is_named_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    way_out = "make room there, or name another folder with XDG_CACHE_HOME"
    inside = tmp_path / "cache/salespulse/demo"
    for code in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENOENT):
        assert unwritable(fault(code, inside)) == f"{inside} can't be written: {os.strerror(code)}; {way_out}"
    assert unwritable(fault(errno.EACCES, tmp_path / "cache")) is not None
    assert str(inside) in (unwritable(fault(errno.ENOSPC, Path("/elsewhere"), inside)) or "")


def test_a_full_disk_elsewhere_is_told_and_other_faults_are_ours(tmp_path: Path) -> None:
    file = tmp_path / "report.csv"
    assert unwritable(fault(errno.ENOSPC)) == "can't write on: No space left on device; make room and say it again"
    assert (unwritable(fault(errno.ENOSPC, file)) or "").startswith(f"can't write on at {file}: No space left")
    assert unwritable(fault(errno.EACCES, file)) is None


def test_stopping_a_command_that_still_loads_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_wanted: str | None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "build", interrupted)
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 130
    assert capsys.readouterr().err == ""


def test_a_user_without_a_home_is_told_what_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_uid: int) -> None:
        raise KeyError("no such user")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(NoCacheFolder, match="name a folder to keep things in with XDG_CACHE_HOME"):
        cache_folder()
