"""What a file really is, found in its bytes: the terminal's word and the file's name are only claims.

A file is taken when its bytes are of the family that the announced type or the name's ending promises. What
is looked at is what a reader needs to begin and to end, not every picture element: the rest is the player's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

IMAGE, AUDIO, VIDEO, TEXT, OTHER = "image", "audio", "video", "text", "other"
TYPES = (IMAGE, AUDIO, VIDEO, TEXT, OTHER)
"""By the type byte of 0x1211 and 0x1212: 0 image, 1 audio, 2 video, 3 text, 4 other. The standard's only text
is the vehicle state file."""

HEAD_BYTES = 64 * 1024
"""Looked at in the beginning; holds a JPEG's tables or the first NAL units of any camera."""
TAIL_BYTES = 4 * 1024
"""Looked at in the end; some cameras pad a picture to a block of their flash."""

STATE_BLOCK_BYTES = 64
_STATE_READ_BYTES = STATE_BLOCK_BYTES * 4096

_ENDINGS = {
    "jpg": IMAGE, "jpeg": IMAGE, "png": IMAGE, "tif": IMAGE, "tiff": IMAGE,
    "wav": AUDIO, "mp3": AUDIO, "amr": AUDIO, "aac": AUDIO,
    "h264": VIDEO, "264": VIDEO, "h265": VIDEO, "265": VIDEO, "mp4": VIDEO, "avi": VIDEO, "wmv": VIDEO,
    "bin": TEXT,
}  # fmt: skip


