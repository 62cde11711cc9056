"""/api/supervisions: cases that an upper platform opens (督办), at ours or by us at a lower one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from alerts.desk.api_vehicles import The
from alerts.desk.desk import Desk
from alerts.desk.errors import invalid, not_found
from alerts.desk.exchange_pages import find_link, page_of
from alerts.desk.exchange_rows import conflict, supervision_json, uuid_of
from alerts.desk.models import ErrorBody
from alerts.desk.models_exchange import Supervision, SupervisionList, SupervisionOrder, SupervisionResult
from alerts.desk.parameters import parse_time
from alerts.desk.responses import NOT_FOUND, Answers, answers
from alerts.exchange import supervisions
from alerts.exchange.alarm_types import alarm_type
from alerts.exchange.supervisions import Urge

router = APIRouter(tags=["exchange"])

CLOSED: Answers = {409: {"model": ErrorBody, "description": "The case has its final result already"}}


@router.get("/api/supervisions", responses=answers(SupervisionList))
async def list_supervisions(
    desk: The,
    link: Annotated[str | None, Query(description="Only this link")] = None,
    state: Annotated[Literal["open", "working", "done", "ignored", "expired"] | None, Query()] = None,
    direction: Annotated[Literal["in", "out"] | None, Query(description="in: we are urged")] = None,
    vehicle_id: Annotated[str | None, Query(description="Only this vehicle")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Response:
    """Supervision cases, newest first."""
    filters = [("link", link), ("state", state), ("direction", direction), ("vehicle_id", vehicle_id)]
    return await page_of(
        desk,
        "supervisions",
        "opened_at",
        "case_id",
        "supervisions",
        supervision_json,
        filters,
        limit,
        before,
    )


@router.get("/api/supervisions/{case_id}", responses=answers(Supervision, NOT_FOUND))
async def get_supervision(desk: The, case_id: str) -> Response:
    """One case."""
    return JSONResponse(supervision_json(await _find(desk, case_id)))


@router.post("/api/supervisions", status_code=201, responses=answers(Supervision, NOT_FOUND, status=201))
async def urge(desk: The, body: SupervisionOrder) -> Response:
    """Order a lower platform to handle an alarm of a vehicle; it leaves as soon as the link is up."""
    link = await find_link(desk, body.link)
    if link["role"] != "upper":
        raise invalid(
            "link",
            f"{body.link} is a link to a platform above us",
            f"{body.link} 的对端是上级平台，不能向其督办",
        )
    due = parse_time("due", body.due).astimezone(UTC)
    if due <= datetime.now(UTC):
        raise invalid("due", "lies in the past", "早于当前时间")
    order = await _urge(desk, body, due, link["version"])
    async with desk.database.connection() as connection:
        identity = await supervisions.urge_peer(connection, link["link"], order, body.operator)
    return JSONResponse(supervision_json(await _find(desk, identity)), status_code=201)


@router.post("/api/supervisions/{case_id}/result", responses=answers(Supervision, NOT_FOUND, CLOSED))
async def give_result(desk: The, case_id: str, body: SupervisionResult) -> Response:
    """Say how a case from above is handled: `done` and `ignored` close it, `working` and `later` do not.
    The same request again changes nothing."""
    identity = uuid_of(case_id, "supervision case", "督办")
    try:
        async with desk.database.connection() as connection:
            await supervisions.give_result(connection, identity, body.result, body.operator, body.note)
    except supervisions.UnknownCase:
        raise not_found("supervision case from above", "上级督办", case_id[:64]) from None
    except supervisions.CaseClosed as closed:
        raise conflict(
            "already_closed", str(closed), f"该督办已由 {closed.by} 处理（{closed.state}）"
        ) from None
    return await get_supervision(desk, case_id)


async def _urge(desk: Desk, body: SupervisionOrder, due: datetime, version: str) -> Urge:
    order = Urge(
        supervision_id=0,
        sequence=0,
        plate=body.plate,
        plate_colour=body.plate_colour,
        vehicle_id=None,
        alert_id=None,
        alarm_source=body.alarm_source,
        alarm_type=body.alarm_type or 0,
        alarm_at=parse_time("alarm_time", body.alarm_time) if body.alarm_time else datetime.now(UTC),
        level=body.level,
        supervisor=body.supervisor,
        supervisor_tel=body.supervisor_tel,
        supervisor_mail=body.supervisor_mail,
        due_at=due,
    )
    if body.alert_id is not None:
        return await _of_alert(desk, body.alert_id, order, version)
    if not body.plate or body.alarm_type is None:
        raise invalid(
            "plate", "give alert_id, or plate and alarm_type", "请给出 alert_id，或车牌号和报警类型"
        )
    vehicle_id = await desk.database.fetchrow(
        "SELECT vehicle_id FROM vehicles WHERE plate = $1 AND plate_colour = $2",
        body.plate,
        body.plate_colour,
    )
    return replace(order, vehicle_id=vehicle_id["vehicle_id"] if vehicle_id else None)


async def _of_alert(desk: Desk, alert_id: str, order: Urge, version: str) -> Urge:
    identity = uuid_of(alert_id, "alert", "报警")
    row = await desk.database.fetchrow(
        """SELECT a.vehicle_id, a.rule, a.start_at, v.plate, v.plate_colour FROM alerts a
           JOIN vehicles v USING (vehicle_id) WHERE a.alert_id = $1""",
        identity,
    )
    if row is None:
        raise not_found("alert of a registered vehicle", "已登记车辆的报警", alert_id[:64])
    return replace(
        order,
        plate=row["plate"],
        plate_colour=row["plate_colour"],
        vehicle_id=row["vehicle_id"],
        alert_id=identity,
        alarm_type=alarm_type(row["rule"], version),
        alarm_at=row["start_at"],
    )


async def _find(desk: Desk, case_id: str) -> asyncpg.Record:
    row = await desk.database.fetchrow(
        "SELECT * FROM supervisions WHERE case_id = $1", uuid_of(case_id, "supervision case", "督办")
    )
    if row is None:
        raise not_found("supervision case", "督办", case_id[:64])
    return row
