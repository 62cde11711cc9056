"""What `make` says before it installs anything."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GOOD = {"python3": "exit 0", "node": "exit 0", "npm": "exit 0"}


def check(folder: Path, tools: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Runs the check with nothing on the PATH but these and what a shell needs."""
    for name, body in tools.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
    for name in ("dirname", "head", "sh"):
        os.symlink(str(shutil.which(name)), folder / name)
    return subprocess.run(
        ["/bin/sh", str(ROOT / "deploy" / "tools.sh")],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_with_all_tools_it_says_nothing(tmp_path: Path) -> None:
    done = check(tmp_path, GOOD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("tool", "body", "says"),
    [
        ("python3", None, "Python 3.11 or newer is missing"),
        ("python3", 'test "$1" = --version && echo Python 3.9.2; exit 1', "(found: Python 3.9.2)"),
        ("node", None, "Node.js is missing"),
        ("node", 'test "$1" = --version && echo v18.1.0; exit 1', "Node.js v18.1.0 is too old"),
        ("npm", None, "npm is missing"),
    ],
)
def test_a_missing_tool_is_one_line(tmp_path: Path, tool: str, body: str | None, says: str) -> None:
    tools = {name: text for name, text in GOOD.items() if name != tool} | ({tool: body} if body else {})
    done = check(tmp_path, tools)
    assert done.returncode == 1
    assert done.stderr.startswith("haulwatch: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


def test_ci_calls_exactly_make_test() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[-1] == "exec make test"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_make_help_names_the_commands() -> None:
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    for target in ("help", "install", "run", "test", "lint", "format", "bench", "clean"):
        assert f"make {target} " in done.stdout
