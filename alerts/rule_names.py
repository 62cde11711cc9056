"""What operators read for each rule, in Chinese and English: `rules/catalogue.toml`."""

from __future__ import annotations

from rules.catalogue import PRE, catalogue

RULE_NAMES: dict[str, tuple[str, str]] = {rule: (one.zh, one.en) for rule, one in catalogue().items()}
"""Chinese and English name of each rule, pre-alarms included."""


def rule_name(rule: str) -> dict[str, str]:
    """``{"zh", "en"}`` of a rule; a rule without a name here, of a newer worker, reads as itself.

    >>> rule_name("speeding_pre")
    {'zh': '超速预警', 'en': 'Speeding (early warning)'}
    """
    if rule in RULE_NAMES:
        chinese, english = RULE_NAMES[rule]
        return {"zh": chinese, "en": english}
    base = rule.removesuffix(PRE)
    if base != rule and base in RULE_NAMES:
        chinese, english = RULE_NAMES[base]
        return {"zh": f"{chinese}（预警）", "en": f"{english} (early warning)"}
    return {"zh": rule, "en": rule.replace("_", " ")}
