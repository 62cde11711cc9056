"""What we do, as upper platform, with the messages of a lower one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from alerts.exchange import post_checks, supervisions
from alerts.exchange.orders import end_order, find_sent
from stream.exchange.history import history_answers
from stream.exchange.received import Answer, Handler, Handlers, Received
from stream.jt809.messages import alarms, platforms, static, supervision, vehicles
from stream.jt809.messages.links import LinkTest, LinkTestResponse

NOTHING: Sequence[Answer] = ()

_REGISTERED, _UNKNOWN_VEHICLE = 0, 1


async def _register(_: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    """0x1201: 2019 wants an answer. The registry is ours: a peer adds no vehicles to it."""
    if received.link.version == "2011":
        return NOTHING
    result = _REGISTERED if received.vehicle_id else _UNKNOWN_VEHICLE
    return [vehicles.RegisterVehicleResponse(**received.source, result=result)]


async def _post_check_answer(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    message: platforms.PostCheckResponse = received.message  # type: ignore[assignment]
    await post_checks.receive_answer(
        connection,
        received.link.name,
        info_id=message.info_id,
        sequence=message.source_sequence,
        text=message.content,
        responder=message.responder or message.object_id or received.link.name,
    )
    return NOTHING


async def _text_answer(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    message: platforms.PlatformTextResponse = received.message  # type: ignore[assignment]
    quoted = message.info_id if message.source_sequence is None else message.source_sequence
    order = await find_sent(connection, received.link.name, ["text"], sequence=quoted)
    if order:
        await end_order(connection, order.order_id, "answered", {})
    return NOTHING


async def _urge_answer(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    message: Any = received.message
    await supervisions.receive_result(
        connection,
        received.link.name,
        supervision_id=getattr(message, "supervision_id", None),
        sequence=getattr(message, "source_sequence", None),
        result=message.result,
    )
    return NOTHING


async def _exchange_wanted(_: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    """0x1207: cross-region exchange is started by an operator here (order exchange_start), not by a peer."""
    return [vehicles.ExchangeRequestResponse(**received.vehicle, **received.source, result=3)]


async def _exchange_cancelled(_: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    return [vehicles.ExchangeCancelResponse(**received.vehicle, **received.source, result=0)]


async def _link_test(_: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    """A test of the main link that came on the sub link, while the main link is down."""
    return [LinkTestResponse()]


def _ends(kind: str, *numbered: str) -> Handler:
    """A handler that ends the order of a kind, found by the sequence the answer quotes or by its vehicle."""

    async def handle(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
        message: Any = received.message
        quoted = next((getattr(message, name, None) for name in ("source_sequence", *numbered)), None)
        order = None
        if quoted is not None:
            order = await find_sent(connection, received.link.name, [kind], sequence=quoted)
        order = order or await find_sent(
            connection, received.link.name, [kind], sequence=None,
            plate=received.plate, plate_colour=received.plate_colour,
        )  # fmt: skip
        if order:
            await end_order(connection, order.order_id, "answered", message.show(received.link.version))
        return NOTHING

    return handle


FROM_BELOW: Handlers = {
    vehicles.RegisterVehicle: _register,
    vehicles.ExchangeStartResponse: _ends("exchange_start"),
    vehicles.ExchangeEndResponse: _ends("exchange_end"),
    vehicles.ExchangeRequest: _exchange_wanted,
    vehicles.ExchangeCancel: _exchange_cancelled,
    vehicles.HistoryRequest: history_answers,
    vehicles.DriverResponse: _ends("driver_query"),
    vehicles.WaybillResponse: _ends("waybill_query"),
    platforms.PostCheckResponse: _post_check_answer,
    platforms.PlatformTextResponse: _text_answer,
    alarms.SupervisionResponse: _urge_answer,
    alarms.SupervisionResponse2019: _urge_answer,
    supervision.ListenResponse: _ends("listen"),
    supervision.PhotoResponse: _ends("photo"),
    supervision.TextResponse: _ends("vehicle_text", "msg_sequence"),
    supervision.RecorderResponse: _ends("recorder"),
    supervision.EmergencyResponse: _ends("emergency_access"),
    static.VehicleData: _ends("static_query"),
    LinkTest: _link_test,
}
"""All others are stored and shown: drivers, waybills and alarms that come unasked, results, statistics."""
