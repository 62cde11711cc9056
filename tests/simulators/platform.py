"""A very small JT/T 808 platform for the simulator's tests: a free port, and a memory of everything."""

import asyncio
import contextlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from stream.jt808.frame import Frame, decode_frame, encode_frame
from stream.jt808.framing import FrameSplitter

CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Stored:
    """One position as it came off the wire."""

    phone: str
    time_ms: int
    serial: int
    longitude_deg: float
    latitude_deg: float
    speed_kmh: float
    message_id: int
    batch_kind: int | None


def read_position(phone: str, frame: Frame, body: bytes, kind: int | None) -> Stored:
    latitude, longitude, _, speed = struct.unpack_from(">IIHH", body, 8)
    local = datetime.strptime(body[22:28].hex(), "%y%m%d%H%M%S").replace(tzinfo=CHINA)
    return Stored(
        phone=phone,
        time_ms=int(local.timestamp()) * 1000,
        serial=frame.header.serial,
        longitude_deg=longitude / 1e6,
        latitude_deg=latitude / 1e6,
        speed_kmh=speed / 10,
        message_id=frame.header.message_id,
        batch_kind=kind,
    )


def positions(frame: Frame) -> list[Stored]:
    """The positions of a 0x0200 or 0x0704 message."""
    phone = frame.header.phone.lstrip("0")
    if frame.header.message_id == 0x0200:
        return [read_position(phone, frame, frame.body, None)]
    count, kind = struct.unpack_from(">HB", frame.body)
    found, at = [], 3
    for _ in range(count):
        size = int.from_bytes(frame.body[at : at + 2])
        found.append(read_position(phone, frame, frame.body[at + 2 : at + 2 + size], kind))
        at += 2 + size
    assert at == len(frame.body)
    return found


@dataclass
class Platform:
    """Answers like a platform would; ``answers(frame)`` may say which result to give, None for silence."""

    answers: Callable[[Frame], int | None] = lambda frame: 0
    stored: list[Stored] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> "Platform":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.drop_all()

    def drop_all(self) -> None:
        """Cut every connection without a word."""
        for writer in self.connections:
            writer.transport.abort()
        self.connections.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        splitter = FrameSplitter()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                for raw in splitter.feed(data):
                    self._handle(decode_frame(raw), writer)

    def _handle(self, frame: Frame, writer: asyncio.StreamWriter) -> None:
        self.frames.append(frame)
        result = self.answers(frame)
        message_id = frame.header.message_id
        if message_id in (0x0200, 0x0704) and result == 0:
            self.stored += positions(frame)
        if result is None or message_id == 0x0001:
            return
        body = struct.pack(">HHB", frame.header.serial, message_id, result)
        if message_id == 0x0100:
            body = struct.pack(">HB", frame.header.serial, result) + (b"" if result else b"code-1")
        self.tell(writer, 0x8100 if message_id == 0x0100 else 0x8001, frame.header.phone, body)

    def tell(self, writer: asyncio.StreamWriter, message_id: int, phone: str, body: bytes) -> None:
        """Send a message to a terminal."""
        edition = "2019" if len(phone) == 20 else "2013"
        writer.write(encode_frame(message_id, phone, 7, body, edition))
