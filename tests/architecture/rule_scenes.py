"""Short drives that show what each rule page speaks of, replayed for its picture."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Row = dict[str, object]

MIDNIGHT = datetime.fromisoformat("2026-06-01T00:00:00+08:00")


@dataclass(frozen=True)
class Scene:
    """A drive as rows of a replay file, with the files beside it. `rules` names those to be shown."""

    rows: list[Row]
    rules: tuple[str, ...] = ()
    zones: dict[str, object] | None = None
    notes: list[str] = field(default_factory=list)


def clock(second: int) -> str:
    """A time as replay reads it, in seconds since the midnight at which the scenes begin."""
    return (MIDNIGHT + timedelta(seconds=second)).isoformat()


def second_of(text: str) -> int:
    """The second of a time that replay wrote."""
    return round((datetime.fromisoformat(text) - MIDNIGHT).total_seconds())


def drive(begin_s: int, speeds: Iterable[float], step_s: int = 30, **said: object) -> list[Row]:
    """A drive eastwards at some speeds, one report each `step_s`."""
    rows: list[Row] = []
    x = 118.0
    for number, speed in enumerate(speeds):
        rows.append(
            {"second": begin_s + number * step_s, "longitude_deg": round(x, 6), "speed_kmh": speed, **said}
        )
        x += speed * step_s / 3600 / 94.4  # a degree of longitude at 32 degrees north has 94.4 km
    return rows


def speeding() -> Scene:
    speeds = [92, 98, 101, 106, 112, 118, 123, 118, 104, 98, 99, 108, 109, 107, 97, 95]
    return Scene(drive(36_000, speeds, 15, vehicle_class="heavy_truck"), ("speeding",))


def fatigue() -> Scene:
    speeds = [70] * 48 + [0] * 3 + [72] * 60 + [0] * 9
    return Scene(drive(21_600, speeds, 150), ("continuous_driving", "continuous_driving_pre"))


def zones() -> Scene:
    ring = [[118.02, 31.99], [118.05, 31.99], [118.05, 32.01], [118.02, 32.01], [118.02, 31.99]]
    said = {"id": "z", "name": "水源地", "name_en": "Water source", "limit_kmh": 40, "max_stay_s": 300}
    feature = {"type": "Feature", "properties": said, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    rules = ("zone_enter", "zone_exit", "zone_stay", "zone_speed")
    rows = drive(36_000, [60] * 5 + [52] * 3 + [0] * 12 + [35] * 14)
    return Scene(rows, rules, {"type": "FeatureCollection", "features": [feature]})


def forbidden_hours() -> Scene:
    speeds = [80] * 24 + [0] * 6 + [75] * 30 + [0] * 6
    rows = drive(5_700, speeds, 60, vehicle_class="line_coach")
    return Scene(rows, ("forbidden_hours", "forbidden_hours_pre"))


def routes() -> Scene:
    line = {"type": "LineString", "coordinates": [[118.0, 32.0], [118.1, 32.0], [118.2, 32.0]]}
    said = {"id": "r", "name": "一号线", "name_en": "Line 1", "vehicles": ["V"]}
    said["stations"] = [{"name": "A", "longitude_deg": 118.03, "latitude_deg": 32.0}]
    rows = drive(36_000, [60] * 10 + [0] * 8 + [60] * 24)
    for number, row in enumerate(rows):
        row["latitude_deg"] = 32.006 if 24 <= number <= 32 else 32.0
    feature = {"type": "Feature", "properties": said, "geometry": line}
    rules = ("route_deviation", "route_stop")
    return Scene(rows, rules, {"type": "FeatureCollection", "features": [feature]})


_HEAD: dict[int, Callable[[int, int], bytes]] = {
    0x64: lambda event, level: bytes([0, event, level, 0, 0, 0, 0, 0]),
    0x65: lambda event, level: bytes([0, event, level, 7 if event == 1 else 0, 0, 0, 0, 0]),
    0x66: lambda event, level: bytes(1),
    0x67: lambda event, level: bytes([0, event]),
}


def item(peripheral: int, event: int, level: int, speed: int, number: int, terminal_id: bytes = b"") -> str:
    """An additional item 0x64 to 0x67 of T/JSATL 12-2017 in hex; with a terminal id of 30 bytes that of
    T/GDRTA 002-2020. Of 0x66 the event is that of the tyre at position 3."""
    fixed = number.to_bytes(4) + _HEAD[peripheral](event, level) + bytes([speed])
    moment = bytes.fromhex("260601100000")
    where = bytes(2) + (32_000_000).to_bytes(4) + (118_000_000).to_bytes(4) + moment
    identifier = (terminal_id or b"T000001") + moment + bytes([number, 1, 0])
    tyres = b""
    if terminal_id:
        identifier += bytes(1)
    if peripheral == 0x66:
        tyres = bytes([1, 3]) + event.to_bytes(2) + (620).to_bytes(2) + (41).to_bytes(2) + (90).to_bytes(2)
    value = fixed + where + bytes(2) + identifier + tyres
    return (bytes([peripheral, len(value)]) + value).hex()


def active_safety() -> Scene:
    rows = drive(36_000, [55] * 8 + [68] * 30)
    alarms = {3: (0x65, 2, 1), 7: (0x65, 2, 1), 12: (0x65, 2, 2), 16: (0x64, 1, 2), 30: (0x65, 2, 2)}
    for number, (peripheral, event, level) in alarms.items():
        rows[number]["items"] = item(peripheral, event, level, int(str(rows[number]["speed_kmh"])), number)
    return Scene(rows, ("dsm_phone", "adas_forward_collision", "fused_phone"))


def terminal_alarms() -> Scene:
    rows = drive(36_000, [60] * 24)
    for number, row in enumerate(rows):
        held = 1 << 18 if 4 <= number <= 12 else 0
        pulse = 1 << 20 if 7 <= number <= 9 else 0
        row["alarm_bits"] = held | pulse | (1 if 16 <= number <= 18 else 0)
    return Scene(rows, ("terminal_alarm", "emergency"))


def data_quality() -> Scene:
    rows = drive(36_000, [60] * 40, 30, altitude_m=12)
    for number, row in enumerate(rows):
        if number >= 30:
            row["second"] = int(str(row["second"])) + 2400
        row["recorder_speed_kmh"] = 70 if number <= 18 else 60
        row["altitude_m"] = 6600 if 22 <= number <= 24 else 12
    return Scene(rows, ("speed_source_suspect", "speed_source_check", "silent_driving", "invalid_data"))


BASIC: dict[str, Callable[[], Scene]] = {
    "speeding": speeding,
    "continuous_driving": fatigue,
    "zones": zones,
    "forbidden_hours": forbidden_hours,
    "routes": routes,
    "active_safety": active_safety,
    "terminal_alarms": terminal_alarms,
    "data_quality": data_quality,
}
