"""Control messages of an upload (T/JSATL 12-2017, tables 4-23 to 4-26): 0x1210, 0x1211, 0x1212 and 0x9212.

Names stay bytes here: 0x9212 has to repeat them exactly, whatever their encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stream.jt808.attachment_layout import ALARM_NUMBER_BYTES, file_list_layout
from stream.jt808.errors import LengthError
from stream.jt808.reader import Reader, pack

FILE_LIST, FILE_HEAD, FILE_END, FILE_ANSWER = 0x1210, 0x1211, 0x1212, 0x9212
DONE, SEND_AGAIN = 0, 1

MAX_RANGES_AN_ANSWER = 90
"""A frame's body has 1,023 bytes: 8 a range beside a name of up to 255. What is left out is asked for next
time."""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file of a list."""

    name: bytes
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileList:
    """0x1210: which alarm, which files. again: the list repeats what an earlier link did not finish."""

    identifier: bytes
    alarm_number: bytes
    again: bool
    files: tuple[ListedFile, ...]


@dataclass(frozen=True, slots=True)
class FileHead:
    """0x1211 and 0x1212. file_type: 0 image, 1 audio, 2 video, 3 text, 4 other."""

    name: bytes
    file_type: int
    size_bytes: int


def read_file_list(body: bytes) -> FileList:
    """Read 0x1210 of any province: the layout that fits the whole body, as `file_list_layout` finds it.
    Raises `LengthError` when none does.
    """
    layout = file_list_layout(body)
    if layout is None:
        raise LengthError(f"a file list (0x1210) of {len(body)} bytes fits no known alarm identifier")
    reader = Reader(body)
    reader.take(layout[0], "terminal_id")
    identifier = reader.take(layout[1], "identifier")
    number = reader.take(ALARM_NUMBER_BYTES, "alarm_number")
    again = reader.u8("type") != 0
    files = tuple(
        ListedFile(reader.take(reader.u8("name length"), "name"), reader.u32("size"))
        for _ in range(reader.u8("count"))
    )
    return FileList(identifier, number, again, files)


def read_file_head(body: bytes) -> FileHead:
    """Read 0x1211 or 0x1212. Raises `ProtocolError`."""
    reader = Reader(body)
    name = reader.take(reader.u8("name length"), "name")
    return FileHead(name, reader.u8("file_type"), reader.u32("size"))


def file_answer(head: FileHead, missing: Sequence[tuple[int, int]]) -> bytes:
    """The body of 0x9212: done, or the ranges ``[start, end)`` to be sent again."""
    ranges = b"".join(pack(start, 4, "offset") + pack(end - start, 4, "length") for start, end in missing)
    return (
        pack(len(head.name), 1, "name length")
        + head.name
        + bytes((head.file_type, SEND_AGAIN if missing else DONE, len(missing)))
        + ranges
    )
