"""Frames: header, check code, length, encryption."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt809.cipher import Cipher, parse_cipher
from stream.jt809.frame import crc, decode_frame, encode_frame
from stream.jt809.framing import escape
from stream.jt809.header import Header, pack_header
from stream.protocol_errors import (
    ChecksumError,
    EncodeError,
    EncryptedError,
    LengthError,
    OversizeError,
    TruncatedError,
)
from tests.jt809 import oracle
from tests.jt809.strategies import EDITIONS, headers, u32, wire_bytes

HEADER = Header(message_id=0x1005, sequence=7, gnss_center_id=33010)
CIPHER = Cipher(30000000, 20000000, 20000000)


@given(st.data(), st.sampled_from(EDITIONS), wire_bytes)
def test_a_frame_is_read_as_it_was_written(data: st.DataObject, edition: str, body: bytes) -> None:
    header = data.draw(headers(edition))  # type: ignore[arg-type]
    wire = encode_frame(header, body)
    frame = decode_frame(wire[1:-1], header.edition, lenient=False)
    assert (frame.header, frame.body) == (header, body)
    clear = oracle.unescape(wire[1:-1])
    assert clear is not None
    assert int.from_bytes(clear[:4]) == len(clear) + 2
    assert oracle.crc(clear[:-2]) == int.from_bytes(clear[-2:])


@given(st.binary(max_size=300))
def test_the_check_code_is_that_of_the_oracle(data: bytes) -> None:
    assert crc(data) == oracle.crc(data)


@given(u32, u32, u32, u32, st.binary(max_size=40) | st.binary(min_size=250, max_size=400))
def test_the_cipher_is_that_of_the_standard(key: int, m1: int, ia1: int, ic1: int, data: bytes) -> None:
    cipher = Cipher(m1, ia1, ic1)
    secret = cipher.apply(key, data)
    assert secret == oracle.cipher(key, m1, ia1, ic1, data)
    assert cipher.apply(key, secret) == data


def test_the_header_tells_its_edition_by_the_time() -> None:
    for edition in EDITIONS:
        for body in (b"", bytes(46), b"\xcb\xd5A12345" + bytes(40)):
            header = decode_frame(_sealed(edition, body)).header
            assert header.edition == (edition if edition == "2019" else "2011")


def _sealed(edition: str, body: bytes) -> bytes:
    time = bytes.fromhex("0000000069b5f000") if edition == "2019" else b""
    content = bytes(8) + b"\x12\x00" + bytes(12) + time
    content = (len(content) + len(body) + 4).to_bytes(4) + content[4:] + body
    return escape(content + crc(content).to_bytes(2))


def test_a_length_that_counts_escapes_is_accepted_if_lenient() -> None:
    content = pack_header(HEADER, 3) + b"\x5b\x5d\x00"
    content = (len(content) + 4 + 2).to_bytes(4) + content[4:]
    wire = escape(content + crc(content).to_bytes(2))
    assert len(wire) + 2 == int.from_bytes(content[:4])
    assert decode_frame(wire).escaped_length
    with pytest.raises(LengthError):
        decode_frame(wire, lenient=False)


def test_faults_have_their_names() -> None:
    wire = encode_frame(HEADER)[1:-1]
    with pytest.raises(ChecksumError):
        decode_frame(wire[:-1] + bytes((wire[-1] ^ 1,)))
    with pytest.raises(TruncatedError):
        decode_frame(wire[:20])
    with pytest.raises(OversizeError):
        decode_frame(wire + bytes(1 << 20))
    content = (99).to_bytes(4) + pack_header(HEADER, 0)[4:]
    with pytest.raises(LengthError):
        decode_frame(escape(content + crc(content).to_bytes(2)))


def test_an_encrypted_body_needs_its_numbers() -> None:
    header = Header(message_id=0x1001, sequence=1, gnss_center_id=1, encrypt_flag=1, encrypt_key=9999)
    wire = encode_frame(header, b"secret", CIPHER)
    assert decode_frame(wire[1:-1], cipher=CIPHER).body == b"secret"
    frame = decode_frame(wire[1:-1])
    assert frame.body_ciphered
    with pytest.raises(EncryptedError):
        frame.require_clear()
    with pytest.raises(EncryptedError):
        encode_frame(header, b"secret")
    assert not decode_frame(encode_frame(header)[1:-1]).body_ciphered


def test_numbers_of_a_cipher_are_read_from_text() -> None:
    assert parse_cipher("30000000, 20000000,0x1312d00") == CIPHER
    for wrong in ("", "1,2", "1,2,x", "1,2,4294967296", "1,2,-3"):
        with pytest.raises(EncodeError):
            parse_cipher(wrong)


def test_what_does_not_fit_is_said_by_name() -> None:
    with pytest.raises(EncodeError, match="sequence"):
        encode_frame(Header(message_id=1, sequence=1 << 32, gnss_center_id=0))
