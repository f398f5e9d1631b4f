"""`salespulse redis` where it can't do anything: one line, and an exit code."""

from __future__ import annotations

import pytest

from cli.broker.ports import free_pair
from cli.main import run


def said_by(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[object, list[str]]:
    """The exit code of a command and its lines on standard error."""
    monkeypatch.setattr("sys.argv", ["salespulse", "redis", *arguments])
    with pytest.raises(SystemExit) as ended:
        run()
    return ended.value.code, capsys.readouterr().err.splitlines()


def test_without_an_address_it_says_which_setting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SALESPULSE_REDIS_URL", raising=False)
    code, lines = said_by(capsys, monkeypatch, "rebuild")
    assert (code, len(lines)) == (2, 1)
    assert "SALESPULSE_REDIS_URL" in lines[0]


def test_where_redis_is_away_it_says_so_without_the_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_pair()
    monkeypatch.setenv("SALESPULSE_REDIS_URL", f"redis://:hidden@127.0.0.1:{port}/0")
    code, lines = said_by(capsys, monkeypatch, "show")
    assert (code, len(lines)) == (1, 1)
    assert f"Redis at redis://127.0.0.1:{port}/0 can't be used" in lines[0]
    assert "hidden" not in lines[0]
