"""Small modules, small functions, and nothing in the tree that belongs to one machine."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_OF_A_MODULE = 400
LINES_OF_A_FUNCTION = 70
BYTES_OF_A_FILE = 1 << 20

REGISTRY_ADDRESS = re.compile(
    r'"resolved": *"http|index-url *[= ] *http|registry *= *"?http|find-links *[= ] *(http|/)', re.IGNORECASE
)
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")


def tracked(*patterns: str) -> list[Path]:
    """Files that are in the repository, or would be after `git add`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    found = {ROOT / name for name in done.stdout.split("\0") if name}
    return sorted(path for path in found if path.is_file())


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore")


def test_no_module_is_longer_than_its_bound() -> None:
    sources = tracked("*.py", "*.ts", "*.vue", "*.mjs")
    long = {str(path.relative_to(ROOT)): text_of(path).count("\n") for path in sources}
    assert {name: lines for name, lines in long.items() if lines > LINES_OF_A_MODULE} == {}


def test_no_function_is_longer_than_its_bound() -> None:
    long = []
    for path in tracked("*.py"):
        for node in ast.walk(ast.parse(text_of(path))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LINES_OF_A_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {lines}")
    assert long == []


def test_no_file_names_a_package_registry() -> None:
    naming = [str(path.relative_to(ROOT)) for path in tracked() if REGISTRY_ADDRESS.search(text_of(path))]
    assert naming == []


def test_locks_pin_every_package_with_a_hash() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = text_of(ROOT / lock)
        entries = re.split(r"\n(?=\S)", text.strip())
        assert len(entries) > 40
        for entry in entries:
            assert re.match(r"[a-z0-9._-]+==\S+", entry), entry[:80]
            assert "--hash=sha256:" in entry, entry[:80]
        assert "://" not in text


def test_the_npm_lock_has_hashes_and_no_addresses() -> None:
    text = text_of(ROOT / "console" / "package-lock.json")
    assert '"resolved"' not in text
    assert '"integrity": "sha512-' in text


def test_nothing_is_left_unfinished() -> None:
    sources = tracked("*.py", "*.ts", "*.vue", "*.sql", "*.toml", "Makefile", "*.sh")
    found = [str(path.relative_to(ROOT)) for path in sources if UNFINISHED.search(text_of(path))]
    assert found == []


def test_no_file_is_large() -> None:
    large = [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > BYTES_OF_A_FILE]
    assert large == []


def test_the_folders_are_those_of_the_design() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in tracked() if len(path.relative_to(ROOT).parts) > 1}
    assert folders <= {
        ".ci", "alerts", "benchmarks", "console", "deploy", "docs", "geo", "rules", "simulators", "stream",
        "tests",
    }  # fmt: skip
