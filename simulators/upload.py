"""A terminal's talk with the attachment server, without a socket (T/JSATL 12-2017, 4.6).

List of files, then each: its name, its bytes in chunks, its end; what the server says is missing goes again.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from simulators.safety import AlarmFile
from stream.jt808.errors import ProtocolError
from stream.jt808.frame import decode_frame, encode_frame
from stream.jt808.framing import FrameSplitter
from stream.jt808.header import Edition

FILE_LIST, FILE_BEGINS, FILE_ENDS = 0x1210, 0x1211, 0x1212
PLATFORM_ANSWER, FILE_ANSWER = 0x8001, 0x9212
CHUNK_BYTES = 64 * 1024
_MAGIC = b"\x30\x31\x63\x64"
_NAME_BYTES = 50


@dataclass(frozen=True, slots=True)
class Order:
    """What 0x9208 asked for."""

    host: str
    port: int
    identifier: bytes
    alarm_number: bytes

    @classmethod
    def read(cls, body: bytes) -> "Order":
        """Read the body. Raises ValueError for one that is too short or no text."""
        size = body[0] if body else 0
        if len(body) < 1 + size + 4 + 16 + 32:
            raise ValueError(f"0x9208 of {len(body)} bytes is too short")
        host = body[1 : 1 + size].decode("ascii").rstrip("\0")
        port, _ = struct.unpack_from(">HH", body, 1 + size)
        at = 1 + size + 4
        return cls(host, port, body[at : at + 16], body[at + 16 : at + 48])


class Upload:
    """The files of one alarm. Outlives its connections; `begin` on a new one offers what is unfinished."""

    def __init__(self, phone: str, edition: Edition, order: Order, files: Sequence[AlarmFile]) -> None:
        self._phone, self._edition, self._order = phone, edition, order
        self._left = list(files)
        self._again = False
        self._serial = 0
        self._awaited = 0
        self._splitter = FrameSplitter()
        self.resent_bytes = 0

    @property
    def done(self) -> bool:
        """Whether the server has every file."""
        return not self._left

    def begin(self) -> bytes:
        """First bytes on a new connection: the list of unfinished files."""
        self._splitter = FrameSplitter()
        entries = b"".join(_short(file.name) + struct.pack(">I", len(file.data)) for file in self._left)
        terminal_id = self._order.identifier[:7]
        head = terminal_id + self._order.identifier + self._order.alarm_number
        body = head + bytes([int(self._again), len(self._left)]) + entries
        self._again = True
        return self._frame(FILE_LIST, body)

    def received(self, data: bytes) -> bytes:
        """What to send after bytes from the server."""
        return b"".join(self._handle(raw) for raw in self._splitter.feed(data))

    def _handle(self, raw: bytes) -> bytes:
        try:
            frame = decode_frame(raw)
        except ProtocolError:
            return b""
        if frame.header.message_id == PLATFORM_ANSWER and len(frame.body) >= 5:
            return self._answered(*struct.unpack_from(">HHB", frame.body))
        if frame.header.message_id == FILE_ANSWER and self._left:
            return self._judged(frame.body)
        return b""

    def _answered(self, serial: int, message_id: int, result: int) -> bytes:
        if serial != self._awaited or result != 0 or not self._left:
            return b""
        file = self._left[0]
        if message_id == FILE_LIST:
            return self._frame(FILE_BEGINS, _about(file))
        if message_id == FILE_BEGINS:
            return self._chunks(file, 0, len(file.data)) + self._frame(FILE_ENDS, _about(file))
        return b""

    def _judged(self, body: bytes) -> bytes:
        """0x9212: name, type, result, then what is missing."""
        at = 1 + body[0] if body else 0
        if len(body) < at + 3:
            return b""
        file = self._left[0]
        if body[1:at].decode("gbk", "replace").rstrip("\0") != file.name:
            return b""
        if body[at + 1] == 0:
            self._left.pop(0)
            return self._frame(FILE_BEGINS, _about(self._left[0])) if self._left else b""
        ranges = struct.iter_unpack(">II", body[at + 3 : at + 3 + 8 * body[at + 2]])
        parts = [self._chunks(file, offset, length) for offset, length in ranges]
        self.resent_bytes += sum(map(len, parts))
        return b"".join(parts) + self._frame(FILE_ENDS, _about(file))

    def _chunks(self, file: AlarmFile, offset: int, length: int) -> bytes:
        name = file.name.encode("gbk").ljust(_NAME_BYTES, b"\0")
        parts: list[bytes] = []
        for start in range(offset, min(offset + length, len(file.data)), CHUNK_BYTES):
            data = file.data[start : min(start + CHUNK_BYTES, offset + length)]
            parts += (_MAGIC, name, struct.pack(">II", start, len(data)), data)
        return b"".join(parts)

    def _frame(self, message_id: int, body: bytes) -> bytes:
        self._awaited = self._serial
        self._serial = (self._serial + 1) & 0xFFFF
        return encode_frame(message_id, self._phone, self._awaited, body, self._edition)


def _short(text: str) -> bytes:
    data = text.encode("gbk")
    return bytes([len(data)]) + data


def _about(file: AlarmFile) -> bytes:
    return _short(file.name) + struct.pack(">BI", file.kind, len(file.data))
