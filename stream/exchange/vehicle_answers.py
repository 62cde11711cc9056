"""What a platform above asks about or of one of our vehicles, and our answers (0x1200, 0x1500, 0x1600)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from alerts.exchange.orders import Order
from rules.identity import vehicle_key
from stream.exchange.link import Link
from stream.exchange.order_messages import cut, driver_fields
from stream.exchange.received import Answer, Received
from stream.exchange.stored_positions import gnss_data, newest_position
from stream.jt808.messages.driver import DriverIdentity
from stream.jt808.messages.transparent import ElectronicWaybill
from stream.jt808.reader import Reader
from stream.jt809.messages import Message, static, supervision, vehicles
from stream.jt809.messages.gnss import Gnss, Gnss2019
from stream.protocol_errors import ProtocolError

_DRIVER_ID, _WAYBILL = 0x0702, 0x0701
_PHOTO_TAKEN, _PHOTO_UNREACHABLE, _PHOTO_NO_LENS, _PHOTO_FAILED, _PHOTO_UNKNOWN = 1, 3, 4, 5, 9
_NO_LENS = "channel_unsupported"
"""Why a command `photo` failed whose terminal has no such channel."""
_FAILED = 1
_OK = 0
_TRANSPORT_TYPES = {"heavy_truck": "030", "tour_coach": "012", "line_coach": "011", "hazmat": "031"}
"""JT/T 415-2006, 5.2.1: kinds of road transport."""


async def driver_answer(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    """0x920A: the driver whose card was read last, else the registry's."""
    fields = {"name": "", "driver_id": "", "licence": "", "issuer": ""}
    if received.vehicle_id is not None:
        fields = await _driver(connection, received.vehicle_id)
    told = driver_fields(received.link, **fields)
    return [vehicles.DriverResponse(**received.vehicle, **received.source, **told)]


async def _driver(connection: asyncpg.Connection, vehicle_id: str) -> dict[str, str]:
    row = await connection.fetchrow(
        """SELECT body, edition FROM terminal_messages
           WHERE vehicle_key = $1 AND message_id = $2 AND body IS NOT NULL
           ORDER BY received_at DESC, id DESC LIMIT 1""",
        *(vehicle_key(vehicle_id), _DRIVER_ID),
    )
    if row is not None:
        try:
            card = DriverIdentity.decode(row["body"], row["edition"])
        except ProtocolError:
            card = None
        if card is not None and card.name:
            return {
                "name": card.name,
                "driver_id": card.id_card,
                "licence": card.certificate,
                "issuer": card.issuer,
            }
    driver_id = await connection.fetchval("SELECT driver_id FROM vehicles WHERE vehicle_id = $1", vehicle_id)
    return {"name": driver_id or "", "driver_id": "", "licence": "", "issuer": ""}


