"""/api/rules: every rule in words."""

from __future__ import annotations

from alerts.desk.models_rules import Rules
from alerts.desk.rules_json import rules_json
from alerts.rule_names import rule_name
from rules.every_rule import every_rule


def test_every_rule_is_told_once_in_both_languages() -> None:
    rules = Rules.model_validate(rules_json()).rules
    assert [rule.rule for rule in rules] == list(every_rule())
    for rule in rules:
        assert rule.name.model_dump() == rule_name(rule.rule)
        assert rule.finds.zh
        assert rule.finds.en
        assert rule.law
        assert {law.grade for law in rule.law} <= set("ABCD")
        assert rule.spoken is None or rule.spoken


def test_families_are_those_of_the_pages() -> None:
    families = {rule.rule: rule.family for rule in Rules.model_validate(rules_json()).rules}
    assert families["driving_7d_pre"] == "fatigue"
    assert families["fused_phone"] == "active_safety"
    assert families["emergency"] == "terminal_alarms"
    assert families["offline_24h"] == "data_quality"
