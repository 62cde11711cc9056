"""One frame at a time: headers, faults, packages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt808.errors import (
    ChecksumError,
    EncodeError,
    EscapeError,
    LengthError,
    OversizeError,
    PackageError,
    ProtocolError,
    TruncatedError,
)
from stream.jt808.frame import decode_frame, encode_frame, encode_packages, seal
from stream.jt808.framing import FrameSplitter
from stream.jt808.header import Header
from tests.jt808 import oracle
from tests.jt808.strategies import editions, mutated, phones, serials, wire_bytes


@given(st.integers(0, 0xFFFF), phones, serials, st.binary(max_size=1023), editions)
def test_encode_then_decode(message_id: int, phone: str, serial: int, body: bytes, edition: str) -> None:
    wire = encode_frame(message_id, phone, serial, body, edition)
    assert wire[0] == wire[-1] == 0x7E
    frame = decode_frame(wire[1:-1], lenient=False)
    newest = edition == "2019"
    digits = 20 if newest else 12
    assert frame.header == Header(message_id, phone.rjust(digits, "0"), serial, newest, int(newest))
    assert frame.body == body


@given(mutated() | wire_bytes, st.booleans())
def test_decode_agrees_with_the_oracle_and_raises_nothing_else(raw: bytes, lenient: bool) -> None:
    expected = oracle.read(raw, lenient)
    if expected["fault"] not in ("ok", "encrypted"):
        with pytest.raises(ProtocolError) as raised:
            decode_frame(raw, lenient=lenient)
        assert raised.value.code == expected["fault"]
        return
    frame = decode_frame(raw, lenient=lenient)
    assert (expected["fault"] == "encrypted") == bool(frame.header.encryption)
    header = frame.header
    assert (header.message_id, header.phone, header.serial) == (
        expected["message_id"],
        expected["phone"],
        expected["serial"],
    )
    assert (header.edition_2019, header.total, header.package, frame.body) == (
        expected["newest"],
        expected["total"],
        expected["package"],
        expected["body"],
    )


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", TruncatedError),
        ("00020000", TruncatedError),
        ("0002 0000 013912345678 0001 34", ChecksumError),
        ("0002 0001 013912345678 0001 32", LengthError),
        ("02 00 7d 03", EscapeError),
        ("0801 2000 013912345678 0001 0001 19", TruncatedError),
        ("00 7d", EscapeError),
    ],
)
def test_faults(content: str, fault: type[ProtocolError]) -> None:
    with pytest.raises(fault):
        decode_frame(bytes.fromhex(content), lenient=False)


@pytest.mark.parametrize("packages", ["0000 0000", "0002 0000", "0002 0003"])
def test_impossible_package_numbers(packages: str) -> None:
    content = bytes.fromhex("0801 2000 013912345678 0001" + packages)
    with pytest.raises(PackageError):
        decode_frame(seal(content)[1:-1])


def test_a_frame_longer_than_any_can_be() -> None:
    with pytest.raises(OversizeError):
        decode_frame(bytes(3000))


class TestLenient:
    """What real terminals get wrong and what is harmless to accept; the strict reading refuses it."""

    def test_check_code_7d_without_escape(self) -> None:
        raw = bytes.fromhex("0002 0000 000000000679 0000 7d")
        assert decode_frame(raw).header.phone == "000000000679"
        with pytest.raises(EscapeError):
            decode_frame(raw, lenient=False)

    def test_2019_layout_under_version_flag_0(self) -> None:
        sound = encode_frame(0x0200, "13912345678", 7, b"\x00" * 28, "2019")[1:-2]
        content = bytearray(sound)
        content[2] &= 0xBF
        raw = seal(bytes(content))[1:-1]
        assert decode_frame(raw).header == Header(0x0200, "00000000013912345678", 7, True, 1)
        with pytest.raises(LengthError):
            decode_frame(raw, lenient=False)

    def test_hex_nibbles_in_the_phone(self) -> None:
        assert decode_frame(encode_frame(2, "7d7e7d7e7d7e", 1)[1:-1]).header.phone == "7d7e7d7e7d7e"

    def test_later_revisions_of_the_standard(self) -> None:
        content = bytes.fromhex("0002 4000 02 00000000013912345678 0001")
        assert decode_frame(seal(content)[1:-1], lenient=False).header.version == 2


@given(st.binary(max_size=5000), st.integers(1, 1023), editions, serials)
def test_packages_join_to_the_body(body: bytes, size: int, edition: str, serial: int) -> None:
    size = max(size, len(body) // 60, 1)
    frames = [
        decode_frame(raw)
        for raw in FrameSplitter().feed(b"".join(encode_packages(0x0801, "1", serial, body, edition, size)))
    ]
    assert b"".join(frame.body for frame in frames) == body
    if len(frames) > 1:
        assert [frame.header.package for frame in frames] == list(range(1, len(frames) + 1))
        assert {frame.header.total for frame in frames} == {len(frames)}
        assert [frame.header.serial for frame in frames] == [
            (serial + k) & 0xFFFF for k in range(len(frames))
        ]


def test_what_we_cannot_send_is_our_error_not_the_peers() -> None:
    with pytest.raises(EncodeError):
        encode_frame(0x0200, "1", 0, bytes(1024))
    with pytest.raises(EncodeError):
        encode_frame(0x0200, "1234567890123", 0)
    with pytest.raises(EncodeError):
        encode_frame(0x0200, "12 34", 0)
    assert not issubclass(EncodeError, ProtocolError)
