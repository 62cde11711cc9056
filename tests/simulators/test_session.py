"""One terminal's talk, without a socket and without waiting."""

import struct

import pytest

from simulators.fleet import Vehicle, build_fleet
from simulators.session import RETRANSMISSIONS, WINDOW, Session
from stream.jt808.frame import Frame, decode_frame, encode_frame
from stream.jt808.framing import FrameSplitter
from stream.jt808.messages import decode_message

BODY = bytes(44)


def vehicle(edition: str) -> Vehicle:
    return next(each for each in build_fleet(10, 1) if each.edition == edition)


class Talk:
    """A session and the other end of its line."""

    def __init__(self, edition: str = "2013") -> None:
        self.acknowledged: list[tuple[int, int, int]] = []
        self.texts: list[str] = []
        self.refusals: list[str] = []
        self.session = Session(
            vehicle(edition),
            lambda first, count: [number.to_bytes(44) for number in range(first, first + count)],
            on_acknowledged=lambda *each: self.acknowledged.append(each),
            on_text=self.texts.append,
            on_refused=self.refusals.append,
        )
        self.now_s = 1000.0

    def heard(self) -> list[Frame]:
        """What the terminal has said since the last time."""
        return [decode_frame(raw) for raw in FrameSplitter().feed(self.session.take_output())]

    def tell(self, message_id: int, body: bytes) -> None:
        edition = self.session.vehicle.edition
        self.session.received(encode_frame(message_id, "13900000001", 9, body, edition), self.now_s)

    def answer(self, frame: Frame, result: int = 0) -> None:
        header = frame.header
        if header.message_id == 0x0100:
            self.tell(0x8100, struct.pack(">HB", header.serial, result) + (b"" if result else b"abc"))
        else:
            self.tell(0x8001, struct.pack(">HHB", header.serial, header.message_id, result))

    def go_online(self) -> None:
        self.session.connected(self.now_s)
        while self.session.state != "online":
            (frame,) = self.heard()
            self.answer(frame)

    def offer(self, due: int) -> None:
        self.session.offer(due)
        self.session.tick(self.now_s)


@pytest.mark.parametrize("edition", ["2011", "2013", "2019"])
def test_registers_then_authenticates_then_reports(edition):
    talk = Talk(edition)
    talk.session.connected(talk.now_s)
    (register,) = talk.heard()
    body = decode_message(0x0100, register.body, edition)
    assert (register.header.message_id, body.plate, body.plate_colour) == (
        0x0100,
        talk.session.vehicle.plate,
        2,
    )
    assert register.header.phone.lstrip("0") == talk.session.vehicle.terminal_phone
    talk.answer(register)
    (authenticate,) = talk.heard()
    assert decode_message(0x0102, authenticate.body, edition).auth_code == "abc"
    talk.offer(1)
    assert talk.heard() == []  # not before the platform has agreed
    talk.answer(authenticate)
    (report,) = talk.heard()
    assert (report.header.message_id, report.body) == (0x0200, bytes(44))
    talk.answer(report)
    assert talk.acknowledged == [(0, 1, report.header.serial)]
    assert talk.session.is_drained


def test_authenticates_at_once_on_the_next_connection():
    talk = Talk()
    talk.go_online()
    talk.session.disconnected()
    talk.session.connected(talk.now_s)
    assert [frame.header.message_id for frame in talk.heard()] == [0x0102]


@pytest.mark.parametrize(
    ("result", "words"), [(2, "no such vehicle"), (4, "no such terminal"), (9, "result 9")]
)
def test_a_refusal_is_told_and_the_line_closed(result, words):
    talk = Talk()
    talk.session.connected(talk.now_s)
    (register,) = talk.heard()
    talk.answer(register, result)
    assert talk.session.wants_close
    assert words in talk.refusals[0]


def test_an_old_code_is_forgotten_when_it_is_refused():
    talk = Talk()
    talk.go_online()
    talk.session.disconnected()
    talk.session.connected(talk.now_s)
    (authenticate,) = talk.heard()
    talk.answer(authenticate, 1)
    talk.session.disconnected()
    talk.session.connected(talk.now_s)
    assert [frame.header.message_id for frame in talk.heard()] == [0x0100]


def test_silence_is_met_by_the_standard_s_timeouts():
    """T(n+1) = T(n) x (n+1): 10, 10, 20, 60 s, always the same bytes, then the link counts as dead."""
    talk = Talk()
    talk.go_online()
    talk.offer(1)
    (report,) = talk.heard()
    moments = []
    for _ in range(RETRANSMISSIONS):
        talk.now_s = talk.session.next_wake_s
        talk.session.tick(talk.now_s)
        assert talk.heard() == [report]
        moments.append(talk.now_s - 1000)
    assert moments == [10, 20, 40]
    talk.now_s = talk.session.next_wake_s
    assert talk.now_s == 1100
    talk.session.tick(talk.now_s)
    assert talk.session.wants_close
    assert talk.session.counts.resent == RETRANSMISSIONS


