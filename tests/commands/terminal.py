"""A terminal that takes orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stream.jt808.header import Header
from stream.jt808.messages import Message, TerminalGeneralResponse, decode_message
from stream.jt808.view import describe
from tests.gateway.terminal import TestTerminal


@dataclass(frozen=True)
class Heard:
    """An order as it came: the serial of its last package, and what it says."""

    message_id: int
    serial: int
    first_serial: int
    message: Message
    view: dict[str, Any]


class ObedientTerminal(TestTerminal):
    """Puts packages together and answers when it is told to."""

    async def order(self, message_id: int) -> Heard:
        """The next order of an id, whole."""
        parts: dict[int, bytes] = {}
        while True:
            header, body = await self._frame(message_id)
            total = header.total or 1
            parts[header.package or 1] = body
            if len(parts) == total:
                whole = b"".join(parts[number + 1] for number in range(total))
                message = decode_message(message_id, whole, self.edition)
                first = (header.serial - total + 1) & 0xFFFF
                view = describe(message, self.edition)
                return Heard(message_id, header.serial, first, message, view)  # type: ignore[arg-type]

    async def _frame(self, message_id: int) -> tuple[Header, bytes]:
        while True:
            for frame in self.heard:
                if frame.header.message_id == message_id:
                    self.heard.remove(frame)
                    return frame.header, frame.body
            await self.hear_more()

    def acknowledge(self, heard: Heard, result: int = 0) -> None:
        """0x0001."""
        self.send(TerminalGeneralResponse(heard.serial, heard.message_id, result))
