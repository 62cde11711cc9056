"""/api/links: links to other platforms, what went over them, and orders to peers (JT/T 809)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from alerts.desk.api_vehicles import The
from alerts.desk.errors import ApiError, invalid, not_found
from alerts.desk.exchange_pages import LINKS, find_link, page_of
from alerts.desk.exchange_rows import link_json, message_json, order_json, uuid_of
from alerts.desk.models_exchange import (
    ExchangeMessageList,
    LinkList,
    LinkStatus,
    NewOrder,
    Order,
    OrderAccepted,
    OrderList,
)
from alerts.desk.parameters import parse_cursor
from alerts.desk.responses import NOT_FOUND, answers
from alerts.exchange.order_kinds import OrderError, check_order
from alerts.exchange.orders import add_order

router = APIRouter(tags=["exchange"])


@router.get("/api/links", responses=answers(LinkList))
async def list_links(desk: The) -> Response:
    """All links to other platforms, by name."""
    rows = await desk.database.fetch(f"{LINKS} ORDER BY link")
    return JSONResponse({"links": [link_json(row) for row in rows]})


@router.get("/api/links/{link}", responses=answers(LinkStatus, NOT_FOUND))
async def get_link(desk: The, link: str) -> Response:
    """One link."""
    return JSONResponse(link_json(await find_link(desk, link)))


@router.get("/api/links/{link}/messages", responses=answers(ExchangeMessageList, NOT_FOUND))
async def list_messages(
    desk: The,
    link: str,
    type_: Annotated[
        str | None, Query(alias="type", description="Business or sub type in hex", examples=["0x9302"])
    ] = None,
    direction: Annotated[Literal["in", "out"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Response:
    """What went over a link, newest first; positions and link tests are not kept."""
    name = (await find_link(desk, link))["link"]
    to_id = parse_cursor("before", before)
    rows = await desk.database.fetch(
        """SELECT id, link, direction, at, message_type, sub_type, name, plate, plate_colour, vehicle_id,
                  sequence, decoded FROM exchange_messages
           WHERE link = $1 AND ($2::text IS NULL OR direction = $2) AND ($3::bigint IS NULL OR id < $3)
             AND ($4::int IS NULL OR message_type = $4 OR sub_type = $4)
           ORDER BY id DESC LIMIT $5""",
        *(name, direction, to_id, None if not type_ else _hex("type", type_), limit + 1),
    )
    following = str(rows[limit - 1]["id"]) if len(rows) > limit else None
    return JSONResponse({"messages": [message_json(row) for row in rows[:limit]], "next": following})


@router.get("/api/orders", responses=answers(OrderList))
async def list_orders(
    desk: The,
    link: Annotated[str | None, Query(description="Only this link")] = None,
    kind: Annotated[str | None, Query(description="Only this kind")] = None,
    state: Annotated[Literal["waiting", "sent", "answered", "failed", "expired"] | None, Query()] = None,
    direction: Annotated[Literal["in", "out"] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Response:
    """What was asked of peers (direction out) and by peers of our vehicles (in), newest first."""
    filters = [("link", link), ("kind", kind), ("state", state), ("direction", direction)]
    return await page_of(
        desk, "exchange_orders", "created_at", "order_id", "orders", order_json, filters, limit, before
    )


@router.get("/api/orders/{order_id}", responses=answers(Order, NOT_FOUND))
async def get_order(desk: The, order_id: str) -> Response:
    """One order."""
    row = await desk.database.fetchrow(
        "SELECT * FROM exchange_orders WHERE order_id = $1", uuid_of(order_id, "order", "指令")
    )
    if row is None:
        raise not_found("order", "指令", order_id[:64])
    return JSONResponse(order_json(row))


@router.post(
    "/api/links/{link}/orders", status_code=202, responses=answers(OrderAccepted, NOT_FOUND, status=202)
)
async def give_order(desk: The, link: str, body: NewOrder) -> Response:
    """Send a message to a peer; it leaves when the link is up, within `valid_s`."""
    row = await find_link(desk, link)
    try:
        fields = check_order(body.kind, row["role"], body.plate, body.body)
    except OrderError as error:
        raise ApiError(
            422, "invalid_parameter", f"{error.field}: {error.message_en}", error.message_zh
        ) from None
    async with desk.database.connection() as connection, connection.transaction():
        order_id = await add_order(
            connection,
            row["link"],
            body.kind,
            fields,
            operator=body.operator,
            valid_s=body.valid_s,
            plate=body.plate,
            plate_colour=body.plate_colour,
        )
    return JSONResponse({"order_id": order_id}, status_code=202)


def _hex(name: str, text: str) -> int:
    try:
        value = int(text, 16)
    except ValueError:
        value = -1
    if not 0 <= value <= 0xFFFF:
        raise invalid(
            name, f"{text[:20]!r} is not a type such as 0x9302", f"“{text[:20]}”不是 0x9302 这样的类型"
        )
    return value
