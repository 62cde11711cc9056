"""The neutral names of the shared vectors put into ours, message by message, as a partial JSON view."""

from __future__ import annotations

from typing import Any

Names = dict[str, str]

_AREA = {
    "attr": "attributes",
    "radius": "radius_m",
    "max_speed": "max_speed_kmh",
    "overspeed_seconds": "overspeed_s",
    "night_max_speed": "night_max_speed_kmh",
}
_MEDIA = {"type": "media_type", "fmt": "media_format"}
_ID = {"ids": "ids"}
_FILE = {"type": "file_type", "size": "size_bytes"}
_SHOOT = {"cmd": "command", "interval": "interval_s"}
#: Names of fields that differ, by message.
_NAMES: dict[int, Names] = {
    0x0005: {"orig_serial": "first_serial", "ids": "packages"},
    0x8003: {"orig_serial": "first_serial", "ids": "packages"},
    0x0702: {"ic_result": "ic_card_result", "cert": "certificate"},
    0x0705: {"time": "time_of_day"},
    0x0800: _MEDIA,
    0x0805: {"ids": "media_ids"},
    0x0900: {"type": "kind"},
    0x8900: {"type": "kind"},
    0x0901: {"gzip": "data"},
    0x0108: {"type": "upgrade_type"},
    0x8108: {"type": "upgrade_type", "maker": "manufacturer"},
    0x8105: {"cmd": "command", "args": "arguments"},
    0x8106: {"ids": "parameter_ids"},
    0x8202: {"interval": "interval_s", "validity": "validity_s"},
    0x8203: {"types": "alarm_bits"},
    0x8301: {"type": "action"},
    0x8302: {"flag": "flags"},
    0x8303: {"type": "action", "infos": "entries"},
    0x8304: {"type": "information_type"},
    0x0302: {"answer": "answer_id"},
    0x0303: {"type": "information_type"},
    0x8400: {"phone": "phone_number"},
    0x8401: {"type": "action"},
    0x8500: {"flag": "flags"},
    0x8604: _AREA,
    0x8606: _AREA,
    0x8608: {"type": "area_type"},
    0x8800: {"ids": "missing"},
    0x8801: _SHOOT,
    0x8802: {"type": "media_type"},
    0x8803: {"type": "media_type"},
    0x8804: {"cmd": "command", "seconds": "duration_s", "rate": "sample_rate"},
    0x8A00: {"e": "public_exponent", "n": "modulus"},
    0x9208: {"ip": "server_address", "tcp": "tcp_port", "udp": "udp_port", "alarm_no": "alarm_number"},
    0x1210: {"alarm_no": "alarm_number", "type": "kind"},
    0x1211: _FILE,
    0x1212: _FILE,
    0x9212: {"type": "file_type", "packets": "missing"},
}
#: Names inside the elements of a list.
_PARTS: dict[tuple[int, str], Names] = {
    (0x0705, "items"): {"id": "can_id"},
    (0x8301, "events"): {"id": "event_id"},
    (0x8302, "answers"): {"id": "answer_id"},
    (0x8303, "entries"): {"type": "information_type"},
    (0x8401, "contacts"): {"phone": "phone_number"},
    (0x8500, "controls"): {"id": "control_type", "value": "parameter"},
    (0x8600, "areas"): _AREA | {"lat_raw": "latitude_deg", "lon_raw": "longitude_deg"},
    (0x8602, "areas"): _AREA
    | {
        "tl_lat": "top_latitude_deg",
        "tl_lon": "left_longitude_deg",
        "br_lat": "bottom_latitude_deg",
        "br_lon": "right_longitude_deg",
    },
    (0x8606, "points"): _AREA
    | {
        "lat_raw": "latitude_deg",
        "lon_raw": "longitude_deg",
        "width": "width_m",
        "attr": "segment_attributes",
        "too_long": "too_long_s",
        "too_short": "too_short_s",
    },
    (0x1210, "files"): {"size": "size_bytes"},
}
#: Lengths and counts, which our views leave to the lists and texts they count.
_COUNTS = {"count", "len", "qlen", "length", "size", "alarm_id_len", "maker_len", "_left"}
_MOMENTS = {"start", "end"}


def expected_view(message_id: int, norm: dict[str, Any]) -> dict[str, Any]:
    """The fields that our view of this message must have."""
    names = _NAMES.get(message_id, {})
    found: dict[str, Any] = {}
    for name, value in norm.items():
        ours = names.get(name, name)
        if name in _COUNTS and name not in names:
            continue
        if name == "points" and message_id == 0x8604:
            found["vertices"] = [
                {"latitude_deg": point[0] / 1e6, "longitude_deg": point[1] / 1e6} for point in value
            ]
        elif name == "alarm_id":
            found["alarm_identifier"] = {
                "terminal_id": value["terminal_id"],
                "time": value["time"].replace(" ", "T") + "+08:00",
                "sequence": value["seq"],
                "attachments": value["attach_count"],
            }
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            parts = _PARTS.get((message_id, ours), {})
            found[ours] = [_part(message_id, parts, one) for one in value]
        else:
            found[ours] = _value(message_id, ours, value)
    return found


def _part(message_id: int, names: Names, part: dict[str, Any]) -> dict[str, Any]:
    return {
        names.get(name, name): _value(message_id, names.get(name, name), value)
        for name, value in part.items()
        if name not in _COUNTS or name in names
    }


def _value(message_id: int, name: str, value: Any) -> Any:
    if name.endswith("_deg"):
        return value / 1e6
    if name in _MOMENTS:
        return value.replace("-", "").replace(":", "").replace(" ", "")[2:]
    if name == "time":
        return value.replace(" ", "T") + ("+00:00" if message_id == 0x8004 else "+08:00")
    if name == "control_type":
        return f"0x{value:04x}"
    if name in ("data", "gzip") and isinstance(value, list):
        return bytes(value).hex()
    return value


def differences(view: Any, expected: Any, where: str = "") -> list[str]:
    """Where a view differs from what it must have; fields that are not expected are passed over."""
    if isinstance(expected, dict) and isinstance(view, dict):
        return [
            line
            for name, value in expected.items()
            for line in differences(view.get(name), value, f"{where}.{name}")
        ]
    if isinstance(expected, list) and isinstance(view, list) and len(view) == len(expected):
        return [
            line
            for k, (one, other) in enumerate(zip(view, expected, strict=True))
            for line in differences(one, other, f"{where}[{k}]")
        ]
    if where.endswith("itude_deg") and view is not None:
        # The neutral reading has magnitudes, without the bits that say south and west.
        view, expected = abs(view), abs(expected)
    return [] if view == expected else [f"{where}: {view!r}, expected {expected!r}"]
