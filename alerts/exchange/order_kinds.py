"""The kinds of orders that operators may give to a peer, with their fields; docs/exchange.md explains them.

Post checks and supervision have tables and calls of their own; here is the rest of JT/T 809.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

UPPER, LOWER = "upper", "lower"


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Nothing(_Fields):
    """No fields."""


class PlatformText(_Fields):
    """0x9302."""

    text: str = Field(min_length=1, max_length=1000)
    object_type: int = Field(1, ge=0, le=255)
    object_id: str = Field("", max_length=20)


class Listen(_Fields):
    """0x9501."""

    tel: str = Field(min_length=1, max_length=20)


class Photo(_Fields):
    """0x9502; `size` as JT/T 808 numbers resolutions."""

    lens: int = Field(1, ge=0, le=255)
    size: int = Field(1, ge=0, le=255)


class VehicleText(_Fields):
    """0x9503."""

    text: str = Field(min_length=1, max_length=500)
    priority: int = Field(0, ge=0, le=255)


class Period(_Fields):
    """Seconds since 1970 UTC."""

    start_s: int = Field(ge=0, lt=2**40)
    end_s: int = Field(ge=0, lt=2**40)


class Recorder(_Fields):
    """0x9504: what to read from the driving recorder (GB/T 19056 command word)."""

    command: int = Field(0, ge=0, le=255)
    start_s: int = Field(0, ge=0, lt=2**40)
    end_s: int = Field(0, ge=0, lt=2**40)


class EmergencyAccess(_Fields):
    """0x9505."""

    auth_code: str = Field("", max_length=10)
    access_point: str = Field("", max_length=20)
    user: str = Field("", max_length=49)
    password: str = Field("", max_length=22)
    server_ip: str = Field(min_length=1, max_length=32)
    tcp_port: int = Field(0, ge=0, le=65535)
    udp_port: int = Field(0, ge=0, le=65535)
    end_s: int = Field(0, ge=0, lt=2**40)


class Reason(_Fields):
    """0x9205, 0x9206: 0 entered an area, 1 by hand, 2 emergency, 3 other."""

    reason: int = Field(1, ge=0, le=255)


class VehicleInfo(_Fields):
    """0x9204: `KEY:=value;` text."""

    text: str = Field(min_length=1, max_length=2000)


class Warning_(_Fields):
    """0x9402, 0x9403."""

    alarm_source: int = Field(3, ge=0, le=255)
    alarm_type: int = Field(ge=0, le=65535)
    alarm_s: int = Field(ge=0, lt=2**40)
    text: str = Field("", max_length=1000)


class AlarmResult(_Fields):
    """0x1403 (2011), 0x1412 (2019): 0 being handled, 1 handled, 2 not handled, 3 handled later."""

    info_id: int = Field(ge=0, lt=2**32)
    result: int = Field(ge=0, le=3)


class Driver(_Fields):
    """0x120C."""

    name: str = Field(max_length=16)
    driver_id: str = Field("", max_length=20)
    licence: str = Field("", max_length=40)
    issuer: str = Field("", max_length=200)


class Waybill(_Fields):
    """0x120D."""

    text: str = Field(max_length=2000)


@dataclass(frozen=True, slots=True)
class Kind:
    """Who may send it (our role), whether it names a vehicle, and its fields."""

    role: str
    vehicle: bool
    fields: type[_Fields]


KINDS: dict[str, Kind] = {
    "text": Kind(UPPER, False, PlatformText),
    "listen": Kind(UPPER, True, Listen),
    "photo": Kind(UPPER, True, Photo),
    "vehicle_text": Kind(UPPER, True, VehicleText),
    "recorder": Kind(UPPER, True, Recorder),
    "emergency_access": Kind(UPPER, True, EmergencyAccess),
    "exchange_start": Kind(UPPER, True, Reason),
    "exchange_end": Kind(UPPER, True, Reason),
    "exchange_info": Kind(UPPER, True, VehicleInfo),
    "driver_query": Kind(UPPER, True, Nothing),
    "waybill_query": Kind(UPPER, True, Nothing),
    "static_query": Kind(UPPER, True, Nothing),
    "prewarning": Kind(UPPER, True, Warning_),
    "alarm_exchange": Kind(UPPER, True, Warning_),
    "apply_exchange": Kind(LOWER, True, Period),
    "cancel_exchange": Kind(LOWER, True, Nothing),
    "apply_history": Kind(LOWER, True, Period),
    "alarm_result": Kind(LOWER, True, AlarmResult),
    "driver_report": Kind(LOWER, True, Driver),
    "waybill_report": Kind(LOWER, True, Waybill),
}


class OrderError(ValueError):
    """An order that cannot be given: `field` and the reason in English and Chinese."""

    def __init__(self, field: str, message_en: str, message_zh: str) -> None:
        super().__init__(f"{field}: {message_en}")
        self.field, self.message_en, self.message_zh = field, message_en, message_zh


def check_order(kind: str, role: str, plate: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body with its defaults. Raises OrderError."""
    known = KINDS.get(kind)
    if known is None:
        names = ", ".join(KINDS)
        raise OrderError("kind", f"{kind[:40]!r} is none of {names}", f"“{kind[:40]}”不是有效类型：{names}")
    if known.role != role:
        raise OrderError(
            "kind",
            f"{kind} goes over links on which we are the {known.role} platform",
            f"{kind} 只能在本平台为{'上' if known.role == UPPER else '下'}级平台的链路上发送",
        )
    if known.vehicle and not plate:
        raise OrderError("plate", f"is needed for {kind}", f"{kind} 需要车牌号")
    try:
        return known.fields.model_validate(body).model_dump()
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise OrderError("body", faults, f"内容无效：{faults}") from None
