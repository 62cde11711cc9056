"""/api/commands: what operators order terminals to do, and what became of it."""

from __future__ import annotations

import logging
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from alerts.command_kinds import KINDS, STATES
from alerts.command_store import WORKER, Order, issue
from alerts.desk.api_vehicles import The, find_vehicle
from alerts.desk.command_rows import COMMAND_COLUMNS, command_json
from alerts.desk.desk import Desk
from alerts.desk.errors import ApiError, invalid, not_found
from alerts.desk.models import ErrorBody, Text
from alerts.desk.models_commands import Command, CommandAccepted, CommandOrder, CommandPage
from alerts.desk.parameters import parse_cursor
from alerts.desk.responses import NOT_FOUND, Answers, answers
from alerts.times import now_ms
from rules.identity import vehicle_key

log = logging.getLogger(__name__)

router = APIRouter(tags=["commands"])

MAX_UNFINISHED = 50
"""Commands that one vehicle may have waiting: more than an operator can mean, and a bound for its gateway."""

CONFLICT: Answers = {
    409: {"model": ErrorBody, "description": f"The vehicle has {MAX_UNFINISHED} unfinished commands"}
}


@router.post(
    "/api/vehicles/{vehicle_id}/commands",
    status_code=202,
    responses=answers(CommandAccepted, NOT_FOUND, CONFLICT, status=202),
)
async def give_command(desk: The, vehicle_id: str, order: CommandOrder) -> Response:
    """Order a terminal to do something.

    202 means that the command is stored. It goes out when the terminal is connected, is repeated as the
    standard says, and ends as answered, failed or expired: see `/api/commands/{command_id}`, or follow the
    `command` events of `/api/stream`.
    """
    await find_vehicle(desk, vehicle_id)
    stated: Any = order
    body = stated.body.model_dump(exclude_none=True)
    given = Order(vehicle_id, stated.kind, body, stated.operator, stated.valid_s)
    return await accept(desk, given)


@router.post(
    "/api/vehicles/{vehicle_id}/text",
    status_code=202,
    responses=answers(CommandAccepted, NOT_FOUND, CONFLICT, status=202),
)
async def send_text(desk: The, vehicle_id: str, body: Text) -> Response:
    """Show and speak a text on a vehicle's terminal (0x8300): a command of kind `text`, within five minutes
    or not at all."""
    await find_vehicle(desk, vehicle_id)
    said = {"text": body.text, "display": True, "speak": True}
    return await accept(desk, Order(vehicle_id, "text", said, body.operator))


async def accept(desk: Desk, order: Order) -> Response:
    """Store an order and send it on its way: 202 with its id. Raises ``ApiError`` (409, 503)."""
    async with desk.database.connection() as connection, connection.transaction():
        # Two desks that count at the same time would each find room.
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('commands ' || $1, 0))", order.vehicle_id
        )
        unfinished = await connection.fetchval(
            "SELECT count(*) FROM commands WHERE vehicle_key = $1 AND ended_at IS NULL AND operator <> $2",
            *(vehicle_key(order.vehicle_id), WORKER),
        )
        if unfinished >= MAX_UNFINISHED:
            raise _too_many(order.vehicle_id)
        command = await issue(connection, order, now_ms())
    if command is None:
        raise not_found("vehicle", "车辆", order.vehicle_id)
    desk.commands.ring()
    desk.metrics.commands.labels(order.kind).inc()
    log.info("command %s: %s to %s by %s", command.command_id, order.kind, order.vehicle_id, order.operator)
    return JSONResponse({"command_id": command.command_id}, status_code=202)


@router.get("/api/commands", responses=answers(CommandPage))
async def list_commands(
    desk: The,
    vehicle_id: Annotated[str | None, Query(description="Only this vehicle", max_length=200)] = None,
    state: Annotated[
        str | None, Query(description=f"Only these states, with commas between: {', '.join(STATES)}")
    ] = None,
    kind: Annotated[str | None, Query(description="Only these kinds, with commas between")] = None,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """Commands, the newest first."""
    conditions, arguments = ["true"], []

    def add(condition: str, argument: object) -> None:
        arguments.append(argument)
        conditions.append(condition.format(f"${len(arguments)}"))

    before = parse_cursor("after", after)
    if before is not None:
        add("c.number < {}", before)
    if vehicle_id:
        add("c.vehicle_id = {}", vehicle_id.replace("\0", ""))
    if state:
        add("c.state = ANY({}::text[])", _names("state", state, STATES))
    if kind:
        add("c.kind = ANY({}::text[])", _names("kind", kind, tuple(KINDS)))
    rows = await desk.database.fetch(
        f"SELECT {COMMAND_COLUMNS} FROM commands c WHERE {' AND '.join(conditions)}"
        f" ORDER BY c.number DESC LIMIT {limit + 1}",
        *arguments,
    )
    page = rows[:limit]
    following = str(page[-1]["number"]) if len(rows) > limit else None
    return JSONResponse({"commands": [command_json(row) for row in page], "next": following})


@router.get("/api/commands/{command_id}", responses=answers(Command, NOT_FOUND))
async def get_command(desk: The, command_id: str) -> Response:
    """One command and what became of it."""
    try:
        number = uuid.UUID(command_id)
    except ValueError:
        raise not_found("command", "指令", command_id) from None
    row = await desk.database.fetchrow(
        f"SELECT {COMMAND_COLUMNS} FROM commands c WHERE c.command_id = $1", number
    )
    if row is None:
        raise not_found("command", "指令", command_id)
    return JSONResponse(command_json(row))


def _names(parameter: str, text: str, known: tuple[str, ...]) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    strange = [name for name in names if name not in known]
    if strange:
        every = ", ".join(known)
        raise invalid(parameter, f"{strange[0]!r} is none of {every}", f"“{strange[0]}”不是以下之一：{every}")
    return names


def _too_many(vehicle_id: str) -> ApiError:
    return ApiError(
        409,
        "too_many_commands",
        f"vehicle {vehicle_id!r} has {MAX_UNFINISHED} unfinished commands; wait until some have ended",
        f"车辆“{vehicle_id}”已有 {MAX_UNFINISHED} 条未完成的指令，请等待其中一些结束",
    )
