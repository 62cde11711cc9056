"""Every rule family, in the order in which they step: one may use what an earlier one wrote into entries."""

from __future__ import annotations

from rules import active_safety, conditions, fatigue, roads, routes, speeding, zones
from rules.family import Family

FAMILIES: tuple[Family, ...] = (
    fatigue.FAMILY,
    zones.FAMILY,
    routes.FAMILY,
    roads.FAMILY,
    speeding.FAMILY,
    conditions.FAMILY,
    active_safety.FAMILY,
)
