"""Scenes for the rules that the first ones do not show, so that every rule has an example of real output."""

from collections.abc import Callable

from tests.architecture.rule_scenes import BASIC, Row, Scene, drive, item

HOUR_S, DAY_S = 3_600, 86_400
GUANGDONG = b"GD" + bytes(28)


def speeding_pre() -> Scene:
    speeds = [80, 88, 96, 97, 98, 99, 97, 96, 96, 88, 80]
    return Scene(drive(36_000, speeds, 15, vehicle_class="heavy_truck"), ("speeding_pre",))


def night_driving() -> Scene:
    rows = drive(21 * HOUR_S, [70] * 100 + [0] * 14, 120, vehicle_class="tour_coach")
    return Scene(rows, ("night_driving", "night_driving_pre"))


def driving_day() -> Scene:
    part = [70.0] * 57 + [0.0] * 11
    rows = drive(5 * HOUR_S, part * 4, 150, vehicle_class="line_coach")
    rules = ("driving_24h", "driving_24h_pre", "driving_day", "driving_day_pre")
    return Scene(rows, rules)


def driving_7d() -> Scene:
    rows: list[Row] = []
    for day in range(6):
        half = [60.0] * 46 + [0.0] * 6
        east = drive(day * DAY_S + 8 * HOUR_S, half, 290, vehicle_class="tour_coach")
        back = drive(day * DAY_S + 8 * HOUR_S + 52 * 290, half, 290, vehicle_class="tour_coach")
        for row in back:  # it stands at night where it began in the morning
            row["longitude_deg"] = round(118.0 + _x(east[-1]) - _x(row), 6)
        rows += east + back
    return Scene(rows, ("driving_7d", "driving_7d_pre"))


def zone_forbidden() -> Scene:
    ring = [[118.02, 31.99], [118.05, 31.99], [118.05, 32.01], [118.02, 32.01], [118.02, 31.99]]
    said = {"id": "b", "name": "长江大桥", "name_en": "Yangtze bridge", "rules": ["forbidden"]}
    said |= {"hours": "07:00-21:00", "vehicle_classes": ["hazmat"]}
    feature = {"type": "Feature", "properties": said, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    rows = drive(36_000, [55] * 24, vehicle_class="hazmat")
    return Scene(rows, ("zone_forbidden",), {"type": "FeatureCollection", "features": [feature]})


def route_times() -> Scene:
    points = [[118.0, 32.0], [118.05, 32.0], [118.1, 32.0], [118.2, 32.0]]
    line = {"type": "LineString", "coordinates": points}
    said = {"id": "r", "name": "一号线", "name_en": "Line 1", "vehicles": ["V"], "direction": "forward"}
    said["segments"] = [{"from": 0, "to": 1, "min_s": 400}, {"from": 1, "to": 2, "max_s": 300}]
    said["departures"] = ["10:00"]
    rows = drive(36_000, [0] * 24 + [70] * 10 + [40] * 14 + [60] * 4 + [30] * 12)
    turns = 52
    for number, row in enumerate(rows):
        row["heading_deg"] = 90
        if number >= turns:
            row["heading_deg"] = 270
            row["longitude_deg"] = round(2 * _x(rows[turns - 1]) - _x(row), 6)
    feature = {"type": "Feature", "properties": said, "geometry": line}
    rules = ("route_too_fast", "route_too_slow", "route_wrong_direction", "route_missing_departure")
    return Scene(rows, rules, {"type": "FeatureCollection", "features": [feature]})


def _x(row: Row) -> float:
    return float(str(row["longitude_deg"]))


def alarms_of(peripheral: int, events: dict[int, bytes], begin_s: int, speed: int = 55) -> list[Row]:
    """A drive with one alarm of each event, three reports apart; the terminal id tells the province."""
    rows = drive(begin_s, [speed] * (3 * len(events) + 4))
    for number, (event, terminal_id) in enumerate(events.items(), 1):
        rows[3 * number]["items"] = item(peripheral, event, 1 + number % 2, speed, number, terminal_id)
    return rows


def adas() -> Scene:
    events = dict.fromkeys([1, 2, 3, 4, 5, 6, 7, 9], b"") | dict.fromkeys([0x12, 0x13], GUANGDONG)
    names = ("forward_collision", "lane_departure", "headway", "pedestrian", "lane_change", "road_sign")
    names += ("obstacle", "solid_line", "aisle_pedestrian", "other")
    return Scene(alarms_of(0x64, events, 36_000), tuple(f"adas_{name}" for name in names))


def dsm() -> Scene:
    events = dict.fromkeys([1, 2, 3, 4, 5, 9], b"")
    events |= dict.fromkeys([0x06, 0x08, 0x0A, 0x0B, 0x0C, 0x0D], GUANGDONG)
    names = ("fatigue", "phone", "smoking", "distraction", "absent", "lens_covered", "overtime", "seat_belt")
    names += ("glasses", "hands_off", "phone_play", "other")
    return Scene(alarms_of(0x65, events, 36_000), tuple(f"dsm_{name}" for name in names))


def tyres() -> Scene:
    rows = drive(36_000, [60] * 16)
    for number, event in enumerate(
        (1, 1, 0b100, 0b1000100), 1
    ):  # two periodic reports, then low, then leaking
        rows[2 * number]["items"] = item(0x66, event, 0, 60, number)
    rows[11]["items"] = item(0x67, 2, 0, 60, 11)
    return Scene(rows, ("tpms", "bsd"))


def fused() -> Scene:
    rows = drive(20 * HOUR_S, [58] * 66 + [72] * 12 + [0] * 4, 120)
    rows[64]["items"] = item(0x65, 1, 2, 58, 1)
    rows[68]["items"] = item(0x65, 2, 2, 72, 2)
    rows[73]["items"] = item(0x64, 3, 2, 72, 3)
    return Scene(rows, ("fused_fatigue", "fused_phone", "fused_headway"))


def positions() -> Scene:
    rows = drive(36_000, [0] * 16 + [50] * 34)
    for number in range(4, 11):  # to and fro while it stands
        rows[number]["longitude_deg"] = 118.002 if number % 2 else 118.0
    behind = _x(rows[46]) - _x(rows[22])
    for number, row in enumerate(rows[22:], 22):  # stands still on the map while it drives
        still = number <= 46
        row["longitude_deg"] = rows[22]["longitude_deg"] if still else round(_x(row) - behind, 6)
    rows[19]["latitude_deg"] = 32.2
    return Scene(rows, ("position_drift", "position_frozen", "position_jump"))


def silence() -> Scene:
    rows = drive(30_000, [60] * 20) + drive(37_000, [55] * 20) + drive(37_600 + 90_000, [60] * 10)
    for row in rows[20:]:
        row["longitude_deg"] = round(_x(row) + 0.5, 6)
    for row in rows[24:36]:
        row["received"] = int(str(row["second"])) - 240
    return Scene(rows, ("offline_displacement", "offline_24h", "clock_suspect"))


SCENES: dict[str, Callable[[], Scene]] = {
    **BASIC,
    "speeding_pre": speeding_pre,
    "night_driving": night_driving,
    "driving_day": driving_day,
    "driving_7d": driving_7d,
    "zone_forbidden": zone_forbidden,
    "route_times": route_times,
    "adas": adas,
    "dsm": dsm,
    "tyres": tyres,
    "fused": fused,
    "positions": positions,
    "silence": silence,
}
