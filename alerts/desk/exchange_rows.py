"""Rows of the exchange tables as the API's JSON, and the pages they come in."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from alerts.desk.errors import ApiError, invalid, not_found
from alerts.times import iso_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
"""PostgreSQL's own precision: a page begins exactly where the one before ended."""


def link_json(row: asyncpg.Record) -> dict[str, Any]:
    """A row of exchange_links with `fresh`: whether a process has told of it lately."""
    states = (row["main_state"], row["sub_state"])
    if not row["fresh"]:
        state = "not_running"
    else:
        state = "up" if states == ("up", "up") else "degraded" if "up" in states else "down"
    return {
        "link": row["link"],
        "role": row["role"],
        "version": row["version"],
        "access_code": row["access_code"],
        "state": state,
        "main_state": row["main_state"],
        "sub_state": row["sub_state"],
        "since": iso_text(row["since"]),
        "peer": row["peer"],
        "last_error": row["last_error"],
        "counters": json.loads(row["counters"]),
        "owner": row["owner"],
        "updated": iso_text(row["updated_at"]),
    }


def message_json(row: asyncpg.Record) -> dict[str, Any]:
    """A row of exchange_messages."""
    sub_type = row["sub_type"]
    return {
        **{name: row[name] for name in ("id", "link", "direction", "name", "plate", "plate_colour")},
        "at": iso_text(row["at"]),
        "message_type": f"0x{row['message_type']:04x}",
        "sub_type": None if sub_type is None else f"0x{sub_type:04x}",
        "vehicle_id": row["vehicle_id"],
        "sequence": row["sequence"],
        "decoded": json.loads(row["decoded"]),
    }


def order_json(row: asyncpg.Record) -> dict[str, Any]:
    """A row of exchange_orders."""
    return {
        "order_id": str(row["order_id"]),
        **{name: row[name] for name in ("link", "direction", "kind", "plate", "plate_colour", "operator")},
        "body": json.loads(row["body"]),
        "created": iso_text(row["created_at"]),
        "expires": iso_text(row["expires_at"]),
        "state": row["state"],
        "sent": _time(row["sent_at"]),
        "ended": _time(row["ended_at"]),
        "result": None if row["result"] is None else json.loads(row["result"]),
        "reason": row["reason"],
        "command_id": None if row["command_id"] is None else str(row["command_id"]),
    }


def post_check_json(row: asyncpg.Record) -> dict[str, Any]:
    """A row of post_checks."""
    names = ("link", "direction", "object_type", "object_id", "info_id", "question", "asked_by", "answer",
             "answered_by", "state")  # fmt: skip
    return {
        "post_check_id": str(row["post_check_id"]),
        **{name: row[name] for name in names},
        "asked": iso_text(row["asked_at"]),
        "due": iso_text(row["due_at"]),
        "answered": _time(row["answered_at"]),
        "delivered": _time(row["delivered_at"]),
    }


def supervision_json(row: asyncpg.Record) -> dict[str, Any]:
    """A row of supervisions."""
    names = ("link", "direction", "supervision_id", "plate", "plate_colour", "vehicle_id", "alarm_source",
             "alarm_type", "level", "supervisor", "supervisor_tel", "supervisor_mail", "opened_by", "state",
             "result", "result_by", "note")  # fmt: skip
    return {
        "case_id": str(row["case_id"]),
        **{name: row[name] for name in names},
        "alert_id": None if row["alert_id"] is None else str(row["alert_id"]),
        "alarm": iso_text(row["alarm_at"]),
        "opened": iso_text(row["opened_at"]),
        "due": iso_text(row["due_at"]),
        "result_at": _time(row["result_at"]),
        "delivered": _time(row["delivered_at"]),
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else iso_text(time)


def uuid_of(text: str, what_en: str, what_zh: str) -> str:
    """Raises 404: what is no UUID names nothing."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise not_found(what_en, what_zh, text[:64]) from None


def place_text(time: datetime, identity: object) -> str:
    """The `next` of a page that is ordered by time and id."""
    return f"{(time - _EPOCH) // _MICROSECOND}.{identity}"


def parse_place(text: str | None) -> tuple[datetime, str] | None:
    """What `place_text` gave; None when empty. Raises ``ApiError`` (422)."""
    if not text:
        return None
    time_us, _, identity = text.partition(".")
    try:
        return _EPOCH + int(time_us) * _MICROSECOND, str(uuid.UUID(identity))
    except (ValueError, OverflowError):
        raise invalid(
            "before", f"{text[:40]!r} is not a `next` of this API", f"“{text[:40]}”不是本接口给出的 next"
        ) from None


def conflict(code: str, message_en: str, message_zh: str) -> ApiError:
    """409: somebody or something was first."""
    return ApiError(409, code, message_en, message_zh)
