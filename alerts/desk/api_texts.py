"""/api/vehicles/{id}/text: an operator speaks to a driver."""

from __future__ import annotations

import logging
import uuid

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from alerts.commands import FLAG_DISPLAY, FLAG_SPEAK, Command
from alerts.desk.api_vehicles import The, find_vehicle
from alerts.desk.models import Text, TextAccepted
from alerts.desk.responses import NOT_FOUND, answers
from alerts.times import now_ms
from rules.identity import vehicle_key

log = logging.getLogger(__name__)

router = APIRouter(tags=["texts"])

EXPIRES_MS = 5 * 60 * 1000
"""A warning heard later than this speaks of a road the vehicle has left."""


@router.post(
    "/api/vehicles/{vehicle_id}/text",
    status_code=202,
    responses=answers(TextAccepted, NOT_FOUND, status=202),
)
async def send_text(desk: The, vehicle_id: str, body: Text) -> Response:
    """Show and speak a text on a vehicle's terminal (0x8300).

    202 means that the broker has it; the gateway that holds the terminal's link sends it within five minutes
    or not at all.
    """
    vehicle = await find_vehicle(desk, vehicle_id)
    now = now_ms()
    command = Command(
        command_id=str(uuid.uuid4()),
        vehicle_id=vehicle_id,
        vehicle_key=vehicle_key(vehicle_id),
        terminal_phone=vehicle["terminal_phone"],
        kind="text",
        text=body.text,
        flags=FLAG_DISPLAY | FLAG_SPEAK,
        created_ms=now,
        expires_ms=now + EXPIRES_MS,
    )
    await desk.commands.send(command)
    desk.metrics.texts.inc()
    log.info("text %s to %s by %s", command.command_id, vehicle_id, body.operator)
    return JSONResponse({"command_id": command.command_id}, status_code=202)
