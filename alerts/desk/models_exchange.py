"""The JSON of the exchange with other platforms (JT/T 809), as it appears in ``/openapi.json``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alerts.desk.models import Name, Time

LinkName = Annotated[str, Field(description="Name of the link in the file of links", examples=["suzhou-bus"])]


def _gbk(text: str) -> str:
    try:
        text.encode("gbk")
    except UnicodeEncodeError as error:
        raise ValueError(f"{text[error.start]!r} can't be sent over JT/T 809 (GBK)") from None
    return text


WireText = Annotated[Name, AfterValidator(_gbk)]
Operator = Annotated[WireText, Field(min_length=1, max_length=100, examples=["王芳"])]


class _Body(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid")


class LinkStatus(BaseModel):
    """How a link to another platform is."""

    link: LinkName
    role: Literal["upper", "lower"] = Field(description="Ours: upper is connected to, lower connects")
    version: Literal["2011", "2019"]
    access_code: int
    state: Literal["up", "degraded", "down", "not_running"] = Field(
        description="degraded: one of the two links is down and the other carries all traffic; "
        "not_running: no process runs the link"
    )
    main_state: Literal["up", "connected", "down"]
    sub_state: Literal["up", "connected", "down"]
    since: Time
    peer: str = Field(description="Address of the other end, empty when down")
    last_error: str
    counters: dict[str, Any] = Field(description="Since the link's process started")
    owner: str = Field(description="Host and process that runs it")
    updated: Time


class LinkList(BaseModel):
    """All links that have ever run, by name."""

    links: list[LinkStatus]


class ExchangeMessage(BaseModel):
    """One message that went over a link; positions and link tests are not kept."""

    id: int
    link: LinkName
    direction: Literal["in", "out"]
    at: Time
    message_type: str = Field(examples=["0x9300"])
    sub_type: str | None = Field(examples=["0x9302"])
    name: str
    plate: str
    plate_colour: int
    vehicle_id: str | None
    sequence: int
    decoded: dict[str, Any]


class ExchangeMessageList(BaseModel):
    """Messages, newest first."""

    messages: list[ExchangeMessage]
    next: str | None = Field(description="Hand it back as `before` for older ones; null on the last page")


class PostCheck(BaseModel):
    """A post check (查岗): a question that somebody on duty has to answer in time."""

    post_check_id: str
    link: LinkName
    direction: Literal["in", "out"] = Field(description="in: we are asked; out: we ask")
    object_type: int
    object_id: str
    info_id: int
    question: str
    asked: Time
    asked_by: str
    due: Time
    state: Literal["waiting", "answered", "expired"]
    answer: str | None
    answered: Time | None
    answered_by: str | None
    delivered: Time | None = Field(description="When the answer (in) or the question (out) left on the link")


class PostCheckList(BaseModel):
    """Post checks, newest first."""

    post_checks: list[PostCheck]
    next: str | None = Field(description="Hand it back as `before` for older ones; null on the last page")


class PostCheckQuestion(_Body):
    """A question to a lower platform."""

    link: str = Field(min_length=1, max_length=63)
    object_type: int = Field(1, ge=0, le=255, description="JT/T 809 0x9301: 1 the platform itself, ...")
    object_id: WireText = Field("", max_length=20, description="Empty: the link's access code")
    question: WireText = Field(min_length=1, max_length=1000, examples=["请回答：5+7=?"])
    answer_s: int = Field(600, ge=10, le=86_400, description="Time for the answer")
    operator: Operator


class PostCheckAnswer(_Body):
    """An operator's answer."""

    answer: WireText = Field(min_length=1, max_length=1000, examples=["12"])
    operator: Operator
    phone: WireText = Field("", max_length=20, description="Of who answers; sent in 2019")


class Supervision(BaseModel):
    """A supervision case (督办)."""

    case_id: str
    link: LinkName
    direction: Literal["in", "out"] = Field(description="in: we are urged; out: we urge")
    supervision_id: int
    plate: str
    plate_colour: int
    vehicle_id: str | None
    alert_id: str | None
    alarm_source: int = Field(description="1 terminal, 2 company, 3 government, 9 other")
    alarm_type: int = Field(description="As JT/T 809 numbers alarms: 1 overspeed, 2 fatigue, ...")
    alarm: Time
    level: int = Field(description="0 urgent, 1 normal")
    supervisor: str
    supervisor_tel: str
    supervisor_mail: str
    opened: Time
    opened_by: str
    due: Time
    state: Literal["open", "working", "done", "ignored", "expired"]
    result: Literal["working", "done", "ignored", "later"] | None
    result_at: Time | None
    result_by: str | None
    note: str
    delivered: Time | None = Field(description="When the newest result (in) or the order (out) left")


class SupervisionList(BaseModel):
    """Cases, newest first."""

    supervisions: list[Supervision]
    next: str | None = Field(description="Hand it back as `before` for older ones; null on the last page")


class SupervisionOrder(_Body):
    """An order to a lower platform to handle an alarm."""

    link: str = Field(min_length=1, max_length=63)
    plate: WireText = Field("", max_length=21, description="Not needed with alert_id")
    plate_colour: int = Field(0, ge=0, le=255)
    alert_id: str | None = Field(None, description="An alert of ours; gives vehicle, type and time")
    alarm_source: int = Field(3, ge=0, le=255)
    alarm_type: int | None = Field(None, ge=0, le=65535)
    alarm_time: str | None = Field(None, description="ISO 8601")
    due: str = Field(description="ISO 8601: when the case must be handled")
    level: int = Field(1, ge=0, le=255)
    supervisor: WireText = Field(min_length=1, max_length=16)
    supervisor_tel: WireText = Field("", max_length=20)
    supervisor_mail: WireText = Field("", max_length=32)
    operator: Operator


class SupervisionResult(_Body):
    """An operator's result for a case."""

    result: Literal["working", "done", "ignored", "later"]
    operator: Operator
    note: Name = Field("", max_length=2000)


class Order(BaseModel):
    """What was asked of a peer, or by a peer of one of our vehicles."""

    order_id: str
    link: LinkName
    direction: Literal["in", "out"]
    kind: str
    plate: str
    plate_colour: int
    body: dict[str, Any]
    operator: str
    created: Time
    expires: Time
    state: Literal["waiting", "sent", "answered", "failed", "expired"]
    sent: Time | None
    ended: Time | None
    result: dict[str, Any] | None
    reason: str | None
    command_id: str | None


class OrderList(BaseModel):
    """Orders, newest first."""

    orders: list[Order]
    next: str | None = Field(description="Hand it back as `before` for older ones; null on the last page")


class NewOrder(_Body):
    """A message for a peer, no post check and no supervision order; docs/exchange.md lists the kinds."""

    kind: str = Field(examples=["text"])
    plate: WireText = Field("", max_length=21, description="For kinds that concern a vehicle")
    plate_colour: int = Field(0, ge=0, le=255)
    body: dict[str, Any] = Field(default_factory=dict, description="Fields of the kind")
    operator: Operator
    valid_s: int = Field(300, ge=1, le=7 * 86_400, description="How long it may wait for link and answer")


class OrderAccepted(BaseModel):
    """The order is stored; it leaves when the link is up."""

    order_id: str