def test_nothing_new_overtakes_what_is_sent_again():
    talk = Talk()
    talk.go_online()
    talk.offer(1)
    (first,) = talk.heard()
    talk.now_s += 10
    talk.offer(2)
    assert talk.heard() == [first]
    talk.answer(first)
    (second,) = talk.heard()
    assert int.from_bytes(second.body) == 1


def test_after_a_break_the_unanswered_come_first_with_their_serials():
    talk = Talk()
    talk.go_online()
    talk.offer(3)
    before = talk.heard()
    talk.answer(before[1])
    talk.session.disconnected()
    talk.offer(5)
    talk.session.connected(talk.now_s)
    (authenticate,) = talk.heard()
    talk.answer(authenticate)
    after = talk.heard()
    assert after[:2] == [before[0], before[2]]
    assert after[2].header.message_id == 0x0704  # taken while the line was down: stored positions
    assert after[2].body[:3] == struct.pack(">HB", 2, 1)


def test_stored_reports_go_in_batches_oldest_first_and_never_too_long():
    talk = Talk("2019")
    talk.session.offer(50, stored=True)
    talk.go_online()
    numbers = []
    for frame in talk.heard():
        assert frame.header.message_id == 0x0704
        assert len(frame.body) <= 1023
        assert decode_message(0x0704, frame.body, "2019").kind == 1
        numbers += [int.from_bytes(frame.body[at + 2 : at + 46]) for at in range(3, len(frame.body), 46)]
        talk.answer(frame)
    assert numbers == list(range(50))
    talk.offer(51)
    assert [frame.header.message_id for frame in talk.heard()] == [0x0200]


def test_the_2011_edition_knows_no_batches():
    talk = Talk("2011")
    talk.session.offer(5, stored=True)
    talk.go_online()
    assert [frame.header.message_id for frame in talk.heard()] == [0x0200] * 5


def test_a_platform_without_batches_gets_single_reports():
    talk = Talk()
    talk.session.offer(30, stored=True)
    talk.go_online()
    batches = talk.heard()
    for frame in batches:
        talk.answer(frame, 3)
    numbers = []
    while frames := talk.heard():
        for frame in frames:
            numbers.append(int.from_bytes(frame.body))
            talk.answer(frame)
    assert sorted(numbers) == list(range(30))
    assert sum(count for _, count, _ in talk.acknowledged) == 30


def test_the_window_bounds_what_is_unanswered():
    talk = Talk("2011")
    talk.go_online()
    talk.offer(500)
    frames = talk.heard()
    assert len(frames) == WINDOW
    talk.answer(frames[0])
    assert len(talk.heard()) == 1


def test_a_report_that_is_not_taken_is_sent_again():
    talk = Talk()
    talk.go_online()
    talk.offer(1)
    (report,) = talk.heard()
    talk.answer(report, 1)
    assert talk.acknowledged == []
    talk.now_s = talk.session.next_wake_s
    talk.session.tick(talk.now_s)
    assert talk.heard() == [report]
    talk.answer(report)
    assert talk.session.is_drained


def test_answers_twice_or_to_nothing_change_nothing():
    talk = Talk()
    talk.go_online()
    talk.offer(1)
    (report,) = talk.heard()
    talk.answer(report)
    talk.answer(report)
    talk.tell(0x8001, struct.pack(">HHB", 999, 0x0200, 0))
    assert len(talk.acknowledged) == 1


def test_heartbeat_only_when_idle():
    talk = Talk()
    talk.go_online()
    for _ in range(3):
        talk.now_s = talk.session.next_wake_s
        talk.session.tick(talk.now_s)
        assert [frame.header.message_id for frame in talk.heard()] == [0x0002]
    assert talk.now_s == 1000 + 3 * 60


@pytest.mark.parametrize("edition", ["2013", "2019"])
def test_texts_are_answered(edition):
    talk = Talk(edition)
    talk.go_online()
    flags = b"\x04\x01" if edition == "2019" else b"\x04"
    talk.tell(0x8300, flags + "请休息".encode("gbk"))
    (answer,) = talk.heard()
    assert talk.texts == ["请休息"]
    assert (answer.header.message_id, answer.body) == (0x0001, struct.pack(">HHB", 9, 0x8300, 0))


def test_other_orders_are_refused_politely_and_garbage_is_passed_over():
    talk = Talk()
    talk.go_online()
    talk.tell(0x8FFF, b"\x00")
    (answer,) = talk.heard()
    assert answer.body[-1] == 3
    talk.session.received(b"\x7e\x01\x02\x7e junk \x7e\x7d\x7e", talk.now_s)
    assert talk.session.counts.bad_frames > 0
    talk.offer(1)
    assert len(talk.heard()) == 1


def test_a_platform_that_never_answers_the_greeting_is_left():
    talk = Talk()
    talk.session.connected(talk.now_s)
    talk.now_s = talk.session.next_wake_s
    talk.session.tick(talk.now_s)
    assert talk.session.wants_close
