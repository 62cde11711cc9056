"""The sans-IO session of a terminal: states, any cut of the stream, packages, deadlines, bounds."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt808 import session_events as events
from stream.jt808.assembly import MAX_KEPT_BYTES, Pool
from stream.jt808.frame import decode_frame, encode_frame, encode_packages
from stream.jt808.framing import FrameSplitter
from stream.jt808.messages import PlatformGeneralResponse, RawMessage, RegisterResponse, Result, TextMessage
from stream.jt808.messages.packages import TerminalResendRequest
from stream.jt808.session import DEFAULT_LIMITS, TerminalSession
from stream.jt808.session_events import NEED_DATA, PAUSED, Event
from stream.jt808.session_resend import ResendLimits
from stream.jt808.session_states import (
    TRANSITIONS,
    SessionError,
    State,
    Trigger,
    document,
    mermaid,
    step,
)

PHONE = "013900000001"
REGISTER = bytes(4) + b"MAKER" + b"MODEL".ljust(20, b"\0") + b"ID00001" + b"\x02" + "苏A00001".encode("gbk")


def frame(message_id: int, serial: int, body: bytes = b"", phone: str = PHONE) -> bytes:
    return encode_frame(message_id, phone, serial, body)


def pumped(session: TerminalSession) -> list[Event]:
    """All events up to NEED_DATA or PAUSED."""
    found: list[Event] = []
    while True:
        event = session.next_event()
        if event is NEED_DATA or event is PAUSED:
            return found
        found.append(event)


def joined(limits: object = DEFAULT_LIMITS, pool: Pool | None = None) -> TerminalSession:
    """A session that has authenticated at second 0."""
    session = TerminalSession(limits, pool)  # type: ignore[arg-type]
    session.receive_data(frame(0x0102, 0, b"code"), 0.0)
    (event,) = pumped(session)
    assert isinstance(event, events.Authentication)
    assert event.message.auth_code == "code"
    session.send(PlatformGeneralResponse(event.serial, 0x0102, Result.OK))
    assert session.state is State.AUTHENTICATED
    return session


def test_a_terminal_registers_authenticates_and_speaks() -> None:
    session = TerminalSession()
    session.receive_data(frame(0x0100, 1, REGISTER), 1.0)
    (told,) = pumped(session)
    assert isinstance(told, events.Registration)
    assert (told.message.plate, session.phone, session.edition) == ("苏A00001", "13900000001", "2013")
    assert session.next_event() is PAUSED
    answer = session.send(RegisterResponse(told.serial, 0, "code"))
    assert session.state is State.REGISTERED
    assert answer.serials == (0,)
    assert decode_frame(FrameSplitter().feed(answer.data)[0]).body == b"\0\x01\0code"
    session.receive_data(frame(0x0102, 2, b"code") + frame(0x0002, 3), 2.0)
    (told,) = pumped(session)
    assert isinstance(told, events.Authentication)
    session.send(PlatformGeneralResponse(2, 0x0102, Result.OK))
    assert pumped(session) == [events.Received(0x0002, (3,), b"")]
    assert session.next_event() is NEED_DATA


def test_nothing_is_taken_before_authentication() -> None:
    session = TerminalSession()
    session.receive_data(frame(0x0200, 7, bytes(28)), 0.0)
    assert pumped(session) == [events.Refused(0x0200, 7, Result.FAILURE, "not_authenticated")]


def test_the_third_wrong_code_ends_the_session() -> None:
    session = TerminalSession()
    for serial in range(3):
        session.receive_data(frame(0x0102, serial, b"wrong"), 0.0)
        (event,) = pumped(session)
        assert isinstance(event, events.Authentication)
        session.send(PlatformGeneralResponse(serial, 0x0102, Result.FAILURE))
    assert pumped(session) == [events.Ended("authentication_failed")]


def test_another_phone_is_whoever_speaks_before_authentication_and_nobody_after() -> None:
    session = TerminalSession()
    session.receive_data(frame(0x0002, 1) + frame(0x0002, 2, phone="013900000002"), 0.0)
    assert len(pumped(session)) == 2
    assert session.phone == "13900000002"
    session = joined()
    session.receive_data(frame(0x0200, 1, bytes(28), phone="013900000002"), 0.0)
    assert pumped(session) == [events.Refused(0x0200, 1, None, "foreign_phone")]
    assert session.phone == "13900000001"


def test_unregistering_and_replacement_end_authentication() -> None:
    session = joined()
    session.receive_data(frame(0x0003, 5), 0.0)
    assert pumped(session) == [events.Received(0x0003, (5,), b"")]
    session.send(PlatformGeneralResponse(5, 0x0003, Result.OK))
    assert session.state is State.UNREGISTERED
    session = joined()
    session.move(Trigger.REPLACED)
    session.receive_data(frame(0x0002, 5), 0.0)
    assert pumped(session) == []
    assert session.next_deadline_s == float("inf")
    session.move(Trigger.CLOSED)
    with pytest.raises(SessionError, match="closed cannot take"):
        step(session.state, Trigger.AUTHENTICATED)


def test_every_state_can_be_reached_and_left() -> None:
    reached = {State.UNREGISTERED}
    for _ in State:
        reached |= {target for state in reached for target in TRANSITIONS[state].values()}
    assert reached == set(State)
    assert all(State.CLOSED in steps.values() for steps in TRANSITIONS.values())


def test_an_encrypted_message_is_refused_by_name() -> None:
    session = joined()
    content = bytearray(FrameSplitter().feed(frame(0x0200, 9, bytes(28)))[0])
    content[2] |= 0x04  # property bit 10: RSA
    content[-1] ^= 0x04
    session.receive_data(b"\x7e" + bytes(content) + b"\x7e", 0.0)
    assert pumped(session) == [events.Refused(0x0200, 9, Result.NOT_SUPPORTED, "encrypted")]


# --- any cut -----------------------------------------------------------------------------------------------


_PIECES = st.one_of(
    st.builds(
        lambda i, s, b: frame(i, s, b),
        st.sampled_from([0x0002, 0x0200, 0x0704, 0x0900, 0x0FFF, 0x0005, 0x0102]),
        st.integers(0, 0xFFFF),
        st.binary(max_size=60),
    ),
    st.builds(lambda s, b: b"".join(encode_packages(0x0801, PHONE, s, b, "2013", 20)), st.integers(0, 99),
              st.binary(min_size=30, max_size=90)),
    st.binary(max_size=30),
    st.just(b"\x7e"),
)  # fmt: skip


def _told(pieces: list[bytes]) -> list[Event]:
    """All events of a session whose greetings are answered well."""
    session, found = TerminalSession(), []
    for data in pieces:
        session.receive_data(data, 1.0)
        while (event := session.next_event()) is not NEED_DATA:
            assert event is not PAUSED
            found.append(event)
            if isinstance(event, events.Authentication):
                session.send(PlatformGeneralResponse(event.serial, 0x0102, Result.OK))
    return found


@given(st.lists(_PIECES, max_size=8), st.data())
def test_any_cut_gives_the_same_events(pieces: list[bytes], source: st.DataObject) -> None:
    stream = frame(0x0102, 0, b"code") + b"".join(pieces)
    cuts = source.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    parts = [stream[a:b] for a, b in pairwise([0, *cuts, len(stream)])]
    assert _told(parts) == _told([stream])


# --- packages ----------------------------------------------------------------------------------------------


def _packages(size: int, message_id: int = 0x0801, serial: int = 100) -> list[bytes]:
    return encode_packages(message_id, PHONE, serial, bytes(n % 251 for n in range(size)), "2013", 1000)


def test_packages_are_answered_one_by_one_and_the_last_for_the_whole() -> None:
    session = joined()
    for number, data in enumerate(_packages(2500)):
        session.receive_data(data, 1.0)
        (event,) = pumped(session)
        if number < 2:
            assert event == events.PackageKept(0x0801, 100 + number)
    assert isinstance(event, events.Received)
    assert (event.serials, len(event.body), event.packages) == ((102,), 2500, 3)


def test_packages_of_positions_are_answered_with_the_whole_or_when_they_come_again() -> None:
    session = joined()
    first, second, third = _packages(2500, 0x0704)
    session.receive_data(first + second, 1.0)
    assert pumped(session) == []
    session.receive_data(first, 2.0)
    assert pumped(session) == [events.PackageKept(0x0704, 100)]
    session.receive_data(third, 3.0)
    (event,) = pumped(session)
    assert isinstance(event, events.Received)
    assert event.serials == (101, 102)
    session.receive_data(second, 4.0)
    assert pumped(session) == [events.Repeated(0x0704, 101)]


def test_missing_packages_are_asked_for_until_there_is_no_hope() -> None:
    limits = replace(DEFAULT_LIMITS, idle_s=1e9, resend=ResendLimits(after_s=10, after_last_s=1))
    session = joined(limits)
    first, _, third = _packages(2500)
    session.receive_data(first, 0.0)
    pumped(session)
    assert session.next_deadline_s == 10
    session.receive_data(third, 5.0)
    pumped(session)
    assert session.next_deadline_s == 6
    asked_s = []
    while session.collecting:
        now_s = session.next_deadline_s
        session.advance(now_s)
        (event,) = pumped(session)
        if isinstance(event, events.PackagesMissing):
            asked_s.append(now_s)
            assert (event.first_serial, event.packages, event.asked) == (100, (2,), len(asked_s) - 1)
            assert len(event.first_body) == 1000
    assert asked_s == [6, 16, 36]  # T, then T x 1, T x 2: T(n+1) = T(n) x (n+1)
    assert event == events.GivenUp(0x0801, "silence")


def test_a_package_that_comes_late_begins_the_waiting_anew() -> None:
    session = joined(replace(DEFAULT_LIMITS, idle_s=1e9))
    one, two, three, four = _packages(3500)
    session.receive_data(one + four, 0.0)
    pumped(session)
    session.advance(1.0)
    session.receive_data(two, 2.0)
    pumped(session)
    assert session.next_deadline_s == 3.0
    session.receive_data(three, 2.5)
    assert isinstance(pumped(session)[-1], events.Received)
    assert not session.collecting


def test_big_messages_share_a_pool_and_the_one_too_many_is_refused() -> None:
    pool = Pool(60_000)
    sessions = [joined(pool=pool) for _ in range(4)]
    packages = _packages(50_000)
    for data in packages[:-1]:
        sessions[0].receive_data(data, 0.0)
    assert not any(isinstance(event, events.GivenUp) for event in pumped(sessions[0]))
    assert 40_000 < pool.used_bytes <= pool.limit_bytes
    for data in packages[:-1]:
        sessions[1].receive_data(data, 0.0)
    told = pumped(sessions[1])
    assert events.Refused(0x0801, 100 + MAX_KEPT_BYTES // 1064, Result.FAILURE, "assembly_full") in told
    sessions[0].receive_data(packages[-1], 0.0)
    (event,) = pumped(sessions[0])
    assert isinstance(event, events.Received)
    assert len(event.body) == 50_000
    sessions[1].move(Trigger.CLOSED)
    assert pool.used_bytes == 0


def test_a_terminal_may_ask_for_packages_of_ours_within_bounds() -> None:
    session = joined()
    sent = session.send(RawMessage(0x8300, bytes(2500)))
    assert len(sent.serials) == 3
    frames = [b"\x7e" + one + b"\x7e" for one in FrameSplitter().feed(sent.data)]
    ask = TerminalResendRequest(sent.serials[0], (2, 3, 9)).encode("2013")
    for _ in range(5):
        session.receive_data(frame(0x0005, 4, ask), 1.0)
        assert pumped(session) == [events.ResendAsked(4, frames[1] + frames[2])]
    session.receive_data(frame(0x0005, 5, ask), 1.0)
    assert pumped(session) == [events.ResendAsked(5, b"")]
    session.send(TextMessage(0, "short"))
    later = session.send(RawMessage(0x8300, bytes(1500)))
    ask = TerminalResendRequest(later.serials[0], (1,)).encode("2013")
    session.receive_data(frame(0x0005, 6, ask), 500.0)
    assert pumped(session) == [events.ResendAsked(6, b"")]


# --- time and bounds ---------------------------------------------------------------------------------------


def test_deadlines_are_data() -> None:
    session = TerminalSession(now_s=100.0)
    assert session.next_deadline_s == 130.0
    session.advance(129.9)
    assert pumped(session) == []
    session.advance(130.0)
    assert pumped(session) == [events.Ended("not_authenticated")]
    session = joined()
    session.receive_data(frame(0x0002, 1), 50.0)
    pumped(session)
    assert session.next_deadline_s == 230.0
    session.advance(230.0)
    assert pumped(session) == [events.Ended("idle")]


@given(st.binary(max_size=4000), st.booleans())
def test_any_bytes_give_events_and_little_is_kept(data: bytes, authenticated: bool) -> None:
    session = joined() if authenticated else TerminalSession()
    for start in range(0, len(data), 97):
        session.receive_data(data[start : start + 97], 1.0)
        pumped(session)
    kept = session._splitter.pending_bytes + session._assembler._kept_bytes + session._inbox_bytes
    assert kept <= 16 * 1024


def test_what_is_held_back_while_a_question_waits_is_bounded() -> None:
    session = TerminalSession()
    session.receive_data(frame(0x0102, 0, b"code"), 0.0)
    pumped(session)
    for serial in range(100):
        session.receive_data(frame(0x0200, serial, bytes(100)), 0.0)
    assert session.next_event() is PAUSED
    assert session.dropped_frames == 88
    session.resume()
    assert len(pumped(session)) == 12


def test_broken_frames_are_held_back_within_the_same_bound() -> None:
    session = TerminalSession()
    session.receive_data(frame(0x0100, 0, bytes(40)), 0.0)
    pumped(session)
    assert session.waiting
    broken = b"\x7e" + bytes(range(1, 20)) + b"\x7e"
    for _ in range(1000):
        session.receive_data(broken * 10, 0.0)
    assert len(session._inbox) == 32
    assert session.dropped_frames == 10_000 - 32
    session.resume()
    assert len(pumped(session)) == 32
    assert session._inbox_bytes == 0


def test_the_page_of_states_is_in_step() -> None:
    page = Path(__file__).parents[2] / "docs" / "protocols" / "session-states.md"
    assert page.read_text(encoding="utf-8") == document(), "run make docs"
    for state in State:
        assert f" {state.value}" in mermaid()
