"""The name of every rule that an engine can tell, as the families have them."""

from __future__ import annotations

from rules import active_safety, quality, route_findings, speeding, zones
from rules.catalogue import PRE
from rules.fatigue_episodes import RULES as FATIGUE


def every_rule() -> tuple[str, ...]:
    """All of them, in the order of the families."""
    return (
        *speeding.RULES,
        *(name for rule in FATIGUE for name in (rule, rule + PRE)),
        *("forbidden_hours", "forbidden_hours_pre"),
        *zones.RULES,
        *route_findings.RULES.values(),
        *active_safety.RULES.values(),
        *("emergency", "terminal_alarm"),
        *quality.RULES.values(),
    )
