"""Compiling, or loading, every kernel of the rules before the first report waits for it."""

from __future__ import annotations

import numpy as np
import shapely

from geo.road_class import CODES
from geo.road_table import Road, build
from geo.route import Route
from geo.zones import Zone, ZoneSet
from rules.engine import Engine
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.safety import SafetyAlarms

_NIGHT_MS = 1_780_257_600_000  # an hour of the night in Shanghai


def warm_up() -> None:
    """Put two reports of two vehicles through every family, with a driver who changes over and an alarm of a
    camera."""
    square = Zone("a", "a", "a", shapely.box(118.0, 32.0, 118.1, 32.1), limit_kmh=60.0)
    line = np.array([[118.0, 32.05], [118.1, 32.05]])
    route = Route("a", "a", "a", line, ("deviation", "departure"), departures=(0,))
    zones = ZoneSet([square], [route], build([Road("a", "a", CODES["highway"], 80.0, False, line)]))
    engine = Engine(default_rulebook(), zones)
    count = 4
    engine.process(
        Reports.build(
            vehicle_key=np.array([1, 1, 2, 2]),
            time_ms=_NIGHT_MS + np.arange(count) * 30_000,
            longitude_deg=np.full(count, 118.05),
            latitude_deg=np.full(count, 32.05),
            speed_kmh=np.full(count, 120.0),
            vehicle_class=np.full(count, 3),
            driver_key=np.full(count, 7),
            safety=_alarm(),
        )
    )
    Engine.restore(engine.rulebook, zones, engine.snapshot()).open_changes()


def _alarm() -> SafetyAlarms:
    """Of the first report."""
    numbers = ("row", "dialect", "terminal_alarm_id", "flag", "degree", "longitude_deg", "latitude_deg")
    told = {"peripheral": [0x65], "event": [1], "level": [1], "speed_kmh": [90], "time_ms": [_NIGHT_MS]}
    return SafetyAlarms.build(
        **{name: [0] for name in numbers}, **told, attachments=[0], identifier=[bytes(16)]
    )
