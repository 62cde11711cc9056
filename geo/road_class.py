"""Classes of roads as the law's speed limits tell them apart, and what OpenStreetMap calls them.

Implementing Regulations of the Road Traffic Safety Law, articles 45 and 78; JTG B01 for grades of highways.
"""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = 0

#: Code -> name. The codes are stored; never change one.
NAMES: Final = {0: "unknown", 1: "expressway", 2: "urban_expressway", 3: "highway", 4: "urban", 5: "ramp"}
CODES: Final = {name: code for code, name in NAMES.items()}

#: OpenStreetMap's `highway` values that a heavy vehicle drives on. In China motorway is 高速公路, trunk
#: 城市快速路 or a 国道 of that grade, primary to tertiary are 国道, 省道, 县道, the rest streets.
OSM_CLASSES: Final = {
    "motorway": CODES["expressway"],
    "motorway_link": CODES["ramp"],
    "trunk": CODES["urban_expressway"],
    "trunk_link": CODES["ramp"],
    "primary": CODES["highway"],
    "primary_link": CODES["highway"],
    "secondary": CODES["highway"],
    "secondary_link": CODES["highway"],
    "tertiary": CODES["highway"],
    "tertiary_link": CODES["highway"],
    "unclassified": CODES["highway"],
    "residential": CODES["urban"],
    "living_street": CODES["urban"],
    "service": CODES["urban"],
}
