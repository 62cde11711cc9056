"""Orders of operators as messages of JT/T 809, and the number by which the answer will name them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from alerts.exchange.orders import Order
from stream.exchange.link import DRIVER, Link
from stream.exchange.masking import masked_name, masked_number
from stream.jt809.messages import Message, alarms, platforms, static, supervision, vehicles

PLATFORM_OBJECT = 1
MAX_ANSWER_TIME = 255
"""0x9301 of 2019 gives the time for the answer one byte; its unit is taken to be minutes."""

Plain = Mapping[str, Any]


class UnsendableOrder(Exception):
    """An order that this link's version of the standard has no message for."""


def message_of(order: Order, link: Link, plate: str) -> Message:
    """The message; `plate` is the one by which the peer knows the order's vehicle.

    Raises UnsendableOrder, and EncodeError's kin when it is encoded."""
    make = _MAKERS.get(order.kind)
    if make is None:
        raise UnsendableOrder(f"no message of JT/T 809-{link.version} for {order.kind}")
    return make(order, link, {"plate": plate, "color": order.plate_colour})


def number_of(order_id: str) -> int:
    """32 bits of an order's id, for messages that number themselves (texts)."""
    return uuid.UUID(order_id).int >> 96


def quoted_number(order: Order, link: Link, sequence: int) -> int:
    """By what the answer names the order: its own number or the frame's sequence."""
    own = order.kind in ("text", "vehicle_text") and link.version == "2011"
    return number_of(order.order_id) if own else sequence


