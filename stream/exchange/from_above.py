"""What we do, as lower platform, with the messages of the upper one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from alerts.command_store import Order as Command
from alerts.command_store import issue
from alerts.exchange import post_checks, supervisions
from alerts.exchange.orders import IN, add_order, end_order, find_sent
from alerts.exchange.post_checks import DEFAULT_ANSWER_S, Question
from alerts.exchange.supervisions import Urge
from alerts.times import now_ms
from stream.exchange.from_below import NOTHING
from stream.exchange.order_messages import cut
from stream.exchange.received import Answer, Handler, Handlers, Received
from stream.exchange.vehicle_answers import asked_of, driver_answer, refused, static_answer, waybill_answer
from stream.jt809.messages import alarms, platforms, static, supervision, vehicles
from stream.jt809.times import GMT8

log = logging.getLogger(__name__)

COMMAND_S = 180
"""How long a terminal may take for what a platform above asks of it."""

MAX_TEXT_BYTES = 1000
"""Of a text for a terminal; a longer one is cut."""

_SPEEDS = 0x08
"""GB/T 19056: speeds second by second; what is meant where a peer names times and no command."""
_COLLECTIONS = range(0x08, 0x16)
"""Commands of GB/T 19056 that take a block: first and last time, and how many units of data at most."""
_MAX_BLOCKS = 0xFFFF
"""Where the peer states no number: all that there is between its times."""


async def _post_check(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    message: platforms.PostCheckRequest = received.message  # type: ignore[assignment]
    question = Question(
        object_type=message.object_type or 0,
        object_id=message.object_id or "",
        info_id=message.info_id,
        sequence=received.sequence,
        text=message.content,
        answer_s=message.answer_time * 60 if message.answer_time else DEFAULT_ANSWER_S,
    )
    await post_checks.receive(connection, received.link.name, question, received.at)
    return NOTHING


async def _text(_: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    """0x9302 is stored and shown; that it has come is answered at once."""
    message: platforms.PlatformTextRequest = received.message  # type: ignore[assignment]
    info_id = message.info_id if received.link.version == "2011" else None
    return [platforms.PlatformTextResponse(info_id=info_id, **received.source)]


async def _urge(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    message: alarms.SupervisionRequest = received.message  # type: ignore[assignment]
    alarm_at = message.warn_time or received.at
    alert_id = await connection.fetchval(
        """SELECT a.alert_id FROM alerts a JOIN exchange_alerts e USING (alert_id)
           WHERE e.link = $1 AND a.vehicle_id = $2 AND abs(extract(epoch FROM a.start_at - $3)) < 2
           ORDER BY a.seq DESC LIMIT 1""",
        *(received.link.name, received.vehicle_id, alarm_at),
    )
    urge = Urge(
        supervision_id=message.supervision_id,
        sequence=received.sequence,
        plate=received.plate,
        plate_colour=received.plate_colour,
        vehicle_id=received.vehicle_id,
        alert_id=None if alert_id is None else str(alert_id),
        alarm_source=message.warn_source,
        alarm_type=message.warn_type,
        alarm_at=alarm_at,
        level=message.supervision_level,
        supervisor=message.supervisor,
        supervisor_tel=message.supervisor_tel,
        supervisor_mail=message.supervisor_email,
        due_at=message.supervision_end_time or received.at,
    )
    await supervisions.receive(connection, received.link.name, urge)
    return NOTHING


async def _exchange_start(_: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    return [vehicles.ExchangeStartResponse(**received.vehicle, **received.source)]


async def _exchange_end(_: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    return [vehicles.ExchangeEndResponse(**received.vehicle, **received.source)]


def _ends(kind: str) -> Handler:
    """A handler that ends the order of a kind with the result that came."""

    async def handle(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
        message: Any = received.message
        order = await find_sent(
            connection, received.link.name, [kind], sequence=message.source_sequence,
            plate=received.plate, plate_colour=received.plate_colour,
        )  # fmt: skip
        if order:
            result, state = {"result": message.result}, "answered" if message.result == 0 else "failed"
            reason = None if message.result == 0 else f"the peer answers with result {message.result}"
            await end_order(connection, order.order_id, state, result, reason)
        return NOTHING

    return handle


def _listen(message: Any) -> tuple[str, Mapping[str, Any]]:
    return "phone_callback", {"flag": 1, "phone_number": message.monitor_tel.strip()}


def _photo(message: Any) -> tuple[str, Mapping[str, Any]]:
    return "photo", {
        "channel": message.lens_id or 1,
        **{"command": 1, "interval_s": 0, "save": 0, "resolution": message.size_type or 1, "quality": 5},
        **{"brightness": 127, "contrast": 63, "saturation": 63, "chroma": 127},
    }


def _vehicle_text(message: Any) -> tuple[str, Mapping[str, Any]]:
    text = cut(message.content, MAX_TEXT_BYTES)
    return "text", {"text": text, "urgent": message.priority == 0, "display": True, "speak": True}


def _emergency(message: Any) -> tuple[str, Mapping[str, Any]]:
    """0x8105 command 2, connect to another server: control; code; APN; ...; address; ports; time."""
    code = message.authentication_code.rstrip(b"\0").decode("ascii", "replace")
    fields = ("1", code, message.access_point, message.user, message.password, message.server_ip,
              str(message.tcp_port), str(message.udp_port), "0")  # fmt: skip
    return "terminal_control", {"command": 2, "arguments": ";".join(fields)}


def _recorder(message: Any) -> tuple[str, Mapping[str, Any]]:
    """0x8700: a command of GB/T 19056, with times where it takes some and the peer names them."""
    command = _SPEEDS if message.command is None else message.command
    if command not in _COLLECTIONS or message.start_time is None or message.end_time is None:
        return "recorder_query", {"command": command, "data": ""}
    blocks = _MAX_BLOCKS if message.max_blocks is None else message.max_blocks
    times = _digits(message.start_time) + _digits(message.end_time)
    return "recorder_query", {"command": command, "data": f"{times}{blocks:04x}"}


def _digits(time: datetime) -> str:
    """BCD[6] in hex, GMT+8."""
    return time.astimezone(GMT8).strftime("%y%m%d%H%M%S")


def _command(kind: str, body_of: Callable[[Any], tuple[str, Mapping[str, Any]]]) -> Handler:
    """A handler that gives a vehicle's terminal the command that is meant; its end is answered later."""

    async def handle(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
        command = None
        if received.vehicle_id is not None:
            command_kind, body = body_of(received.message)
            order = Command(
                received.vehicle_id, command_kind, body, operator=received.link.name, valid_s=COMMAND_S
            )
            command = await issue(connection, order, now_ms())
        if command is None:
            answer = await refused(connection, received, kind)
            return [answer] if answer else NOTHING
        await add_order(
            connection,
            received.link.name,
            kind,
            asked_of(received),
            operator=received.link.name,
            valid_s=2 * COMMAND_S,
            plate=received.plate,
            plate_colour=received.plate_colour,
            direction=IN,
            sequence=received.sequence,
            command_id=command.command_id,
        )
        return NOTHING

    return handle


FROM_ABOVE: Handlers = {
    platforms.PostCheckRequest: _post_check,
    platforms.PlatformTextRequest: _text,
    alarms.SupervisionRequest: _urge,
    vehicles.ExchangeStart: _exchange_start,
    vehicles.ExchangeEnd: _exchange_end,
    vehicles.ExchangeRequestResponse: _ends("apply_exchange"),
    vehicles.ExchangeCancelResponse: _ends("cancel_exchange"),
    vehicles.HistoryResponse: _ends("apply_history"),
    vehicles.DriverRequest: driver_answer,
    vehicles.WaybillRequest: waybill_answer,
    static.VehicleDataRequest: static_answer,
    supervision.ListenRequest: _command("listen", _listen),
    supervision.PhotoRequest: _command("photo", _photo),
    supervision.TextRequest: _command("vehicle_text", _vehicle_text),
    supervision.EmergencyRequest: _command("emergency_access", _emergency),
    supervision.RecorderRequest: _command("recorder", _recorder),
}
"""All others are stored and shown: answers to registrations, vehicles exchanged, pre-warnings, alarms."""
