"""The pages of the rules say what the rulebook, the catalogue and the rules say; every rule has one."""

import re

import pytest

from rules.catalogue import catalogue
from rules.every_rule import every_rule
from rules.rulebook import default_rulebook
from tests.architecture.rule_pages import IMAGES, PAGES, alerts_of, picture, with_tables
from tests.architecture.rule_scenes_more import SCENES
from tests.architecture.rule_texts import examples, rule_page


def test_tables_and_sections_are_in_step() -> None:
    for page in PAGES.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert text == with_tables(text), f"{page.name}: run make docs"


@pytest.mark.parametrize("name", SCENES)
def test_pictures_are_in_step(name: str) -> None:
    scene = SCENES[name]()
    assert {one["rule"] for one in alerts_of(scene)} == set(scene.rules)
    assert (IMAGES / f"{name}.svg").read_text(encoding="utf-8") == picture(scene), "run make docs"


@pytest.mark.parametrize("rule", every_rule())
def test_every_rule_has_a_page(rule: str) -> None:
    """What it finds, the law with its grade, an example that replay printed, its picture, its parameters."""
    one = catalogue()[rule]
    text = (PAGES / f"{rule}.md").read_text(encoding="utf-8")
    if rule == one.page:
        assert f"<!-- rule: {rule} -->" in text
    else:
        assert text == rule_page(rule), "run make docs"
        assert (PAGES / f"{one.page}.md").exists()
    assert one.finds_en in text
    assert one.finds_zh in text
    for law, grade in one.law:
        assert f"| {law} | {grade} |" in text
    _, alert = examples()[rule]
    assert f'"rule": "{rule}"' in text
    assert f'"alert_id": "{alert["alert_id"]}"' in text
    [image] = re.findall(r"!\[[^]]*\]\(images/(\w+)\.svg\)", text)
    assert f">{rule}" in (IMAGES / f"{image}.svg").read_text(encoding="utf-8"), "the picture shows the rule"
    assert re.search(r"^\| `\w+` \|", text, re.MULTILINE), "it has parameters"


def test_no_page_is_of_a_rule_that_is_gone() -> None:
    pages = {page.stem for page in PAGES.glob("*.md")}
    assert pages == {"README", "rulebook", *catalogue(), *(one.page for one in catalogue().values())}


def test_every_parameter_is_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    told = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert set(default_rulebook().entries) - told == set()
