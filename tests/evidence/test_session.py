"""Bytes to events: any cut, nothing searched in chunks, everything bounded."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.attachments.session import (
    AttachmentSession,
    EndCame,
    Event,
    Fault,
    HeadCame,
    ListCame,
    OtherCame,
    PieceCame,
)
from stream.jt808.messages import Result
from tests.evidence.terminal import END, HEAD, IDENTIFIER, LIST, about, chunk, file_list, frame

PHONE = "13900000001"
NAME = b"00_65_6501_0_" + b"a" * 32 + b".jpg"
LIMIT = 1 << 20


def conversation(pieces: list[tuple[int, bytes]]) -> bytes:
    body = b"".join(chunk(NAME, offset, data) for offset, data in pieces)
    return (
        frame(LIST, PHONE, 0, file_list([(NAME, 9), (b"b.bin", 64)]))
        + frame(HEAD, PHONE, 1, about(NAME, 0, 9))
        + body
        + frame(END, PHONE, 2, about(NAME, 0, 9))
    )


def joined(events: list[Event]) -> list[object]:
    """Events with the pieces of one chunk put together again."""
    found: list[object] = []
    for event in events:
        last = found[-1] if found else None
        if isinstance(event, PieceCame) and isinstance(last, PieceCame) and follows(last, event):
            found[-1] = PieceCame(last.name, last.offset, last.data + event.data)
        else:
            found.append(event)
    return found


def follows(last: PieceCame, event: PieceCame) -> bool:
    return last.name == event.name and last.offset + len(last.data) == event.offset


def feed(data: bytes, cuts: list[int]) -> list[Event]:
    session = AttachmentSession(LIMIT)
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [event for a, b in pairwise(places) for event in session.receive_data(data[a:b])]


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=80)), max_size=6),
    st.lists(st.integers(0, 10_000), max_size=30),
)
def test_any_cut_gives_the_same_events(pieces: list[tuple[int, bytes]], cuts: list[int]) -> None:
    data = conversation(pieces)
    assert joined(feed(data, cuts)) == joined(feed(data, []))


@given(st.binary(min_size=1, max_size=300))
def test_flags_and_magics_inside_a_chunk_are_data(data: bytes) -> None:
    noise = b"\x7e" + data + b"01cd\x7e\x7e"
    events = feed(conversation([(5, noise)]), [])
    assert [type(event) for event in events] == [ListCame, HeadCame, PieceCame, EndCame]
    assert events[2] == PieceCame(NAME, 5, noise)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=5))
def test_noise_is_a_fault_and_never_an_exception(data: bytes, cuts: list[int]) -> None:
    session = AttachmentSession(LIMIT)
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for a, b in pairwise(places):
        session.receive_data(data[a:b])


def test_what_the_messages_say() -> None:
    listed, head, end = feed(conversation([]), [])
    assert isinstance(listed, ListCame)
    assert isinstance(head, HeadCame)
    assert isinstance(end, EndCame)
    assert listed.message.identifier == IDENTIFIER
    assert listed.message.alarm_number == b"0" * 32
    assert [(one.name, one.size_bytes) for one in listed.message.files] == [(NAME, 9), (b"b.bin", 64)]
    assert (head.message.name, head.message.file_type, head.message.size_bytes) == (NAME, 0, 9)
    assert listed.header.phone.lstrip("0") == PHONE


@pytest.mark.parametrize(
    ("terminal_id", "size"), [(7, 16), (30, 40), (0, 38), (0, 39), (7, 32), (30, 38), (30, 39)]
)
def test_lists_of_every_province(terminal_id: int, size: int) -> None:
    inside = 7 if size in (16, 32) else 30
    identifier = (b"T" * inside + bytes.fromhex("261122080000") + b"\x01\x02").ljust(size, b"\0")
    body = file_list([(b"a.jpg", 1)], identifier, b"n" * 32, terminal_id=b"I" * terminal_id)
    (event,) = feed(frame(LIST, PHONE, 0, body), [])
    assert isinstance(event, ListCame)
    assert (event.message.identifier, event.message.alarm_number) == (identifier, b"n" * 32)


def test_frames_that_share_a_flag() -> None:
    first, second = frame(HEAD, PHONE, 0, about(NAME, 0, 1)), frame(END, PHONE, 1, about(NAME, 0, 1))
    assert [type(event) for event in feed(first[:-1] + second, [])] == [HeadCame, EndCame]


def test_a_stray_flag_before_a_chunk() -> None:
    assert feed(b"\x7e\x7e" + chunk(NAME, 0, b"abc"), [])[0] == PieceCame(NAME, 0, b"abc")


def test_packages_of_a_long_list_are_put_together() -> None:
    files = [(b"f%03d_" % n + b"x" * 40, n) for n in range(40)]
    body = file_list(files)
    parts = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    data = b"".join(package(LIST, n, len(parts), part) for n, part in enumerate(parts, 1))
    events = feed(data, [7, 1500])
    assert [type(event) for event in events] == [OtherCame] * (len(parts) - 1) + [ListCame]
    assert isinstance(events[-1], ListCame)
    assert [one.name for one in events[-1].message.files] == [name for name, _ in files]


def package(message_id: int, number: int, total: int, part: bytes) -> bytes:
    """One sub-package: the plain frame opened, its header made longer, its check code made anew."""
    content = (
        message_id.to_bytes(2)
        + (len(part) | 0x2000).to_bytes(2)
        + bytes.fromhex(PHONE.zfill(12))
        + (100 + number).to_bytes(2)
        + total.to_bytes(2)
        + number.to_bytes(2)
        + part
    )
    check = 0
    for byte in content:
        check ^= byte
    content += bytes([check])
    return b"\x7e" + content.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (chunk(NAME, 0, b"")[:58] + (LIMIT + 1).to_bytes(4), "chunk"),
        (b"\x7e" + b"\x12" * 5000, "oversize"),
    ],
)
def test_a_link_out_of_step_is_dead(data: bytes, code: str) -> None:
    session = AttachmentSession(LIMIT)
    (fault,) = session.receive_data(data)
    assert isinstance(fault, Fault)
    assert (fault.fatal, fault.code) == (True, code)
    assert session.receive_data(frame(HEAD, PHONE, 0, about(NAME, 0, 1))) == []


@pytest.mark.parametrize(
    "junk", [b"\x12\x10 no flag", b"\x30\x31\x63\x65" + bytes(60), b"GET / HTTP/1.1\r\n\r\n"]
)
def test_a_little_junk_is_skipped(junk: bytes) -> None:
    good = frame(HEAD, PHONE, 0, about(NAME, 0, 1))
    for data in (junk + good, good + chunk(NAME, 0, b"abc") + junk + chunk(NAME, 3, b"def") + good):
        events = feed(data, [3, 30, 40])
        meant = joined([event for event in events if not isinstance(event, Fault)])
        assert meant == joined(feed(data.replace(junk, b""), []))
        assert {event.code for event in events if isinstance(event, Fault)} == {"junk"}


def test_much_junk_ends_the_link() -> None:
    session = AttachmentSession(LIMIT)
    for _ in range(3):
        events = session.receive_data(b"x" * 2000)
    fault = events[-1]
    assert isinstance(fault, Fault)
    assert fault.fatal
    assert session.dead


def test_a_few_damaged_frames_are_forgiven_many_are_not() -> None:
    good = frame(HEAD, PHONE, 0, about(NAME, 0, 1))
    bad = good[:-3] + bytes([good[-3] ^ 1]) + good[-2:]
    events = feed(bad * 3 + good, [])
    assert [type(event) for event in events] == [Fault, Fault, Fault, HeadCame]
    assert feed(bad * 50, [])[-1].fatal  # type: ignore[union-attr]
    assert len(feed(bad * 50, [])) < 20


def test_other_messages_are_answered_and_a_broken_list_is_a_bad_message() -> None:
    heartbeat, other, broken = feed(
        frame(0x0002, PHONE, 0, b"") + frame(0x0200, PHONE, 1, bytes(28)) + frame(LIST, PHONE, 2, b"short"),
        [],
    )[:3]
    assert [event.result for event in (heartbeat, other, broken)] == [  # type: ignore[union-attr]
        Result.OK,
        Result.NOT_SUPPORTED,
        Result.BAD_MESSAGE,
    ]
