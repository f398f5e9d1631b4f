"""What the launcher fetches is complete and as pinned, or not there; and what it cannot get it says in one line."""

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.broker import BrokerUnavailable, jars, java
from cli.broker.cache import built_once
from cli.broker.jars import jar_folder, pinned_jars, verify
from cli.broker.java import find_java


class Interrupted(Exception):
    """Stands for whatever ends a download half-way."""


def fill(folder: Path) -> None:
    """A build that succeeds."""
    (folder / "whole").write_text("yes", encoding="ascii")


def test_an_interrupted_build_leaves_nothing_and_the_next_one_succeeds(tmp_path: Path) -> None:
    def half(folder: Path) -> None:
        (folder / "half").touch()
        raise Interrupted

    with pytest.raises(Interrupted):
        built_once(tmp_path / "built", half)
    assert [path.name for path in tmp_path.iterdir()] == [".built.lock"]

    assert (built_once(tmp_path / "built", fill) / "whole").exists()


def test_what_a_killed_build_left_is_removed_and_a_built_folder_is_not_built_again(tmp_path: Path) -> None:
    (tmp_path / ".built.part-dead").mkdir()
    built_once(tmp_path / "built", fill)
    assert not (tmp_path / ".built.part-dead").exists()

    def never(_: Path) -> None:
        raise AssertionError("built twice")

    assert (built_once(tmp_path / "built", never) / "whole").read_text() == "yes"


def test_every_jar_is_pinned_by_a_sha256() -> None:
    pinned = pinned_jars()
    assert len(pinned) == 45
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in pinned)
    assert f"kafka_2.13-{jars.KAFKA}.jar" in {jar.name for jar in pinned}


def test_a_jar_with_other_bytes_is_refused_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forged(folder: Path) -> None:
        for jar in pinned_jars():
            (folder / jar.name).write_bytes(bytes(jar.size))

    monkeypatch.setattr(jars, "_with_maven", forged)
    monkeypatch.setattr(jars, "_with_jgo", forged)
    with pytest.raises(BrokerUnavailable, match=r"is not the jar pinned in jars\.sha256"):
        jar_folder(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_a_jar_besides_the_pinned_ones_is_refused(tmp_path: Path) -> None:
    (tmp_path / "surprise.jar").touch()
    with pytest.raises(BrokerUnavailable):
        verify(tmp_path)


def test_a_jar_cut_short_in_the_cache_is_noticed_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def present(folder: Path) -> None:
        for jar in pinned_jars():
            (folder / jar.name).write_bytes(bytes(jar.size))

    monkeypatch.setattr(jars, "_fetch", present)
    folder = jar_folder(tmp_path)
    cut = folder / pinned_jars()[3].name
    cut.write_bytes(b"")
    with pytest.raises(BrokerUnavailable, match=f"{cut.name} is missing or has another size"):
        jar_folder(tmp_path)


def test_the_next_resolver_is_tried_and_all_reasons_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "mvn")
    monkeypatch.setattr(jars, "_with_maven", lambda _: "Maven: no route")
    monkeypatch.setattr(jars, "_with_jgo", lambda _: "jgo: no route either")
    with pytest.raises(BrokerUnavailable, match="Maven: no route; jgo: no route either"):
        jar_folder(tmp_path)


def test_without_java_and_without_pypi_one_line_tells_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "no network\nERROR: no matching distribution\n")

    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(subprocess, "run", offline)
    with pytest.raises(BrokerUnavailable, match="no Java 17 or newer: set JAVA_HOME") as told:
        find_java(tmp_path)
    assert "\n" not in str(told.value)
    assert "no matching distribution" in str(told.value)


@pytest.mark.parametrize(
    ("version", "taken"), [("17.0.15", True), ("25", True), ("11.0.2", False), ("1.8.0_412", False)]
)
def test_java_home_is_taken_if_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, taken: bool
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").touch()
    (tmp_path / "release").write_text(f'IMPLEMENTOR="N/A"\nJAVA_VERSION="{version}"\n', encoding="ascii")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(java, "_from_pypi", lambda _: "from PyPI")
    found = find_java(tmp_path)
    assert (found == java.Java(tmp_path / "bin" / "java", version)) is taken


def test_a_command_is_killed_with_the_process_that_awaits_it(tmp_path: Path) -> None:
    awaiting = "import sys; from cli.broker.keeper import run_kept; run_kept(['/bin/sh', '-c', sys.argv[1]])"
    ticks = tmp_path / "ticks"
    endless = f"while :; do echo tick >> {ticks}; sleep 0.05; done"
    parent = subprocess.Popen([sys.executable, "-c", awaiting, endless], cwd=Path(__file__).parents[2])
    while not ticks.exists():
        time.sleep(0.05)

    parent.kill()
    parent.wait()

    time.sleep(0.5)
    heard = ticks.stat().st_size
    time.sleep(0.5)
    assert ticks.stat().st_size == heard
