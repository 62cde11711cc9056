"""A terminal's side of an upload, written from the standard's tables, sharing no code with the server."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

LIST, HEAD, END, GENERAL, ANSWER = 0x1210, 0x1211, 0x1212, 0x8001, 0x9212
CHUNK = 65536
PATIENCE_S = 90
"""For a machine that compiles kernels while it runs other tests."""
IDENTIFIER = b"TERM001" + bytes.fromhex("261122080000") + bytes([0, 3, 0])


def frame(message_id: int, phone: str, serial: int, body: bytes, *, edition_2019: bool = False) -> bytes:
    if edition_2019:
        head = struct.pack(">HHB", message_id, len(body) | 0x4000, 1) + bytes.fromhex(phone.zfill(20))
    else:
        head = struct.pack(">HH", message_id, len(body)) + bytes.fromhex(phone.zfill(12))
    content = head + struct.pack(">H", serial) + body
    content += bytes([reduce(xor, content)])
    return b"\x7e" + content.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02") + b"\x7e"


def file_list(
    files: list[tuple[bytes, int]],
    identifier: bytes = IDENTIFIER,
    number: bytes = b"0" * 32,
    *,
    again: int = 0,
    terminal_id: bytes | None = None,
) -> bytes:
    names = b"".join(bytes([len(name)]) + name + struct.pack(">I", size) for name, size in files)
    first = identifier[:7] if terminal_id is None else terminal_id
    return first + identifier + number + bytes([again, len(files)]) + names


def about(name: bytes, file_type: int, size: int) -> bytes:
    return bytes([len(name)]) + name + struct.pack(">BI", file_type, size)


def chunk(name: bytes, offset: int, data: bytes) -> bytes:
    return b"01cd" + name[:50].ljust(50, b"\0") + struct.pack(">II", offset, len(data)) + data


def chunks(name: bytes, data: bytes, size: int = CHUNK) -> list[bytes]:
    return [chunk(name, at, data[at : at + size]) for at in range(0, len(data), size)]


@dataclass(frozen=True)
class Message:
    message_id: int
    body: bytes

    @property
    def result(self) -> int:
        """Of 0x8001 or 0x9212."""
        return self.body[4] if self.message_id == GENERAL else self.body[self.body[0] + 2]

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """(offset, length) pairs of 0x9212."""
        at = self.body[0] + 4
        return [struct.unpack_from(">II", self.body, at + 8 * n) for n in range(self.body[at - 1])]


@dataclass
class Terminal:
    """One connection of a terminal."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    phone: str = "13900000001"
    edition_2019: bool = False
    serial: int = field(default=0)

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def say(self, message_id: int, body: bytes) -> None:
        self.send(frame(message_id, self.phone, self.serial, body, edition_2019=self.edition_2019))
        self.serial += 1

    async def ask(self, message_id: int, body: bytes) -> Message:
        self.say(message_id, body)
        return await self.answer()

    async def answer(self) -> Message:
        async with asyncio.timeout(PATIENCE_S):
            await self.reader.readuntil(b"\x7e")
            raw = (await self.reader.readuntil(b"\x7e"))[:-1]
        content = raw.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
        assert reduce(xor, content) == 0
        start = 17 if content[2] & 0x40 else 12
        return Message(int.from_bytes(content[:2]), content[start:-1])

    async def closed(self) -> bool:
        """Waits until the server hangs up."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.reader.read(1) == b""
            except ConnectionError:
                return True

    async def hang_up(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def hand_over(self, name: bytes, file_type: int, data: bytes) -> Message:
        """0x1211, all chunks, 0x1212; the 0x9212."""
        assert (await self.ask(HEAD, about(name, file_type, len(data)))).result == 0
        for one in chunks(name, data):
            self.send(one)
        return await self.ask(END, about(name, file_type, len(data)))