async def waybill_answer(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    """0x920B: the waybill the terminal sent last, else an empty one."""
    text = ""
    if received.vehicle_id is not None:
        row = await connection.fetchrow(
            """SELECT body, edition FROM terminal_messages
               WHERE vehicle_key = $1 AND message_id = $2 AND body IS NOT NULL
               ORDER BY received_at DESC, id DESC LIMIT 1""",
            *(vehicle_key(received.vehicle_id), _WAYBILL),
        )
        text = _waybill_text(row) if row is not None else ""
    return [vehicles.WaybillResponse(**received.vehicle, **received.source, waybill=text)]


def _waybill_text(row: asyncpg.Record) -> str:
    try:
        data: bytes = ElectronicWaybill.decode(row["body"], row["edition"]).data
    except ProtocolError:
        return ""
    return data.decode("gbk", "replace")


async def static_answer(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    """0x9601: what the registry knows, under the names of the standard (JT/T 809-2011, 4.5.8.2)."""
    values = {
        "VIN": received.plate,
        "VEHICLE_COLOR": str(received.plate_colour),
        "VEHICLE_TYPE": "",
        "TRANS_TYPE": "",
        "VEHICLE_NATIONALITY": "",
        "OWERS_NAME": "",
    }
    row = await connection.fetchrow("SELECT * FROM vehicles WHERE vehicle_id = $1", received.vehicle_id)
    if row is not None:
        values["TRANS_TYPE"] = _TRANSPORT_TYPES.get(row["vehicle_class"], "")
        values["OWERS_NAME"] = row["enterprise"]
    text = ";".join(f"{key}:={value}" for key, value in values.items())
    return [static.VehicleData(**received.vehicle, **received.source, car_info=_gbk(text))]


def asked_of(received: Received) -> dict[str, Any]:
    """What the answer will have to repeat."""
    message = received.message
    return {
        "vehicle_id": received.vehicle_id,
        "msg_sequence": getattr(message, "msg_sequence", None),
        "lens": getattr(message, "lens_id", None),
        "size": getattr(message, "size_type", None),
        "command": getattr(message, "command", None),
    }


async def refused(connection: asyncpg.Connection, received: Received, kind: str) -> Message | None:
    """The answer to something that cannot be asked of the vehicle."""
    unknown = received.vehicle_id is None
    result = _PHOTO_UNKNOWN if kind == "photo" and unknown else _PHOTO_FAILED if kind == "photo" else _FAILED
    return await _answer(
        connection, received.link, kind, received.vehicle, received.source, asked_of(received), result
    )


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """How a command has ended: its state and reason, what the terminal said (as
    `stream.gateway.command_messages.result_of` has it; may be empty), and the picture it took."""

    state: str
    reason: str | None
    told: Mapping[str, Any]
    photo: supervision.Photo | None = None


async def command_answer(
    connection: asyncpg.Connection, link: Link, order: Order, end: CommandEnd
) -> Message | None:
    """The answer when the command that an order became has ended."""
    done = end.state == "answered"
    result = _photo_result(end) if order.kind == "photo" else _OK if done else _FAILED
    source = {}
    if link.version == "2019":
        source = {"source_type": _SOURCE_TYPES[order.kind], "source_sequence": order.sequence}
    vehicle = {"plate": order.plate, "color": order.plate_colour}
    data = bytes.fromhex(end.told.get("data", "")) if done and order.kind == "recorder" else b""
    return await _answer(connection, link, order.kind, vehicle, source, order.body, result, data, end.photo)


def _photo_result(end: CommandEnd) -> int:
    if end.photo is not None:
        return _PHOTO_TAKEN
    if end.state == "expired":
        return _PHOTO_UNREACHABLE
    return _PHOTO_NO_LENS if end.reason == _NO_LENS else _PHOTO_FAILED


_SOURCE_TYPES = {
    "listen": 0x9501,
    "photo": 0x9502,
    "vehicle_text": 0x9503,
    "recorder": 0x9504,
    "emergency_access": 0x9505,
}


async def _answer(
    connection: asyncpg.Connection,
    link: Link,
    kind: str,
    vehicle: dict[str, Any],
    source: dict[str, Any],
    asked: dict[str, Any],
    result: int,
    data: bytes = b"",
    photo: supervision.Photo | None = None,
) -> Message | None:
    if kind == "listen":
        return supervision.ListenResponse(**vehicle, **source, result=result)
    if kind == "vehicle_text":
        number = asked["msg_sequence"] if link.version == "2011" else None
        return supervision.TextResponse(**vehicle, **source, msg_sequence=number, result=result)
    if kind == "emergency_access":
        return supervision.EmergencyResponse(**vehicle, **source, result=result)
    if kind == "recorder":
        return supervision.RecorderResponse(**vehicle, **source, command=asked.get("command"), data=data)
    if kind == "photo":
        position = await _position(connection, link, asked["vehicle_id"])
        return supervision.PhotoResponse(
            **vehicle,
            **source,
            result=result,
            position=position,
            lens_id=asked["lens"] or 0,
            photo=photo or supervision.Photo(size_type=asked["size"] or 0, data=b""),
        )
    return None


async def _position(connection: asyncpg.Connection, link: Link, vehicle_id: str | None) -> Gnss | Gnss2019:
    """Where the vehicle was last; zeros where nobody knows."""
    if vehicle_id is not None:
        data = gnss_data(link, await newest_position(connection, vehicle_key(vehicle_id)))
        if data:
            kind = Gnss2019 if link.version == "2019" else Gnss
            return kind.read(Reader(data[0]), link.version)
    if link.version == "2019":
        return Gnss2019(report=bytes(28))
    return Gnss(time=None, longitude_deg=0.0, latitude_deg=0.0, speed_kmh=0)


def _gbk(text: str) -> str:
    return cut(text, 2000)
