"""The catalogue of rules as the API shows it."""

from __future__ import annotations

from typing import Any

from rules.catalogue import catalogue
from rules.every_rule import rules_by_family


def rules_json() -> dict[str, Any]:
    """`models_rules.Rules`: every rule of every family in words."""
    families = rules_by_family()
    return {"rules": [_rule(rule, family) for family, rules in families.items() for rule in rules]}


def _rule(rule: str, family: str) -> dict[str, Any]:
    entry = catalogue()[rule]
    return {
        "rule": rule,
        "family": family,
        "name": {"zh": entry.zh, "en": entry.en},
        "finds": {"zh": entry.finds_zh, "en": entry.finds_en},
        "law": [{"text": text, "grade": grade} for text, grade in entry.law],
        "spoken": entry.driver or None,
        "page": entry.page,
    }
