"""Posted limits in the many forms that OpenStreetMap's `maxspeed` tags have."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

_KMH_A_UNIT: Final = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_SPEED = re.compile(r"(\d+(?:[.,]\d+)?)\s*(km/h|kmh|kph|mph|knots)?")

#: Limits that are implied by the kind of place: 实施条例 art 45 (roads with one lane each way), art 78.
_IMPLIED_KMH: Final = {"cn:urban": 50.0, "cn:rural": 70.0, "cn:motorway": 120.0}

HIGHEST_KMH: Final = 200.0  # a higher number is no limit that a road has


def limits_kmh(tags: Mapping[str, str]) -> tuple[float, float]:
    """The posted limit along a way and against it, km/h; NaN where none is posted.

    `limit_kmh` first; else `maxspeed:hgv`, else `maxspeed`, each with the one for a direction before the one
    for both. Of several values (`80;60`) the lowest counts; what is no number (`none`) is no limit.

    >>> limits_kmh({"maxspeed": "60 km/h"}), limits_kmh({"maxspeed": "40 mph", "maxspeed:hgv:backward": "30"})
    ((60.0, 60.0), (64.37376, 30.0))
    """
    return _limit_kmh(tags, "forward"), _limit_kmh(tags, "backward")


def _limit_kmh(tags: Mapping[str, str], direction: str) -> float:
    for key in ("limit_kmh", "maxspeed:hgv", "maxspeed"):
        for name in (f"{key}:{direction}", key):
            found = min(_speeds(tags.get(name, "")), default=math.nan)
            if found == found:
                return found
    return math.nan


def _speeds(text: str) -> Iterator[float]:
    for part in re.split("[;|]", text.lower()):
        found = _SPEED.fullmatch(part.strip())
        value = _IMPLIED_KMH.get(part.strip(), math.nan)
        if found:
            value = float(found[1].replace(",", ".")) * _KMH_A_UNIT[found[2] or ""]
        if 0.0 < value <= HIGHEST_KMH:
            yield value
