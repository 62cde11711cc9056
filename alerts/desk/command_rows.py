"""Commands as the API shows them, out of the rows of the database."""

from __future__ import annotations

import json
from typing import Any

import asyncpg

from alerts.command_names import KIND_NAMES, REASON_NAMES, STATE_NAMES, name_of
from alerts.times import iso_text

COMMAND_COLUMNS = """c.number, c.command_id, c.vehicle_id, c.kind, c.body, c.operator, c.created_at,
    c.expires_at, c.state, c.attempts, c.serial, c.gateway, c.sent_at, c.delivered_at,
    c.answered_at, c.ended_at, c.result, c.reason, c.changed_at"""


def command_json(row: asyncpg.Record) -> dict[str, Any]:
    """`models_commands.Command` of a row of `COMMAND_COLUMNS`."""
    return {
        "command_id": str(row["command_id"]),
        "vehicle_id": row["vehicle_id"],
        "kind": row["kind"],
        "kind_name": name_of(KIND_NAMES, row["kind"]),
        "body": json.loads(row["body"]),
        "operator": row["operator"],
        "created": iso_text(row["created_at"]),
        "expires": iso_text(row["expires_at"]),
        "state": row["state"],
        "state_name": name_of(STATE_NAMES, row["state"]),
        "attempts": row["attempts"],
        "serial": row["serial"],
        "gateway": row["gateway"],
        "sent": _iso_or_none(row["sent_at"]),
        "delivered": _iso_or_none(row["delivered_at"]),
        "answered": _iso_or_none(row["answered_at"]),
        "ended": _iso_or_none(row["ended_at"]),
        "result": None if row["result"] is None else json.loads(row["result"]),
        "reason": row["reason"],
        "reason_name": name_of(REASON_NAMES, row["reason"]),
    }


def _iso_or_none(time: Any) -> str | None:
    return None if time is None else iso_text(time)