def _time(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _object_id(order: Order, link: Link) -> str:
    return str(order.body.get("object_id") or link.access_code)


def _post_check(order: Order, link: Link, _: Plain) -> Message:
    minutes = min(max(1, round(order.body["answer_s"] / 60)), MAX_ANSWER_TIME)
    return platforms.PostCheckRequest(
        object_type=order.body["object_type"],
        object_id=_object_id(order, link),
        answer_time=minutes if link.version == "2019" else None,
        info_id=order.body["info_id"],
        content=order.body["text"],
    )


def _post_check_answer(order: Order, link: Link, _: Plain) -> Message:
    body = order.body
    shared = {"object_type": body["object_type"], "object_id": body["object_id"], "content": body["text"]}
    if link.version == "2011":
        return platforms.PostCheckResponse(info_id=body["info_id"], **shared)
    responder = masked_name(body["responder"]) if DRIVER in link.mask else body["responder"]
    return platforms.PostCheckResponse(
        responder=cut(responder, 16),
        responder_tel=cut(body["phone"], 20),
        source_type=0x9301,
        source_sequence=body["sequence"],
        **shared,
    )


def _text(order: Order, link: Link, _: Plain) -> Message:
    return platforms.PlatformTextRequest(
        object_type=order.body["object_type"],
        object_id=_object_id(order, link),
        info_id=number_of(order.order_id),
        content=order.body["text"],
    )


def _urge(order: Order, link: Link, vehicle: Plain) -> Message:
    body = order.body
    return alarms.SupervisionRequest(
        **(vehicle if link.version == "2011" else {}),
        warn_source=body["alarm_source"],
        warn_type=body["alarm_type"],
        warn_time=_time(body["alarm_s"]),
        supervision_id=body["supervision_id"],
        supervision_end_time=_time(body["end_s"]),
        supervision_level=body["level"],
        supervisor=cut(body["supervisor"], 16),
        supervisor_tel=cut(body["supervisor_tel"], 20),
        supervisor_email=cut(body["supervisor_mail"], 32),
    )


def _urge_answer(order: Order, link: Link, vehicle: Plain) -> Message:
    body = order.body
    if link.version == "2019":
        return alarms.SupervisionResponse2019(
            source_type=0x9401, source_sequence=body["sequence"], result=body["result"]
        )
    return alarms.SupervisionResponse(**vehicle, supervision_id=body["supervision_id"], result=body["result"])


def _alarm_result(order: Order, link: Link, vehicle: Plain) -> Message:
    body = order.body
    if link.version == "2019":
        return alarms.WarningResult2019(
            source_type=0x1402, source_sequence=body.get("sequence") or body["info_id"], result=body["result"]
        )
    return alarms.WarningResult(**vehicle, info_id=body["info_id"], result=body["result"])


def _listen(order: Order, _: Link, vehicle: Plain) -> Message:
    return supervision.ListenRequest(**vehicle, monitor_tel=order.body["tel"])


def _photo(order: Order, _: Link, vehicle: Plain) -> Message:
    return supervision.PhotoRequest(**vehicle, lens_id=order.body["lens"], size_type=order.body["size"])


def _vehicle_text(order: Order, _: Link, vehicle: Plain) -> Message:
    return supervision.TextRequest(
        **vehicle,
        msg_sequence=number_of(order.order_id),
        priority=order.body["priority"],
        content=order.body["text"],
    )


def _recorder(order: Order, link: Link, vehicle: Plain) -> Message:
    start, end = _time(order.body["start_s"]), _time(order.body["end_s"])
    if start is None or end is None:
        start = end = None
        if link.version == "2019":
            raise UnsendableOrder("0x9504 of 2019 needs start_s and end_s")
    return supervision.RecorderRequest(
        **vehicle,
        command=order.body["command"],
        start_time=start,
        end_time=end,
        max_blocks=1 if start is not None and link.version == "2011" else None,
    )


def _emergency_access(order: Order, _: Link, vehicle: Plain) -> Message:
    body = order.body
    return supervision.EmergencyRequest(
        **vehicle,
        authentication_code=body["auth_code"].encode("ascii", "replace").ljust(10, b"\0")[:10],
        access_point=body["access_point"],
        user=body["user"],
        password=body["password"],
        server_ip=body["server_ip"],
        tcp_port=body["tcp_port"],
        udp_port=body["udp_port"],
        end_time=_time(body["end_s"]),
    )


def _warning(kind: type[alarms.WarningNotice] | type[alarms.WarningExchange]) -> Any:
    def make(order: Order, link: Link, vehicle: Plain) -> Message:
        body = order.body
        at = _time(body["alarm_s"])
        shared = {**vehicle, "warn_type": body["alarm_type"], "warn_time": at, "content": body["text"]}
        if link.version == "2011":
            return kind(warn_source=body["alarm_source"], **shared)
        return kind(
            platform_id=link.platform_id,
            start_time=at,
            end_time=at,
            destination_id=str(link.access_code)[:11],
            route_id=0,
            **shared,
        )

    return make


def _period(kind: type[vehicles.ExchangeRequest] | type[vehicles.HistoryRequest]) -> Any:
    def make(order: Order, _: Link, vehicle: Plain) -> Message:
        return kind(**vehicle, start_time=_time(order.body["start_s"]), end_time=_time(order.body["end_s"]))

    return make


def _driver_query(_: Order, link: Link, vehicle: Plain) -> Message:
    return vehicles.DriverRequest(**vehicle, flag=0 if link.version == "2019" else None)


def _driver_report(order: Order, link: Link, vehicle: Plain) -> Message:
    return vehicles.DriverReport(**vehicle, **driver_fields(link, **order.body))


def driver_fields(
    link: Link, name: str, driver_id: str = "", licence: str = "", issuer: str = ""
) -> dict[str, Any]:
    """A driver as messages of this link have him, masked where the link says so."""
    if DRIVER in link.mask:
        name, driver_id, licence = masked_name(name), masked_number(driver_id), masked_number(licence)
    return {
        "driver_name": cut(name, 16),
        "driver_id": cut(driver_id, 20),
        "licence": cut(licence, 40),
        "issuer": cut(issuer, 200),
    }


def cut(text: str, size_bytes: int) -> str:
    """As much of a text as fits so many bytes of GBK; what GBK lacks becomes `?`.

    >>> cut("王小芳", 5)
    '王小'
    """
    return text.encode("gbk", "replace")[:size_bytes].decode("gbk", "ignore")


_MAKERS: dict[str, Callable[[Order, Link, Plain], Message]] = {
    "post_check": _post_check,
    "post_check_answer": _post_check_answer,
    "text": _text,
    "urge": _urge,
    "urge_answer": _urge_answer,
    "alarm_result": _alarm_result,
    "listen": _listen,
    "photo": _photo,
    "vehicle_text": _vehicle_text,
    "recorder": _recorder,
    "emergency_access": _emergency_access,
    "exchange_start": lambda order, _, v: vehicles.ExchangeStart(**v, reason=order.body["reason"]),
    "exchange_end": lambda order, _, v: vehicles.ExchangeEnd(**v, reason=order.body["reason"]),
    "exchange_info": lambda order, _, v: vehicles.ExchangedVehicle(**v, car_info=order.body["text"]),
    "driver_query": _driver_query,
    "waybill_query": lambda _o, _, v: vehicles.WaybillRequest(**v),
    "static_query": lambda _o, _, v: static.VehicleDataRequest(**v),
    "prewarning": _warning(alarms.WarningNotice),
    "alarm_exchange": _warning(alarms.WarningExchange),
    "apply_exchange": _period(vehicles.ExchangeRequest),
    "cancel_exchange": lambda _o, _, v: vehicles.ExchangeCancel(**v),
    "apply_history": _period(vehicles.HistoryRequest),
    "driver_report": _driver_report,
    "waybill_report": lambda order, _, v: vehicles.WaybillReport(**v, waybill=order.body["text"]),
}
