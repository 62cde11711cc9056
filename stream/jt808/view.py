"""Messages as plain objects for JSON: named fields, units in the names, times with +08:00."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime

from stream.jt808.flags import alarm_names, status_names
from stream.jt808.header import Edition
from stream.jt808.items import describe_items
from stream.jt808.messages import PositionReport, RawMessage

# Fields that hold a message or parameter id, shown as the standard writes them.
_ID_FIELDS = frozenset({"reply_id", "parameter_id", "parameter_ids"})


def describe(message: object, edition: Edition) -> dict[str, object]:
    """The fields of a message or of a part of one, in their order; bytes in hex."""
    if isinstance(message, RawMessage):
        return {"raw": message.body.hex()}
    if isinstance(message, PositionReport):
        return _describe_position(message, edition)
    assert is_dataclass(message)
    return {
        item.name: _describe_value(item.name, getattr(message, item.name), edition)
        for item in fields(message)
    }


def _describe_value(name: str, value: object, edition: Edition) -> object:
    if name in _ID_FIELDS and isinstance(value, int):
        return f"0x{value:04x}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_describe_value(name, part, edition) for part in value]
    return describe(value, edition) if is_dataclass(value) else value


def _describe_position(report: PositionReport, edition: Edition) -> dict[str, object]:
    described: dict[str, object] = {
        "alarm_bits": report.alarm_bits,
        "alarms": alarm_names(report.alarm_bits, edition),
        "status_bits": report.status_bits,
        "status": status_names(report.status_bits, edition),
        "latitude_deg": report.latitude_deg,
        "longitude_deg": report.longitude_deg,
        "altitude_m": report.altitude_m,
        "speed_kmh": report.speed_kmh,
        "heading_deg": report.heading_deg,
        "time": report.time.isoformat() if report.time else None,
    }
    if report.time_bcd:
        described["time_bcd"] = report.time_bcd
    described["items"] = describe_items(report.items)
    if report.items_rest:
        described["items_error"] = "truncated"
        described["items_rest"] = report.items_rest.hex()
    return described
