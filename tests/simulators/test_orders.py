"""Orders that simulated terminals obey, in every edition, and what they send back."""

import struct

import pytest

from simulators.reports import bodies
from simulators.session import Session
from stream.jt808.assembly import Assembler
from stream.jt808.frame import decode_frame, encode_packages
from stream.jt808.framing import FrameSplitter
from stream.jt808.messages import decode_message
from stream.jt808.messages.areas import CircleArea, DeleteCircles, SetCircles
from stream.jt808.messages.control import (
    AlarmConfirmation,
    AttributesQuery,
    ParameterQueryAll,
    PositionQuery,
    TemporaryTracking,
)
from stream.jt808.messages.media import ShootCommand
from stream.jt808.messages.packages import PlatformResendRequest
from stream.jt808.messages.parameters import Parameter, ParameterQuery, SetParameters
from tests.simulators.fleets import drive, plans

SERIAL = 9


class Talk:
    """A terminal of one edition that is given orders."""

    def __init__(self, edition: str) -> None:
        plan = next(each for each in plans(10, 3) if each.vehicle.edition == edition)
        self.vehicle, self.edition = plan.vehicle, edition
        reports = bodies(drive(plan, 10, 0.5), edition)
        self.session = Session(plan.vehicle, lambda first, count: reports[first : first + count])
        self.frames: list[bytes] = []

    def tell(self, message):
        """Give an order; the messages that come back, put together, with the result of 0x0001 as a number."""
        body = message.encode(self.edition)
        phone = self.vehicle.terminal_phone
        frames = encode_packages(message.message_id, phone, SERIAL, body, self.edition)
        self.session.received(b"".join(frames), 1.0)
        return self.heard()

    def heard(self):
        self.frames = FrameSplitter().feed(self.session.take_output())
        assembler, found = Assembler(), []
        for raw in self.frames:
            frame = decode_frame(raw)
            body = assembler.add(frame.header, frame.body) if frame.header.total else frame.body
            if body is None:
                continue
            if frame.header.message_id == 0x0001:
                serial, _, result = struct.unpack(">HHB", body)
                assert serial == SERIAL
                found.append(result)
            else:
                found.append(decode_message(frame.header.message_id, body, self.edition))
        return found


@pytest.fixture(params=["2011", "2013", "2019"])
def talk(request):
    return Talk(request.param)


def test_orders_that_need_no_more_than_an_answer(talk):
    circle = CircleArea(1, 0, 32.0, 118.0, 500)
    for order in (
        TemporaryTracking(5, 60),
        AlarmConfirmation(0, 1),
        SetCircles(1, (circle,)),
        DeleteCircles((1,)),
    ):
        assert talk.tell(order) == [0]


def test_parameters_are_kept_and_told(talk):
    assert talk.tell(SetParameters((Parameter(0x0055, bytes([0, 0, 0, 80])),))) == [0]
    (told,) = talk.tell(ParameterQueryAll())
    assert told.reply_serial == SERIAL
    assert {each.parameter_id: each.value for each in told.parameters}[0x0055] == bytes([0, 0, 0, 80])
    answer = talk.tell(ParameterQuery((0x0055, 0x7777)))
    if talk.edition == "2011":
        assert answer == [3]
    else:
        assert [each.parameter_id for each in answer[0].parameters] == [0x0055]


def test_more_parameters_than_there_are_places_for_are_refused():
    talk = Talk("2013")
    for low in (0, 200):
        some = tuple(Parameter(0xF000 + low + n, b"\0") for n in range(200))
        answer = talk.tell(SetParameters(some))
    assert answer == [1]


def test_where_and_what_it_is(talk):
    (where,) = talk.tell(PositionQuery())
    assert where.reply_serial == SERIAL
    assert 100 < where.position.longitude_deg < 130
    (what,) = talk.tell(AttributesQuery())
    if talk.edition == "2011":
        assert what == 3
    else:
        assert what.manufacturer == "HWSIM"


def test_photos_come_whole_and_lost_packages_again(talk):
    result, *messages = talk.tell(ShootCommand(1, 2))
    assert result == 0
    if talk.edition != "2011":
        taken = messages.pop(0)
        assert (taken.reply_serial, taken.media_ids) == (SERIAL, (1, 2))
    assert [photo.media.media_id for photo in messages] == [1, 2]
    assert all(photo.data[:2] == b"\xff\xd8" and photo.data[-2:] == b"\xff\xd9" for photo in messages)
    packages = [raw for raw in talk.frames if decode_frame(raw).header.total]
    newest = decode_frame(packages[-1]).header
    first = newest.serial - newest.package + 1
    talk.tell(PlatformResendRequest(first, (newest.total, 1, 99)))
    assert talk.frames == [packages[-1], packages[-newest.total]]


def test_a_video_is_not_taken():
    talk = Talk("2019")
    result, taken = talk.tell(ShootCommand(1, 0xFFFF))
    assert (result, taken.result) == (0, 1)
