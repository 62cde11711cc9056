"""Every rule that can make an alert has a name in both languages."""

from __future__ import annotations

import re

from alerts.rule_names import RULE_NAMES
from rules import active_safety, quality, routes
from rules.rulebook import default_rulebook

EMITTED = {
    *active_safety.RULES.values(),
    *quality.RULES.values(),
    *routes.RULES,
    *("emergency", "terminal_alarm", "forbidden_hours"),
}


def test_every_rule_has_a_name() -> None:
    assert set(RULE_NAMES) >= EMITTED
    for chinese, english in RULE_NAMES.values():
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert english.isascii()


def test_the_rulebook_speaks_of_rules_that_exist() -> None:
    families = {"*", "active_safety"}
    for entry in default_rulebook().entries.values():
        for rule in entry.rules:
            assert rule in families or rule.removesuffix("_pre") in RULE_NAMES, (entry.name, rule)
