"""Every property of the rules and the map tries as hard as it is asked to."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from tests.properties import PROPERTY

TESTS = Path(__file__).parents[1]
FILES = sorted([*(TESTS / "rules").glob("test_*.py"), *(TESTS / "geo").glob("test_*.py")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_property_has_the_common_number_of_examples(path: Path) -> None:
    functions = [one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.FunctionDef)]
    for function in functions:
        marks = {ast.unparse(mark).partition("(")[0] for mark in function.decorator_list}
        assert "given" not in marks or "PROPERTY" in marks, f"{path.name}: {function.name} lacks @PROPERTY"
        assert "settings" not in marks, f"{path.name}: {function.name} has a number of examples of its own"


def test_two_hundred_examples_are_tried_or_as_many_as_asked_for() -> None:
    assert PROPERTY.max_examples == int(os.environ.get("HAULWATCH_EXAMPLES", "200"))
