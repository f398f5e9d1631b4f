"""The repository's own files, as the tidy and layer tests read them."""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "stream", "views", "config", "agents", "gateway", "cli")
# Hidden folders hold caches and the virtual environment; of them only the one below is the project's.
HIDDEN_BUT_OURS = {".ci"}
BUILT = {"__pycache__", "build", "dist", "node_modules"}


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project, with its path from the root; it need not be a git checkout."""
    return tuple(sorted(_walk()))


def _walk() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in BUILT and (name[0] != "." or name in HIDDEN_BUT_OURS)]
        yield from (Path(folder, name).relative_to(ROOT) for name in names)


def python_files() -> list[Path]:
    """Every Python file, with its path from the root."""
    return [path for path in files() if path.suffix == ".py"]


def cpp_files() -> list[Path]:
    """Every C++ file, with its path from the root."""
    return [path for path in files() if path.suffix in {".cpp", ".hpp"}]


def package_files() -> list[Path]:
    """The Python files that are installed, with their paths from the root."""
    return [path for path in python_files() if path.parts[0] in PACKAGES]


@cache
def text(path: Path) -> str:
    """The text of a project file; bytes that are no UTF-8, as in pictures, are replaced."""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(text(path), filename=str(path))


def module_name(path: Path) -> str:
    """The dotted name under which a Python file is imported; a package's is its folder's."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> set[str]:
    """Every dotted name that a file imports: of `from a.b import c` both a.b and a.b.c, as c may be a module."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, path)
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return names


def texts(path: Path) -> set[str]:
    """Every text constant of a file."""
    constants = (node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if node.level == 0:
        return node.module or ""
    above = path.parent.parts[: len(path.parent.parts) - (node.level - 1)]
    return ".".join([*above, *([node.module] if node.module else [])])
