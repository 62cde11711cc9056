"""Import direction, purity of the core, and declared dependencies."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("geo", "rules", "alerts", "stream", "simulators")
PURE = ("geo", "rules", "stream/jt808")

IMPURE = {
    "asyncio", "aiokafka", "asyncpg", "faust", "http", "multiprocessing", "psycopg", "random", "secrets",
    "select", "socket", "subprocess", "threading", "time", "urllib", "uvloop",
}  # fmt: skip
"""Modules that bring I/O, a clock or chance into code that must give the same for the same input."""

NAMES = {"faust": "faust-streaming"}
"""Packages that are imported under another name than they are installed by."""


def imports(path: Path) -> Iterator[str]:
    """Top-level names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module.partition(".")[0]


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def test_folders_import_in_one_direction() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(linter)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", PURE)
def test_the_core_has_no_io_no_clock_and_no_chance(folder: str) -> None:
    found = {str(path.relative_to(ROOT)): sorted(set(imports(path)) & IMPURE) for path in modules(folder)}
    assert {path: names for path, names in found.items() if names} == {}


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[\[>=<~! ]", line)[0].replace("-", "_") for line in project["dependencies"]}
    own = set(PRODUCT) | set(sys.stdlib_module_names)
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in PRODUCT
        for path in modules(folder)
        for name in imports(path)
        if name not in own and NAMES.get(name, name).replace("-", "_") not in declared
    }
    assert missing == set()


def test_every_dependency_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = project["optional-dependencies"]
    for lock, wanted in (
        ("requirements.lock", project["dependencies"] + groups["build"]),
        ("requirements-dev.lock", project["dependencies"] + groups["build"] + groups["dev"]),
    ):
        text = (ROOT / lock).read_text(encoding="utf-8")
        names = set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
        assert {re.split(r"[\[>=<~! ]", line)[0] for line in wanted} <= names
