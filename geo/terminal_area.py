"""Zones as areas that a terminal watches itself (JT/T 808 0x8600, 0x8602, 0x8604), and back.

An area is given with the fields of the message, as the desk's command `area_set` takes it. It says less than
a zone: no hole, no second polygon, no longest stay, one time span, whole km/h; and it knows no classes of
vehicles, since it is sent to one vehicle. What an area cannot say is refused, not left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import shapely

from geo.zone import ALWAYS_MS, Zone, ZoneError

MAX_ID = 0xFFFFFFFF
MAX_CORNERS = 1000  # of a command; some 8 KiB of message
SHAPES = ("circle", "rectangle", "polygon")

TIMED, LIMITED = 1 << 0, 1 << 1
ENTRY_TO_DRIVER, ENTRY_TO_PLATFORM, EXIT_TO_DRIVER, EXIT_TO_PLATFORM = (1 << bit for bit in (2, 3, 4, 5))
"""Bits of an area's attributes (JT/T 808-2013 table 60)."""

_SHANGHAI = timezone(timedelta(hours=8))
_EVERY_DAY = "000000"


def area_of_zone(zone: Zone, area_id: int, tell_driver: bool = False) -> dict[str, Any]:
    """The area that stands for a zone: what the command `area_set` takes.

    Parameters
    ----------
    zone : Zone
        Entering and leaving are told to the platform where its rules ask for them (what is forbidden: its
        entering), its limit is the area's.
    area_id : int
        1 to 4294967295, which the terminal knows the area by; unique within its shape.
    tell_driver : bool
        Whether the terminal tells the driver, too.

    Raises
    ------
    ZoneError
        An area cannot say what the zone asks.
    """
    if not 1 <= area_id <= MAX_ID:
        raise ZoneError(f"zone {zone.id!r}: an area's id must be 1 to {MAX_ID}, not {area_id}")
    try:
        fields: dict[str, Any] = {"area_id": area_id, "attributes": _attributes(zone, tell_driver)}
        fields |= _span(zone) | _limits(zone) | {"name": zone.name}
        return _with_shape(zone, fields)
    except ZoneError as error:
        raise ZoneError(f"zone {zone.id!r} is no area for a terminal: {error}") from error


def _with_shape(zone: Zone, fields: dict[str, Any]) -> dict[str, Any]:
    if zone.circle is not None:
        x, y, radius_m = zone.circle
        place = {"latitude_deg": round(y, 6), "longitude_deg": round(x, 6), "radius_m": math.ceil(radius_m)}
        return {"shape": "circle", "areas": [fields | place]}
    parts = shapely.get_parts(zone.polygon)
    if len(parts) != 1 or shapely.get_num_interior_rings(parts[0]):
        raise ZoneError("it must be one polygon without holes")
    corners = [(round(x, 6), round(y, 6)) for x, y in shapely.get_coordinates(parts[0])[:-1].tolist()]
    west, south, east, north = (round(bound, 6) for bound in shapely.bounds(parts[0]).tolist())
    if len(corners) == 4 and set(corners) == {(x, y) for x in (west, east) for y in (south, north)}:
        place = {"top_latitude_deg": north, "left_longitude_deg": west}
        place |= {"bottom_latitude_deg": south, "right_longitude_deg": east}
        return {"shape": "rectangle", "areas": [fields | place]}
    if len(corners) > MAX_CORNERS:
        raise ZoneError(f"it has {len(corners)} corners, more than {MAX_CORNERS}")
    vertices = [{"latitude_deg": y, "longitude_deg": x} for x, y in corners]
    return {"shape": "polygon"} | fields | {"vertices": vertices}


def _attributes(zone: Zone, tell_driver: bool) -> int:
    for rule in ("stay", "weather"):
        if rule in zone.rules:
            raise ZoneError(f"an area knows no rule {rule!r}")
    entry = {"enter", "forbidden"} & set(zone.rules)
    bits = (ENTRY_TO_PLATFORM | tell_driver * ENTRY_TO_DRIVER) if entry else 0
    return bits | ((EXIT_TO_PLATFORM | tell_driver * EXIT_TO_DRIVER) if "exit" in zone.rules else 0)


def _span(zone: Zone) -> dict[str, str]:
    """The one time span of an area: of every day, or once."""
    forbidden = zone.hours if "forbidden" in zone.rules else ()
    if zone.valid_hours and forbidden and zone.valid_hours != forbidden:
        raise ZoneError("an area has one time span: hours and valid_hours differ")
    if forbidden and not zone.valid_hours and {"enter", "exit", "speed"} & set(zone.rules):
        raise ZoneError("an area's time span holds for all it asks: hours hold for what is forbidden only")
    windows = zone.valid_hours or forbidden
    once = zone.valid_ms != ALWAYS_MS
    if len(windows) + once > 1:
        raise ZoneError("an area has one time span, of every day or once")
    if windows:
        digits = [f"{_EVERY_DAY}{minute // 60:02}{minute % 60:02}00" for minute in windows[0]]
    elif once:
        digits = [_digits(time_ms) for time_ms in zone.valid_ms]
    else:
        return {}
    return {"start": digits[0], "end": digits[1]}


