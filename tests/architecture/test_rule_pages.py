"""The pages of the rules say what the rulebook and the rules say."""

import re

import pytest

from rules.rulebook import default_rulebook
from tests.architecture.rule_pages import IMAGES, PAGES, alerts_of, picture, with_tables
from tests.architecture.rule_scenes import SCENES


def test_parameter_tables_are_in_step() -> None:
    for page in PAGES.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert text == with_tables(text), f"{page.name}: run make docs"


@pytest.mark.parametrize("name", SCENES)
def test_pictures_are_in_step(name: str) -> None:
    scene = SCENES[name]()
    assert {one["rule"] for one in alerts_of(scene)} == set(scene.rules)
    assert (IMAGES / f"{name}.svg").read_text(encoding="utf-8") == picture(scene), "run make docs"


def test_every_parameter_is_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    told = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert set(default_rulebook().entries) - told == set()
