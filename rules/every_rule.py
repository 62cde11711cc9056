"""The name of every rule that an engine can tell, as the families have them."""

from __future__ import annotations

from rules import active_safety, quality, route_findings, speeding, zones
from rules.catalogue import PRE
from rules.fatigue_episodes import RULES as FATIGUE


def rules_by_family() -> dict[str, tuple[str, ...]]:
    """The rules of each family, families and rules in the order of the pages."""
    return {
        "speeding": tuple(speeding.RULES),
        "fatigue": tuple(name for rule in FATIGUE for name in (rule, rule + PRE)),
        "forbidden_hours": ("forbidden_hours", "forbidden_hours_pre"),
        "zones": tuple(zones.RULES),
        "routes": tuple(route_findings.RULES.values()),
        "active_safety": tuple(active_safety.RULES.values()),
        "terminal_alarms": ("emergency", "terminal_alarm"),
        "data_quality": tuple(quality.RULES.values()),
    }


def every_rule() -> tuple[str, ...]:
    """All of them, in the order of the families."""
    return tuple(rule for rules in rules_by_family().values() for rule in rules)
