"""The compiled core says the same as its sources."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cli.broker.cache import built_once
from config import native
from config.machine import cache_folder

pytestmark = pytest.mark.takes(20)
ROOT = Path(native.__file__).resolve().parent.parent
COMPARED = [
    "tests/stream/test_fold_properties.py",
    "tests/stream/test_ledger_rows.py",
    "tests/stream/test_golden_contributions.py",
]
RUN = """
import sys
from pathlib import Path
from config import native
assert native.use(Path(sys.argv[1])) and native.is_used()
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[2:]]))
"""


@pytest.mark.timeout(600)
def test_the_compiled_core_keeps_the_properties_of_the_fold(compiler: None) -> None:
    built_once(native.folder(cache_folder()), native.compile_into)
    command = [sys.executable, "-c", RUN, str(cache_folder()), *COMPARED]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-3_000:] + found.stderr[-1_000:]


def test_a_module_that_came_too_early_is_named(tmp_path: Path) -> None:
    (tmp_path / "native" / native.digest()).mkdir(parents=True)
    import stream.accounts.fold  # noqa: F401 - that it came is what matters

    with pytest.raises(native.ImportedTooEarly, match=r"stream\.accounts\.fold"):
        native.use(tmp_path)


def test_without_a_build_the_sources_are_used(tmp_path: Path) -> None:
    assert not native.use(tmp_path)


def test_the_core_in_cpp_is_there_beside_sources_that_are_imported(native_core: ModuleType) -> None:
    import stream.accounts.fold  # noqa: F401 - that it came is what matters

    assert native.core(cache_folder()) is native_core
    assert native_core.__name__ == native.CORE


def test_without_a_build_there_is_no_core_in_cpp(tmp_path: Path, native_core: ModuleType) -> None:
    assert native.core(tmp_path) is None


@pytest.mark.parametrize("ending", ["cpp", "hpp"])
def test_another_source_in_cpp_is_another_build_of_that_alone(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "native", tmp_path / "native")
    monkeypatch.setattr(native, "ROOT", tmp_path)
    before = native.digest(), native.core_digest()
    with next((tmp_path / "native").glob(f"*.{ending}")).open("a") as source:
        source.write("\n")
    assert native.digest() == before[0]
    assert native.core_digest() != before[1]


def test_another_source_is_another_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "stream", tmp_path / "stream")
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    monkeypatch.setattr(native, "ROOT", tmp_path)
    before = native.digest()
    with (tmp_path / "stream" / "panes.py").open("a") as source:
        source.write("\n")
    assert native.digest() != before
