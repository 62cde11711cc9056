"""A small JT/T 808 terminal for tests: says what it is told to say and shows what it hears."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TypeVar

from stream.jt808.frame import Frame, decode_frame, encode_frame
from stream.jt808.framing import FrameSplitter
from stream.jt808.header import Edition
from stream.jt808.messages import (
    Message,
    PlatformGeneralResponse,
    PositionReport,
    RegisterResponse,
    TerminalAuthenticate,
    TerminalRegister,
    decode_frame_message,
)

PATIENCE_S = 60

M = TypeVar("M", bound=Message)


def position(time: datetime, speed_kmh: float = 60.0, **changes: object) -> PositionReport:
    """A report from Nanjing at a time, with a fix."""
    fields: dict[str, object] = {
        "alarm_bits": 0,
        "status_bits": 3,
        "latitude_deg": 32.041544,
        "longitude_deg": 118.767413,
        "altitude_m": 20,
        "speed_kmh": speed_kmh,
        "heading_deg": 90,
        "time": time,
    }
    return PositionReport(**(fields | changes))  # type: ignore[arg-type]


class TestTerminal:
    """One connection. `heard` keeps all frames that nobody has asked for yet."""

    __test__ = False

    def __init__(self, phone: str, edition: Edition = "2013") -> None:
        self.phone = phone
        self.edition = edition
        self.code = ""
        self.heard: list[Frame] = []
        self._serial = 0
        self._splitter = FrameSplitter()

    async def connect(self, port: int) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)

    async def join(self, port: int, plate: str = "") -> None:
        """Connect, register and authenticate."""
        await self.connect(port)
        answer = await self.register(plate)
        assert answer.result == 0
        self.code = answer.auth_code
        assert (await self.authenticate()).result == 0

    async def register(self, plate: str = "") -> RegisterResponse:
        self.send(TerminalRegister(32, 100, "TEST", "T-1", "0000001", 2 if plate else 0, plate))
        answer = await self.hear(RegisterResponse)
        assert isinstance(answer, RegisterResponse)
        return answer

    async def authenticate(self) -> PlatformGeneralResponse:
        serial = self.send(TerminalAuthenticate(self.code, "0" * 15, "1.0"))
        return await self.answer_to(serial)

    def send(self, message: Message) -> int:
        """Write one message; returns its serial."""
        serial, self._serial = self._serial, self._serial + 1
        body = message.encode(self.edition)
        self.write(encode_frame(message.message_id, self.phone, serial, body, self.edition))
        return serial

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer_to(self, serial: int) -> PlatformGeneralResponse:
        """The 0x8001 for a serial; others are put aside."""
        while True:
            answer = await self.hear(PlatformGeneralResponse)
            assert isinstance(answer, PlatformGeneralResponse)
            if answer.reply_serial == serial:
                return answer

    async def hear(self, kind: type[M]) -> M:
        """The next message of a kind."""
        message = decode_frame_message(await self.hear_frame(kind))
        assert isinstance(message, kind)
        return message

    async def hear_frame(self, kind: type[Message]) -> Frame:
        """The frame of the next message of a kind."""
        while True:
            for frame in self.heard:
                if frame.header.message_id == kind.message_id:
                    self.heard.remove(frame)
                    return frame
            await self.hear_more()

    async def hear_more(self) -> None:
        """Wait for some bytes."""
        data = await asyncio.wait_for(self._reader.read(65536), PATIENCE_S)
        if not data:
            raise ConnectionResetError("the gateway closed the connection")
        self.heard += [decode_frame(content) for content in self._splitter.feed(data)]

    async def closed(self) -> bool:
        """Wait until the gateway closes."""
        while await asyncio.wait_for(self._reader.read(65536), PATIENCE_S):
            pass
        return True

    async def close(self) -> None:
        self._writer.close()


def whole_second(moment: datetime | None = None) -> datetime:
    """Now, without the fraction that the protocol cannot carry."""
    return (moment or datetime.now(UTC)).replace(microsecond=0)
