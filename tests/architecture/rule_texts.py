"""The page of each rule: from the catalogue, the rulebook, and what replay prints for a scene."""

import json
from functools import lru_cache
from typing import Any

from rules.catalogue import PRE, Entry, catalogue
from rules.rulebook import default_rulebook
from rules.rulebook_text import parameter_table
from tests.architecture.rule_pages import PAGES, alerts_of
from tests.architecture.rule_scenes_more import SCENES

GRADES = "Grades: A read in the text, B second hand, C from memory, D our own choice."
MADE = "<!-- made by make docs: rules/catalogue.toml, rules/rulebook.toml and haulwatch replay -->"

OF_FAMILY = {"active_safety": ("active_safety",)}
"""Entries of the rulebook that all rules of a page use."""


@lru_cache(maxsize=1)
def examples() -> dict[str, tuple[str, dict[str, Any]]]:
    """For each rule the first scene that shows it, and the first of its alerts there."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for name, scene in SCENES.items():
        for alert in alerts_of(scene()):
            found.setdefault(alert["rule"], (name, alert))
    return found


def rule_section(rule: str, *, picture: bool) -> list[str]:
    """What a rule is, in lines of Markdown; a page that shows the picture already needs none."""
    one = catalogue()[rule]
    scene, alert = examples()[rule]
    lines = [
        f"**Finds** {one.finds_en}. {one.finds_zh}。",
        "",
        "**Law and standards**",
        "",
        *("| asks for it | grade |", "|---|---|"),
        *(f"| {text} | {grade} |" for text, grade in one.law),
        "",
        f"{GRADES} {_driver(one)}",
        "",
        *([f"![{one.en}](images/{scene}.svg)", ""] if picture else []),
        "What `haulwatch replay` prints for it:",
        "",
        "```json",
        *_lines(alert),
        "```",
    ]
    return lines


def _lines(alert: dict[str, Any]) -> list[str]:
    """An object, a field a line."""
    said = [
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}," for name, value in alert.items()
    ]
    return ["{", *said[:-1], said[-1].removesuffix(","), "}"]


def _driver(one: Entry) -> str:
    said = f"「{one.driver}」" if one.driver else "nothing."
    return f"The driver is told: {said}"


def rule_page(rule: str) -> str:
    """The whole page of a rule that has one of its own."""
    one = catalogue()[rule]
    wanted = (rule, rule.removesuffix(PRE), *OF_FAMILY.get(one.page, ()))
    lines = [
        f"# {rule}",
        MADE,
        "",
        f"{one.zh} · {one.en}. How it counts, what its fields mean and what was chosen where no text says: "
        f"[{one.page}.md]({one.page}.md).",
        "",
        *rule_section(rule, picture=True),
        "",
        "## Parameters",
        *parameter_table(default_rulebook(), wanted),
        "",
    ]
    return "\n".join(lines)


def rule_index() -> list[str]:
    """The table of all rules, each with its page and the one that says how it counts."""
    lines = ["| rule | 规则 | finds | how it counts |", "|---|---|---|---|"]
    for rule, one in catalogue().items():
        lines.append(f"| [`{rule}`]({rule}.md) | {one.zh} | {one.finds_en} | [{one.page}]({one.page}.md) |")
    return lines


def write() -> None:
    """The pages of all rules that have one of their own."""
    for rule, one in catalogue().items():
        if rule != one.page:
            (PAGES / f"{rule}.md").write_text(rule_page(rule), encoding="utf-8")
