"""Evidence as the API shows it, out of the rows of the database."""

from __future__ import annotations

from typing import Any

import asyncpg

from alerts.times import iso_text

FILE_COLUMNS = """f.file_id, f.vehicle_id, f.source, f.name, f.kind, f.content_type, f.size_bytes,
    f.announced_bytes, f.sha256, f.sm3, f.state, f.reason, f.alarm_number, f.media_id, f.announced_at,
    f.received_at, f.expires_at"""
ALARM_COLUMNS = """a.identifier, a.alarm_number, a.time, a.peripheral, a.event, a.level, a.flag, a.speed_kmh,
    a.longitude_deg, a.latitude_deg, a.attachments"""
MESSAGE_COLUMNS = "id, received_at, message_id, serial, edition, body, file_id"
FRAME_COLUMNS = "id, received_at, direction, message_id, serial, frame, sha256, sm3"


def file_json(row: asyncpg.Record) -> dict[str, Any]:
    """`models_evidence.EvidenceFile` of a row of `FILE_COLUMNS`."""
    complete = row["state"] == "complete"
    return {
        "file_id": str(row["file_id"]),
        **{name: row[name] for name in ("vehicle_id", "source", "name", "kind", "state", "reason")},
        "content_type": row["content_type"] if complete else "",
        "size_bytes": row["announced_bytes"] if row["size_bytes"] is None else row["size_bytes"],
        "sha256": _hex(row["sha256"]),
        "sm3": _hex(row["sm3"]),
        "alarm_number": row["alarm_number"],
        "media_id": row["media_id"],
        "announced": iso_text(row["announced_at"]),
        "received": iso_text(row["received_at"]) if row["received_at"] else None,
        "expires": iso_text(row["expires_at"]),
        "url": file_url(row["file_id"]),
    }


def alarm_json(row: asyncpg.Record) -> dict[str, Any]:
    """`models_evidence.SafetyAlarm` of a row of `ALARM_COLUMNS`."""
    plain = ("alarm_number", "peripheral", "event", "level", "flag", "speed_kmh", "attachments")
    return {
        "identifier": _hex(row["identifier"]),
        "time": iso_text(row["time"]),
        **{name: row[name] for name in plain},
        "longitude_deg": round(row["longitude_deg"], 6),
        "latitude_deg": round(row["latitude_deg"], 6),
    }


def message_json(row: asyncpg.Record) -> dict[str, Any]:
    """`models_evidence.TerminalMessage` of a row of `MESSAGE_COLUMNS`."""
    file_id = row["file_id"]
    return {
        **_head(row),
        "edition": row["edition"],
        "body_hex": None if row["body"] is None else _hex(row["body"]),
        "file_id": None if file_id is None else str(file_id),
        "url": None if file_id is None else file_url(file_id),
    }


def frame_json(row: asyncpg.Record) -> dict[str, Any]:
    """`models_evidence.Frame` of a row of `FRAME_COLUMNS`."""
    return {
        **_head(row),
        "direction": "down" if row["direction"] else "up",
        "frame_hex": _hex(row["frame"]),
        "sha256": _hex(row["sha256"]),
        "sm3": _hex(row["sm3"]),
    }


def file_url(file_id: object) -> str:
    """Where the desk serves a file."""
    return f"/api/evidence/{file_id}"


def _head(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "received": iso_text(row["received_at"]),
        "message_id": f"0x{row['message_id']:04x}",
        "serial": row["serial"],
    }


def _hex(data: bytes | None) -> str:
    return "" if data is None else data.hex()
