"""The budgets and bans that keep the tree readable, held for every file so that nobody has to ask."""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from tests.source_tree import (
    PACKAGES,
    ROOT,
    cpp_files,
    files,
    imported,
    module_name,
    python_files,
    text,
    texts,
    tree,
)

FILE_LINES = 300
FUNCTION_LINES, FUNCTION_AIM = 70, 40
VAGUE_MODULES = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
VAGUE_WORDS = re.compile(r"(^|_)(helpers?|managers?|utils?)(_|$)|Helper|Manager|Util", re.ASCII)

# Written with classes of one letter, so that these lines do not find themselves.
PLACE_OF_ONE_MACHINE = re.compile(r"/(w[o]rk|f[a]rm|r[o]ot|h[o]me/\w+|U[s]ers/\w+|tmp/sp[e]c)/")
REGISTRY = re.compile(r"repo1?\.maven\.|py[p]i\.org|python[h]osted|registry\.npm[j]s|crates\.[i]o|proxy\.g[o]lang")
UNFINISHED = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")
LOCKED_HOSTS = re.compile(r"https://(py[p]i\.org/simple|files\.python[h]osted\.org/packages/\S+)$")

LOCK = Path("uv.lock")
MAY_SKIP = Path("tests/conftest.py")
NO_TEXT = {".png", ".woff2"}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Where each function of a file is and how many lines it has, decorators not counted."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def found(pattern: re.Pattern[str], *, besides: tuple[Path, ...] = ()) -> list[str]:
    """Where a pattern occurs in the project's files that hold text."""
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in files()
        if path not in besides and path.suffix not in NO_TEXT
        for number, line in enumerate(text(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_files_are_short() -> None:
    lengths = {str(path): len(text(path).splitlines()) for path in [*python_files(), *cpp_files()]}
    assert not {path: lines for path, lines in lengths.items() if lines > FILE_LINES}


def test_functions_are_short() -> None:
    lengths = {where: lines for path in python_files() for where, lines in functions(path)}
    for where, lines in lengths.items():
        if FUNCTION_AIM < lines <= FUNCTION_LINES:
            warnings.warn(f"{where} has {lines} lines; the aim is {FUNCTION_AIM}", stacklevel=1)
    assert not {where: lines for where, lines in lengths.items() if lines > FUNCTION_LINES}


def test_names_say_something() -> None:
    vague = [str(path) for path in [*python_files(), *cpp_files()] if {path.stem, *path.parent.parts} & VAGUE_MODULES]
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    named = [(path, node) for path in python_files() for node in ast.walk(tree(path)) if isinstance(node, kinds)]
    vague += [f"{path}:{node.lineno} {node.name}" for path, node in named if VAGUE_WORDS.search(node.name)]
    assert not vague


def test_every_file_is_used() -> None:
    """A module is imported by another file, by statement or by its name in a text, or run: by pytest or by make."""
    used = {name for path in python_files() for name in imported(path) | texts(path) if name != module_name(path)}
    started = "\n".join(text(Path(file)) for file in ("Makefile", "pyproject.toml", ".ci/run"))

    def is_run(path: Path) -> bool:
        if path.name in {"__init__.py", "__main__.py", "conftest.py"} or path.name.startswith("test_"):
            return True
        return re.search(rf"\b{re.escape(module_name(path))}\b", started) is not None

    assert not [str(path) for path in python_files() if module_name(path) not in used and not is_run(path)]


def test_every_header_is_included() -> None:
    """By a file other than itself; one that ends in .cpp is compiled (`config/native.py`)."""
    included = {
        name
        for path in cpp_files()
        for name in re.findall(r'^#include "([\w/.]+)"', text(path), re.MULTILINE)
        if name != path.name
    }
    assert not [str(path) for path in cpp_files() if path.suffix == ".hpp" and path.name not in included]


def test_every_package_folder_has_its_init() -> None:
    folders = {path.parent for path in python_files() if path.parts[0] in PACKAGES}
    assert not sorted(str(folder) for folder in folders if not (ROOT / folder / "__init__.py").is_file())


def test_tests_have_no_init() -> None:
    """With one, tests/stream would stand in front of stream."""
    assert not [str(path) for path in python_files() if path.parts[0] == "tests" and path.name == "__init__.py"]


def test_no_file_names_a_place_of_one_machine() -> None:
    assert not found(PLACE_OF_ONE_MACHINE)


def test_no_file_names_a_registry_and_the_lock_only_the_public_one() -> None:
    assert not found(REGISTRY, besides=(LOCK,))
    addresses = re.findall(r'"(\w+://[^"]*)"', text(LOCK))
    assert addresses
    assert not [address for address in addresses if not LOCKED_HOSTS.match(address)]


def test_nothing_is_left_unfinished() -> None:
    assert not found(UNFINISHED, besides=(LOCK,))


def test_no_test_is_skipped() -> None:
    """The one exception is the fixture for data that lies beside the repository."""
    skip = re.compile(r"pytest\.(mark\.)?(skip|xfail|importorskip)|unittest\.skip")
    ours = Path("tests/test_tidy.py")
    assert not [line for line in found(skip, besides=(MAY_SKIP, ours)) if line.startswith("tests/")]
