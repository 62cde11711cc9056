"""The JSON of commands: what is ordered, and what became of it."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from alerts.command_kinds import KINDS, MAX_ARCHIVE_S, MAX_VALID_S
from alerts.desk.command_bodies import BODIES
from alerts.desk.command_fields import Body
from alerts.desk.models import Name, RuleName, Time, VehicleId


class _Order(BaseModel):
    """What every command has."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid")

    operator: Name = Field(min_length=1, max_length=100, examples=["王芳"])


def _order_of(kind: str, body: Any) -> type[BaseModel]:
    most = MAX_ARCHIVE_S if kind == "archive_start" else MAX_VALID_S
    stated = f"Seconds until it expires; {KINDS[kind].valid_s} when absent"
    optional = isinstance(body, type) and issubclass(body, Body) and not _required(body)
    return create_model(
        "".join(part.title() for part in kind.split("_")) + "Order",
        __base__=_Order,
        __doc__=f"An order of kind `{kind}`.",
        kind=(Literal[kind], ...),  # type: ignore[arg-type]
        body=(body, Field(default_factory=body) if optional else ...),
        valid_s=(float | None, Field(None, ge=1, le=most, allow_inf_nan=False, description=stated)),
    )


def _required(body: type[Body]) -> bool:
    return any(field.is_required() for field in body.model_fields.values())


_ORDERS: Any = reduce(or_, (_order_of(kind, body) for kind, body in BODIES.items()))

CommandOrder = Annotated[_ORDERS, Field(discriminator="kind")]
"""An order of any kind."""


class CommandAccepted(BaseModel):
    """The command is stored; it goes out as soon as the terminal is connected, until it expires."""

    command_id: str = Field(examples=["0b8b4f5e-6f4e-4d0a-9d5f-2f5c6a7b8c9d"])


class Command(BaseModel):
    """A command and what became of it."""

    command_id: str = Field(examples=["0b8b4f5e-6f4e-4d0a-9d5f-2f5c6a7b8c9d"])
    vehicle_id: VehicleId
    kind: str = Field(examples=["text"])
    kind_name: RuleName
    body: dict[str, Any]
    operator: str = Field(description="Who ordered it; `worker` for the program itself", examples=["王芳"])
    created: Time
    expires: Time
    state: Literal["waiting", "sent", "delivered", "answered", "failed", "expired"]
    state_name: RuleName
    attempts: int = Field(description="Transmissions, repetitions included")
    serial: int | None = Field(description="Serial of its message on the wire")
    gateway: str | None = Field(description="The process that has it in hand")
    sent: Time | None
    delivered: Time | None = Field(description="When the terminal acknowledged it")
    answered: Time | None = Field(description="When the last of its answers came")
    ended: Time | None
    result: dict[str, Any] | None = Field(description="The terminal's answer, decoded")
    reason: str | None = Field(description="Why it failed or expired", examples=["not_connected"])
    reason_name: RuleName | None


class CommandPage(BaseModel):
    """Commands, the newest first."""

    commands: list[Command]
    next: str | None = Field(description="Hand it back as `after` for older ones; null on the last page")
