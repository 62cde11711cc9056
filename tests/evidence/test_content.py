"""What bytes are, whatever they are called; with what simulated cameras take among them."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.evidence.content import Content, WrongContent, examine
from simulators.pictures import camera_picture
from simulators.pictures import jpeg as real_jpeg
from simulators.videos import h264 as real_h264
from simulators.videos import wav as real_wav
from tests.evidence.samples import h264, jpeg, state, wav

IMAGE, AUDIO, VIDEO, TEXT, OTHER = range(5)


def look(data: bytes, file_type: int, name: str) -> Content:
    return examine(io.BytesIO(data), len(data), file_type, name)


def png() -> bytes:
    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", head)
        + part(b"IDAT", zlib.compress(b"\0\0"))
        + part(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "file_type", "name", "kind", "content_type"),
    [
        (jpeg(), IMAGE, "a.jpg", "image", "image/jpeg"),
        (jpeg() + bytes(300), IMAGE, "a.jpg", "image", "image/jpeg"),  # padded to a flash block
        (png(), IMAGE, "a.png", "image", "image/png"),
        (h264(), VIDEO, "a.h264", "video", "video/h264"),
        (b"\0\0\1\x09\xf0" + h264(), VIDEO, "a.h264", "video", "video/h264"),
        (b"\0\0\0\1\x40\x01\x0c\x01" + bytes(range(1, 90)), VIDEO, "a.h265", "video", "video/h265"),
        (bytes(4) + b"ftypisom" + bytes(90), VIDEO, "a.mp4", "video", "video/mp4"),
        (wav(), AUDIO, "a.wav", "audio", "audio/wav"),
        (state(7), TEXT, "a.bin", "text", "application/octet-stream"),
        (b"speed,time\n50,1\n", TEXT, "a.txt", "text", "text/plain"),
        (bytes(range(256)), OTHER, "a.dat", "other", "application/octet-stream"),
        (jpeg(), OTHER, "whatever", "image", "image/jpeg"),
        (h264(), IMAGE, "a.h264", "video", "video/h264"),  # a terminal that says 0 to everything
        (jpeg(), VIDEO, "a.JPG", "image", "image/jpeg"),
        (jpeg(), IMAGE, "no ending", "image", "image/jpeg"),
    ],
)
def test_taken(data: bytes, file_type: int, name: str, kind: str, content_type: str) -> None:
    assert look(data, file_type, name) == Content(kind, content_type)


def test_what_simulated_cameras_take() -> None:
    pictures = [camera_picture(seed) for seed in (1, 2)]
    assert look(real_jpeg(pictures[0]), IMAGE, "a.jpg").content_type == "image/jpeg"
    assert look(real_h264(pictures), VIDEO, "a.h264").content_type == "video/h264"
    assert look(real_wav(0.2), AUDIO, "a.wav").content_type == "audio/wav"


@pytest.mark.parametrize(
    ("data", "file_type", "name", "code"),
    [
        (b"", IMAGE, "a.jpg", "empty"),
        (b"", OTHER, "a", "empty"),
        (jpeg()[:-2], IMAGE, "a.jpg", "truncated"),
        (png()[:-12], IMAGE, "a.png", "truncated"),
        (wav()[:-100], AUDIO, "a.wav", "truncated"),
        (b"RIFF" + bytes(4) + b"WAVE" + bytes(50), AUDIO, "a.wav", "content"),
        (b"<html><script>", IMAGE, "a.jpg", "content"),
        (b"\x7fELF" + bytes(90), VIDEO, "a.h264", "content"),
        (jpeg(), AUDIO, "a.wav", "content"),
        (jpeg(), TEXT, "a.bin", "truncated"),
        (bytes(127) + b"\1", TEXT, "a.bin", "checksum"),
        (state(2)[:-1], TEXT, "a.bin", "truncated"),
        (b"\0\0\0\1\xe7" + bytes(50), VIDEO, "a.h264", "content"),  # forbidden bit
    ],
)
def test_not_taken(data: bytes, file_type: int, name: str, code: str) -> None:
    with pytest.raises(WrongContent) as wrong:
        look(data, file_type, name)
    assert wrong.value.code == code


@given(st.binary(max_size=300), st.integers(0, 255), st.text(max_size=20))
def test_anything_is_found_or_refused(data: bytes, file_type: int, name: str) -> None:
    try:
        found = look(data, file_type, name)
    except WrongContent:
        return
    assert found.kind in ("image", "audio", "video", "text", "other")


@given(st.integers(0, 63), st.integers(1, 255))
def test_a_state_file_with_one_wrong_byte_is_refused(place: int, change: int) -> None:
    data = bytearray(state(3))
    data[64 + place] ^= change
    with pytest.raises(WrongContent):
        look(bytes(data), TEXT, "a.bin")
