"""What each folder may import, and which facts have one place only. import-linter also follows indirect imports."""

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.source_tree import PACKAGES, imported, package_files, python_files, tree

OUTSIDE = {
    "schemas": {"msgspec", "pydantic", "pydantic_core"},
    "stream": {"msgspec", "mypy_extensions", "numpy"},  # mypy_extensions: the machine's integers
    "views": {"jinja2", "msgspec", "numpy", "orjson", "prometheus_client", "redis"},
    "config": {"pydantic", "pydantic_settings", "yaml"},
}
INSIDE = {
    "schemas": {"schemas"},
    "stream": {"schemas", "stream"},
    "views": {"schemas", "views"},
    "config": {"schemas", "config"},
    "agents": {"schemas", "stream", "views", "config", "agents"},
    "gateway": {"schemas", "stream", "views", "config", "gateway"},
    "cli": set(PACKAGES),
}
PURE = {"schemas", "stream"}
IMPURE = {"asyncio", "io", "logging", "os", "random", "secrets", "socket", "subprocess", "threading", "time", "uuid"}
CLOCKS, DATES = {"now", "today", "utcnow"}, {"date", "datetime"}
TOPIC = re.compile(r"\bsales\.[a-z][a-z-]*\.v\d")
TOPIC_PLACE = Path("config/topics.py")


def tops(path: Path) -> set[str]:
    """The top-level names that a file imports."""
    return {name.split(".")[0] for name in imported(path)}


def of(folder: str) -> list[Path]:
    """The Python files of one package."""
    return [path for path in package_files() if path.parts[0] == folder]


@pytest.mark.parametrize("folder", PACKAGES)
def test_a_folder_imports_only_the_layers_below_it(folder: str) -> None:
    wrong = {str(path): sorted((tops(path) & set(PACKAGES)) - INSIDE[folder]) for path in of(folder)}
    assert not {path: names for path, names in wrong.items() if names}


@pytest.mark.parametrize("folder", OUTSIDE)
def test_a_folder_imports_only_the_libraries_named_for_it(folder: str) -> None:
    allowed = OUTSIDE[folder] | set(PACKAGES) | set(sys.stdlib_module_names)
    wrong = {str(path): sorted(tops(path) - allowed) for path in of(folder)}
    assert not {path: names for path, names in wrong.items() if names}


@pytest.mark.parametrize("folder", sorted(PURE))
def test_contracts_and_core_have_no_clock_no_chance_and_no_outside(folder: str) -> None:
    wrong = {str(path): sorted(tops(path) & IMPURE) for path in of(folder)}
    assert not {path: names for path, names in wrong.items() if names}


@pytest.mark.parametrize("folder", sorted(PURE))
def test_contracts_and_core_do_not_ask_datetime_for_the_time(folder: str) -> None:
    def asked(path: Path) -> list[str]:
        reads = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute) and node.attr in CLOCKS]
        return [f"{path}:{node.lineno}" for node in reads if ast.unparse(node.value).split(".")[-1] in DATES]

    assert not [where for path in of(folder) for where in asked(path)]


def test_only_agents_import_faust() -> None:
    assert not [str(path) for path in package_files() if path.parts[0] != "agents" and tops(path) & {"faust", "mode"}]


def test_only_config_reads_the_environment() -> None:
    def reads(path: Path) -> bool:
        names = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
        return bool(names & {"environ", "getenv"} or {"os.environ", "os.getenv"} & imported(path))

    assert not [str(path) for path in package_files() if path.parts[0] != "config" and reads(path)]


def test_one_module_spells_topic_names() -> None:
    """Docstrings, comments, tests and pages may show a name; code asks for it."""

    def spelled(path: Path) -> list[str]:
        nodes = list(ast.walk(tree(path)))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        texts = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in docstrings]
        return [f"{path}:{node.lineno}" for node in texts if TOPIC.search(str(node.value))]

    assert not [where for path in package_files() if path != TOPIC_PLACE for where in spelled(path)]


def test_the_reference_engine_shares_nothing_with_the_core() -> None:
    reference = [path for path in python_files() if path.parts[:2] == ("tests", "reference")]
    assert not [str(path) for path in reference if "stream" in tops(path) and not path.name.startswith("test_")]