def _digits(time_ms: int) -> str:
    """YYMMDDhhmmss in Asia/Shanghai; an end that is open is the end of the century."""
    if time_ms in ALWAYS_MS:
        return "991231235959" if time_ms > 0 else "000101000000"
    moment = datetime.fromtimestamp(time_ms / 1000, _SHANGHAI)
    if not 2000 <= moment.year <= 2099:
        raise ZoneError(f"an area's times lie in 2000 to 2099, not in {moment.year}")
    return moment.strftime("%y%m%d%H%M%S")


def _limits(zone: Zone) -> dict[str, int]:
    if "speed" not in zone.rules or zone.limit_kmh is None:
        return {}
    night_kmh = zone.limit_kmh if zone.night_limit_kmh is None else zone.night_limit_kmh
    if zone.limit_kmh % 1 or night_kmh % 1:
        raise ZoneError("an area's limits are whole km/h")
    over_s = zone.speed_min_s or 0.0
    if over_s > 255 or over_s % 1:
        raise ZoneError(f"an area's time over the limit is whole seconds up to 255, not {over_s:g}")
    names = ("max_speed_kmh", "night_max_speed_kmh", "overspeed_s")
    return dict(zip(names, (int(zone.limit_kmh), int(night_kmh), int(over_s)), strict=True))


def features_of_areas(area_set: Mapping[str, Any]) -> list[dict[str, Any]]:
    """GeoJSON features of areas as `area_set` has them; `ZoneSet.from_geojson` reads what they are in.

    Bits 2 and 3 of the attributes become the rule `enter`, 4 and 5 `exit`, a limit `speed`. Seconds of a
    daily time span are dropped, of its end rounded up. Door, radio and GNSS bits are the terminal's own.

    Raises
    ------
    ZoneError
        The areas lack what the message has.
    """
    shape = area_set.get("shape")
    if shape not in SHAPES:
        raise ZoneError(f"area of shape {shape!r} must be one of {', '.join(SHAPES)}")
    areas: Iterable[Any] = area_set.get("areas", [area_set])
    try:
        return [_feature(shape, area) for area in areas]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ZoneError(f"{shape} areas are not as JT/T 808 has them: {error!r}") from error


def _feature(shape: str, area: Mapping[str, Any]) -> dict[str, Any]:
    bits, name = int(area.get("attributes") or 0), str(area.get("name") or "")
    rules = ["enter"] if bits & (ENTRY_TO_DRIVER | ENTRY_TO_PLATFORM) else []
    rules += ["exit"] if bits & (EXIT_TO_DRIVER | EXIT_TO_PLATFORM) else []
    said: dict[str, Any] = {"id": f"{shape}-{area['area_id']}", "name": name, "datum": "wgs84"}
    if area.get("max_speed_kmh"):
        rules.append("speed")
        said |= {"limit_kmh": area["max_speed_kmh"], "speed_min_s": area.get("overspeed_s") or 0}
        said |= {"night_limit_kmh": area.get("night_max_speed_kmh") or None}
    if area.get("start") is not None and area["start"] != area.get("end"):
        said |= _validity(str(area["start"]), str(area["end"]))
    if shape == "circle":
        said["radius_m"] = area["radius_m"]
        geometry: dict[str, Any] = {
            "type": "Point",
            "coordinates": [area["longitude_deg"], area["latitude_deg"]],
        }
    else:
        corners = _corners(shape, area)
        geometry = {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}
    return {"type": "Feature", "geometry": geometry, "properties": said | {"rules": rules}}


def _corners(shape: str, area: Mapping[str, Any]) -> list[list[float]]:
    if shape == "polygon":
        return [[one["longitude_deg"], one["latitude_deg"]] for one in area["vertices"]]
    west, south = area["left_longitude_deg"], area["bottom_latitude_deg"]
    east, north = area["right_longitude_deg"], area["top_latitude_deg"]
    return [[west, south], [east, south], [east, north], [west, north]]


def _validity(start: str, end: str) -> dict[str, str]:
    if start.startswith(_EVERY_DAY) != end.startswith(_EVERY_DAY):
        raise ValueError("start and end must both have a date, or neither")
    if start.startswith(_EVERY_DAY):
        last = int(end[6:8]) * 60 + int(end[8:10]) + (int(end[10:]) > 0)
        return {"valid_hours": f"{start[6:8]}:{start[8:10]}-{last // 60 % 24:02}:{last % 60:02}"}
    times = (
        datetime.strptime(f"20{text}", "%Y%m%d%H%M%S").replace(tzinfo=_SHANGHAI) for text in (start, end)
    )
    return dict(zip(("valid_from", "valid_until"), (time.isoformat() for time in times), strict=True))