class WrongContent(ValueError):
    """The bytes are not what was announced; `code` is for counters, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Content:
    """What was found: the kind, and the media type to serve it as."""

    kind: str
    content_type: str


def examine(file: BinaryIO, size: int, file_type: int, name: str) -> Content:
    """Find out what a file of `size` bytes is and whether that was announced.

    file_type: the type byte of 0x1211. name: as the terminal called it, only its ending is used.
    Raises ``WrongContent``: empty, a known beginning without its end, or nothing of what was announced.
    """
    if size == 0:
        raise WrongContent("empty", "the file is empty")
    promised = {TYPES[file_type] if file_type < len(TYPES) else OTHER, _of_ending(name)}
    if TEXT in promised and _ending(name) in ("bin", ""):
        _check_state_file(file, size)
        return Content(TEXT, "application/octet-stream")
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(max(0, size - TAIL_BYTES))
    found = _recognise(head, file.read(TAIL_BYTES), size)
    if found is not None and (found.kind in promised or promised <= {OTHER, TEXT}):
        return found
    if promised <= {OTHER, TEXT}:
        return _plain(head)
    expected = " or ".join(sorted(promised - {OTHER}))
    what = found.content_type if found else f"bytes beginning {head[:8].hex(' ')}"
    raise WrongContent("content", f"announced as {expected}, but it holds {what}")


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _of_ending(name: str) -> str:
    return _ENDINGS.get(_ending(name), OTHER)


def _plain(head: bytes) -> Content:
    text = not any(byte < 0x20 and byte not in b"\t\n\r\f" for byte in head[:4096])
    return Content(TEXT, "text/plain") if text else Content(OTHER, "application/octet-stream")


def _recognise(head: bytes, tail: bytes, size: int) -> Content | None:
    for test in (_jpeg, _png, _riff, _annex_b, _by_beginning):
        found = test(head, tail, size)
        if found is not None:
            return found
    return None


def _jpeg(head: bytes, tail: bytes, size: int) -> Content | None:
    if not head.startswith(b"\xff\xd8\xff"):
        return None
    if not tail.rstrip(b"\x00\xff").endswith(b"\xff\xd9") and not tail.endswith(b"\xff\xd9"):
        raise WrongContent("truncated", "a JPEG without its end (ff d9)")
    return Content(IMAGE, "image/jpeg")


def _png(head: bytes, tail: bytes, size: int) -> Content | None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    if b"IEND\xae\x42\x60\x82" not in tail:
        raise WrongContent("truncated", "a PNG without its end (IEND)")
    return Content(IMAGE, "image/png")


def _riff(head: bytes, tail: bytes, size: int) -> Content | None:
    if not head.startswith(b"RIFF") or len(head) < 12:
        return None
    form = head[8:12]
    if form == b"AVI ":
        return Content(VIDEO, "video/x-msvideo")
    if form != b"WAVE":
        return None
    stated = struct.unpack_from("<I", head, 4)[0] + 8
    if b"fmt " not in head[12:]:
        raise WrongContent("content", "a RIFF WAVE without a fmt chunk")
    # Recorders that stream leave the size at 0 or at its largest; one that states a size has to hold it.
    if stated not in (8, 0xFFFFFFFF + 8) and stated > size + 1:
        raise WrongContent("truncated", f"a WAV that states {stated} bytes and has {size}")
    return Content(AUDIO, "audio/wav")


def _annex_b(head: bytes, tail: bytes, size: int) -> Content | None:
    """H.264 (ITU-T H.264, annex B) and H.265 byte streams, as cameras write them."""
    units = _nal_headers(head)
    if not units:
        return None
    first = units[0]
    if any(unit & 0x80 for unit in units):
        return None
    if first in (0x40, 0x42, 0x46):  # H.265: VPS, SPS or delimiter
        return Content(VIDEO, "video/h265")
    if first & 0x1F in _H264_BEGINNINGS:
        return Content(VIDEO, "video/h264")
    return None


_H264_BEGINNINGS = (1, 2, 5, 6, 7, 8, 9)
"""NAL unit types a stream may begin with: slices, SEI, parameter sets, delimiter."""


def _nal_headers(head: bytes) -> list[int]:
    """First byte of each NAL unit in `head`; none unless the stream begins with a start code."""
    if not head.lstrip(b"\x00").startswith(b"\x01") or not head.startswith(b"\x00\x00"):
        return []
    found, at = [], head.find(b"\x00\x00\x01")
    while 0 <= at < len(head) - 3:
        found.append(head[at + 3])
        at = head.find(b"\x00\x00\x01", at + 4)
    return found


_BEGINNINGS = (
    (0, b"\x00\x00\x01\xba", Content(VIDEO, "video/mpeg")),
    (4, b"ftyp", Content(VIDEO, "video/mp4")),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Content(VIDEO, "video/x-ms-wmv")),
    (0, b"II*\x00", Content(IMAGE, "image/tiff")),
    (0, b"MM\x00*", Content(IMAGE, "image/tiff")),
    (0, b"#!AMR", Content(AUDIO, "audio/amr")),
    (0, b"ID3", Content(AUDIO, "audio/mpeg")),
    (0, b"\xff\xf1", Content(AUDIO, "audio/aac")),
    (0, b"\xff\xfb", Content(AUDIO, "audio/mpeg")),
    (0, b"\xff\xf3", Content(AUDIO, "audio/mpeg")),
)


def _by_beginning(head: bytes, tail: bytes, size: int) -> Content | None:
    for at, magic, content in _BEGINNINGS:
        if head.startswith(magic, at):
            return content
    return None


def _check_state_file(file: BinaryIO, size: int) -> None:
    """T/JSATL 12-2017, table 4-26: blocks of 64 bytes, the last one the low byte of the sum of the others."""
    if size % STATE_BLOCK_BYTES:
        raise WrongContent("truncated", f"a vehicle state file of {size} bytes, which is no number of blocks")
    file.seek(0)
    at = 0
    while data := file.read(_STATE_READ_BYTES):
        for start in range(0, len(data), STATE_BLOCK_BYTES):
            block = data[start : start + STATE_BLOCK_BYTES]
            if sum(block[:-1]) & 0xFF != block[-1]:
                number = (at + start) // STATE_BLOCK_BYTES + 1
                raise WrongContent(
                    "checksum", f"block {number} of the vehicle state file has a wrong checksum"
                )
        at += len(data)
