"""What a simulated terminal does with an order from the platform: obeys, and sends what was asked for.

Orders it does not know are declined with result 3 by the session. 0x8003 is answered with the packages asked
for, unchanged, of the newest sub-packaged message.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulators.fleet import Vehicle
from simulators.pictures import camera_picture, jpeg
from stream.jt808.errors import ProtocolError
from stream.jt808.header import Edition
from stream.jt808.messages import PositionReport, decode_message
from stream.jt808.messages.area_query import AreasQuery, AreasQueryResponse
from stream.jt808.messages.areas import (
    DeleteCircles,
    DeletePolygons,
    DeleteRectangles,
    DeleteRoutes,
    SetCircles,
    SetPolygon,
    SetRectangles,
    SetRoute,
)
from stream.jt808.messages.attributes import TerminalAttributes
from stream.jt808.messages.base import Message
from stream.jt808.messages.control import (
    AlarmConfirmation,
    AttributesQuery,
    CallBack,
    LinkCheck,
    ParameterQueryAll,
    PositionQuery,
    TemporaryTracking,
    TerminalControl,
)
from stream.jt808.messages.media import MediaData, MediaEvent, RecordCommand, ShootCommand, ShootResponse
from stream.jt808.messages.parameters import (
    Parameter,
    ParameterQuery,
    ParameterResponse,
    SetParameters,
)
from stream.jt808.messages.position import PositionQueryResponse

OK = 0
JPEG, IMAGE, BY_COMMAND = 0, 0, 0
#: Orders that a terminal only has to acknowledge.
_SIMPLE = (
    *(TemporaryTracking, AlarmConfirmation, TerminalControl, LinkCheck, CallBack, RecordCommand),
    *(SetCircles, SetRectangles, SetPolygon, SetRoute),
    *(DeleteCircles, DeleteRectangles, DeletePolygons, DeleteRoutes),
)
#: Heartbeat, answer timeout, retransmissions, highest speed, continuous driving, rest: as terminals leave the
#: factory (JT/T 808-2013, table 12).
_FACTORY = {0x0001: 60, 0x0002: 10, 0x0003: 3, 0x0055: 100, 0x0057: 14_400, 0x0059: 1_200}
#: A terminal keeps what it is told; a platform that sends more different ids than there are is not obeyed.
MAX_PARAMETERS = 256


@dataclass(frozen=True, slots=True)
class Answer:
    """`result` of 0x0001, None where another answer takes its place, and the messages that follow."""

    result: int | None
    messages: list[Message] = field(default_factory=list)


class Orders:
    """One terminal's obedience. Mutable: it remembers its parameters."""

    def __init__(self, vehicle: Vehicle) -> None:
        self._vehicle = vehicle
        self._parameters = {key: value.to_bytes(4) for key, value in _FACTORY.items()}
        self._media_id = 0

    def carry_out(self, message_id: int, serial: int, body: bytes, position: bytes) -> Answer | None:
        """What to answer; `position` is the vehicle's newest 0x0200 body. None to an order not known."""
        edition = self._vehicle.edition
        try:
            order = decode_message(message_id, body, edition)
        except ProtocolError:
            return None
        if isinstance(order, _SIMPLE):
            return Answer(OK)
        if isinstance(order, SetParameters):
            return self._keep(order)
        if isinstance(order, ParameterQuery | AttributesQuery) and edition == "2011":
            return None  # came with 2013
        if isinstance(order, ParameterQueryAll | ParameterQuery):
            return Answer(None, [self._told(order, serial)])
        if isinstance(order, AttributesQuery):
            return Answer(None, [_attributes(self._vehicle)])
        if isinstance(order, PositionQuery):
            return Answer(None, [PositionQueryResponse(serial, PositionReport.decode(position, edition))])
        if isinstance(order, ShootCommand):
            return Answer(OK, self._shoot(order, serial, position, edition))
        if isinstance(order, AreasQuery):
            return Answer(None, [AreasQueryResponse(order.area_type)])
        return None

    def _keep(self, order: SetParameters) -> Answer:
        told = {each.parameter_id: each.value for each in order.parameters}
        if len(self._parameters | told) > MAX_PARAMETERS:
            return Answer(1)
        self._parameters |= told
        return Answer(OK)

    def _told(self, order: Message, serial: int) -> ParameterResponse:
        wanted = order.parameter_ids if isinstance(order, ParameterQuery) else tuple(self._parameters)
        known = tuple(Parameter(key, self._parameters[key]) for key in wanted if key in self._parameters)
        return ParameterResponse(serial, known)

    def _shoot(self, order: ShootCommand, serial: int, position: bytes, edition: Edition) -> list[Message]:
        """0x0805 with the ids, then each photo; a video is not taken."""
        if order.command in (0, 0xFFFF):
            return [] if edition == "2011" else [ShootResponse(serial, 1 if order.command else OK)]
        first, count = self._media_id + 1, min(order.command, 3)
        self._media_id += count
        ids = tuple(range(first, first + count))
        where = PositionReport.decode(position[:28], edition)
        photos: list[Message] = [
            MediaData(
                MediaEvent(media_id, IMAGE, JPEG, BY_COMMAND, order.channel),
                None if edition == "2011" else where,
                jpeg(camera_picture(self._vehicle.number * 1_000 + media_id)),
                total_packages=1,
                package=1,
            )
            for media_id in ids
        ]
        # 0x0805 came with 2013.
        return photos if edition == "2011" else [ShootResponse(serial, OK, ids), *photos]


def _attributes(vehicle: Vehicle) -> TerminalAttributes:
    return TerminalAttributes(
        terminal_type=0b111,
        manufacturer="HWSIM",
        terminal_model="SIM-1",
        terminal_id=f"{vehicle.number + 1:07d}"[-7:],
        iccid=f"8986{vehicle.number:016d}"[-20:],
        hardware_version="1.0",
        firmware_version="1.0",
        gnss_attributes=0b11,
        communication_attributes=0b1,
    )
