"""/api/vehicles/{id}/messages, /frames, /archive: what a terminal said, word by word and byte by byte."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from alerts.command_kinds import MAX_ARCHIVE_S
from alerts.command_store import Order
from alerts.desk.api_commands import CONFLICT, accept
from alerts.desk.api_vehicles import The, find_vehicle
from alerts.desk.errors import invalid
from alerts.desk.evidence_rows import FRAME_COLUMNS, MESSAGE_COLUMNS, frame_json, message_json
from alerts.desk.models_commands import CommandAccepted
from alerts.desk.models_evidence import Archive, FramePage, MessagePage
from alerts.desk.periods import After, From, Limit, To, next_place, period, place_after, stored_key
from alerts.desk.responses import NOT_FOUND, answers
from alerts.times import SHANGHAI, now_ms, to_ms

router = APIRouter(tags=["archive"])

_MESSAGE_ID = re.compile(r"(?:0[xX])?([0-9a-fA-F]{1,4})")


@router.get("/api/vehicles/{vehicle_id}/messages", responses=answers(MessagePage, NOT_FOUND))
async def list_messages(
    desk: The,
    vehicle_id: str,
    message_id: Annotated[
        str | None, Query(description="Only these, hexadecimal as in the standard; several with commas")
    ] = None,
    from_: From = None,
    to: To = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """What a terminal said that is no position, by time of arrival. Bodies are as they came; pictures, sounds
    and videos are files."""
    start, end = period(from_, to)
    rows = await desk.database.fetch(
        f"""SELECT {MESSAGE_COLUMNS} FROM terminal_messages
            WHERE vehicle_key = $1 AND received_at >= $2 AND received_at < $3 AND (received_at, id) > ($4, $5)
              AND ($6::int[] IS NULL OR message_id = ANY($6))
            ORDER BY received_at, id LIMIT $7""",
        *(stored_key(vehicle_id), start, end, *place_after(after, start)),
        *(_message_ids(message_id), limit + 1),
    )
    if not rows:
        await find_vehicle(desk, vehicle_id)
    following = next_place(rows, limit, "received_at", "id")
    return JSONResponse({"messages": [message_json(row) for row in rows[:limit]], "next": following})


@router.get("/api/vehicles/{vehicle_id}/frames", responses=answers(FramePage, NOT_FOUND))
async def list_frames(
    desk: The,
    vehicle_id: str,
    from_: From = None,
    to: To = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """Archived frames of both directions by time, exactly as on the wire, each with its hashes.

    `haulwatch decode --explain` reads `frame_hex`.
    """
    start, end = period(from_, to)
    rows = await desk.database.fetch(
        f"""SELECT {FRAME_COLUMNS} FROM frames
            WHERE vehicle_key = $1 AND received_at >= $2 AND received_at < $3 AND (received_at, id) > ($4, $5)
            ORDER BY received_at, id LIMIT $6""",
        *(stored_key(vehicle_id), start, end, *place_after(after, start), limit + 1),
    )
    if not rows:
        await find_vehicle(desk, vehicle_id)
    following = next_place(rows, limit, "received_at", "id")
    return JSONResponse({"frames": [frame_json(row) for row in rows[:limit]], "next": following})


@router.post(
    "/api/vehicles/{vehicle_id}/archive",
    status_code=202,
    responses=answers(CommandAccepted, NOT_FOUND, CONFLICT, status=202),
)
async def archive(desk: The, vehicle_id: str, body: Archive) -> Response:
    """Keep all raw frames of a vehicle until a time, 31 days ahead at most; `until` null ends it now.

    The order is a command of kind `archive_start` or `archive_stop`; the gateway that holds the terminal's
    link follows it. The terminal is told nothing.
    """
    await find_vehicle(desk, vehicle_id)
    if body.until is None:
        return await accept(desk, Order(vehicle_id, "archive_stop", {}, body.operator))
    until = body.until if body.until.tzinfo else body.until.replace(tzinfo=SHANGHAI)
    valid_s = (to_ms(until) - now_ms()) / 1000
    if not 1 <= valid_s <= MAX_ARCHIVE_S:
        days = MAX_ARCHIVE_S // 86_400
        raise invalid("until", f"must lie in the next {days} days", f"必须在今后 {days} 天之内")
    return await accept(desk, Order(vehicle_id, "archive_start", {}, body.operator, valid_s))


def _message_ids(text: str | None) -> list[int] | None:
    if not text:
        return None
    found = [_MESSAGE_ID.fullmatch(part.strip()) for part in text.split(",")]
    numbers = [int(match.group(1), 16) for match in found if match]
    if len(numbers) < len(found):
        raise invalid(
            "message_id",
            f"{text[:40]!r} is not like 0x0801 or 0801,0800",
            f"“{text[:40]}”不是 0x0801 这样的编号",
        )
    return numbers
