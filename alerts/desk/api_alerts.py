"""/api/alerts: the queue of alerts, their history, and taking one in hand."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from alerts import acknowledgement
from alerts.desk.alert_rows import ALERT_COLUMNS, ALERT_TABLES, CHANGES_QUERY, alert_json, change_json
from alerts.desk.api_vehicles import The
from alerts.desk.desk import Desk
from alerts.desk.errors import ApiError, not_found
from alerts.desk.models import Acknowledgement, Alert, AlertPage, ErrorBody, RevisionList
from alerts.desk.parameters import parse_cursor
from alerts.desk.responses import NOT_FOUND, Answers, answers

router = APIRouter(tags=["alerts"])

CONFLICT: Answers = {
    409: {"model": ErrorBody, "description": "Somebody else has acknowledged it; the message says who"}
}

Order = Literal["oldest", "newest"]
State = Literal["open", "ended"]


@router.get("/api/alerts", responses=answers(AlertPage))
async def list_alerts(
    desk: The,
    after: Annotated[str | None, Query(description="Only alerts changed after this cursor")] = None,
    before: Annotated[str | None, Query(description="Only alerts whose newest change is before it")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    rule: Annotated[str | None, Query(description="Only this rule; several with commas between")] = None,
    vehicle_id: Annotated[str | None, Query(description="Only this vehicle")] = None,
    state: Annotated[State | None, Query(description="open: still going on; ended: has an end")] = None,
    acknowledged: Annotated[bool | None, Query(description="Whether somebody has taken it in hand")] = None,
    order: Annotated[
        Order,
        Query(description="By the newest change: `oldest` first for following, `newest` for a first look"),
    ] = "oldest",
) -> Response:
    """Alerts as they are now, in the order of their newest change.

    Follow with ``after=cursor``: an alert that changes gets a greater number and comes again.
    """
    conditions, arguments = ["true"], []

    def add(condition: str, argument: object) -> None:
        arguments.append(argument)
        conditions.append(condition.format(f"${len(arguments)}"))

    from_seq, to_seq = parse_cursor("after", after), parse_cursor("before", before)
    if from_seq is not None:
        add("a.seq > {}", from_seq)
    if to_seq is not None:
        add("a.seq < {}", to_seq)
    if rule:
        add("a.rule = ANY({}::text[])", [name.strip() for name in rule.replace("\0", "").split(",")])
    if vehicle_id:
        add("a.vehicle_id = {}", vehicle_id.replace("\0", ""))
    if state:
        conditions.append(f"a.end_at IS {'NULL' if state == 'open' else 'NOT NULL'}")
    if acknowledged is not None:
        conditions.append(f"a.acknowledged_at IS {'NOT ' if acknowledged else ''}NULL")
    return await _page(desk, " AND ".join(conditions), arguments, limit, order, from_seq or 0)


async def _page(
    desk: Desk, where: str, arguments: list[object], limit: int, order: Order, from_seq: int
) -> Response:
    newest = order == "newest"
    async with desk.database.connection() as connection:
        # Asked first: what changes between the two questions comes again with the stream, nothing is lost.
        cursor = await connection.fetchval("SELECT coalesce(max(seq), 0) FROM alert_revisions")
        rows = await connection.fetch(
            f"SELECT {ALERT_COLUMNS} FROM {ALERT_TABLES} WHERE {where}"
            f" ORDER BY a.seq {'DESC' if newest else 'ASC'} LIMIT {limit + 1}",
            *arguments,
        )
    page = rows[:limit]
    if not newest:
        cursor = page[-1]["seq"] if page else from_seq
    return JSONResponse(
        {
            "alerts": [alert_json(row) for row in page],
            "cursor": str(cursor),
            "next": str(page[-1]["seq"]) if newest and len(rows) > limit else None,
        }
    )


@router.get("/api/alerts/{alert_id}", responses=answers(Alert, NOT_FOUND))
async def get_alert(desk: The, alert_id: str) -> Response:
    """One alert as it is now."""
    row = await desk.database.fetchrow(
        f"SELECT {ALERT_COLUMNS} FROM {ALERT_TABLES} WHERE a.alert_id = $1", _uuid(alert_id)
    )
    if row is None:
        raise _no_alert(alert_id)
    return JSONResponse(alert_json(row))


@router.get("/api/alerts/{alert_id}/revisions", responses=answers(RevisionList, NOT_FOUND))
async def list_revisions(desk: The, alert_id: str) -> Response:
    """Every change of an alert with who made it, oldest first."""
    rows = await desk.database.fetch(CHANGES_QUERY + " WHERE r.alert_id = $1 ORDER BY r.seq", _uuid(alert_id))
    if not rows:
        raise _no_alert(alert_id)
    return JSONResponse({"revisions": [change_json(row) for row in rows]})


@router.post("/api/alerts/{alert_id}/acknowledge", responses=answers(Alert, NOT_FOUND, CONFLICT))
async def acknowledge(desk: The, alert_id: str, body: Acknowledgement) -> Response:
    """Take an alert in hand. The same request again changes nothing; another operator's is refused."""
    identity = _uuid(alert_id)
    try:
        async with desk.database.connection() as connection:
            revision = await acknowledgement.acknowledge(connection, identity, body.operator, body.note)
    except acknowledgement.UnknownAlert:
        raise _no_alert(alert_id) from None
    except acknowledgement.AlreadyAcknowledged as taken:
        raise ApiError(
            409,
            "already_acknowledged",
            f"the alert was {taken}",
            f"该报警已由 {taken.by} 处理",
        ) from None
    if revision is not None:
        desk.metrics.acknowledged.inc()
        desk.alerts.ring()
    return await get_alert(desk, alert_id)


def _uuid(text: str) -> str:
    """Raises 404: what is no UUID names no alert."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise _no_alert(text) from None


def _no_alert(alert_id: str) -> ApiError:
    return not_found("alert", "报警", alert_id[:64])
