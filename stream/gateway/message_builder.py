"""Gathers uplink messages that are no positions into records of topic `messages`."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from alerts.terminal_messages import TerminalMessage, encode_messages
from stream.gateway.session import Session
from stream.jt808.messages import Result

#: What a record holds beyond its first message: a broker takes records of 1 MiB without being told otherwise.
RECORD_BYTES = 768 * 1024
#: Counted for each message beside its body.
_OVERHEAD_BYTES = 200


@dataclass(frozen=True, slots=True)
class MessageReceipt:
    """What is owed for a message that is durable: 0x8001 with `result` to each of `serials`, and 0x8800 with
    `media_id` if it was 0x0801 (in 2011 also with its serial)."""

    session: Session
    message_id: int
    serials: tuple[int, ...]
    result: Result = Result.OK
    media_id: int | None = None
    reply_serial: int = 0


@dataclass(frozen=True, slots=True)
class MessagePart:
    """A message to be published (None: an answer behind what is there already) and what is owed for it."""

    message: TerminalMessage | None
    receipt: MessageReceipt | None

    @property
    def weight(self) -> int:
        """Bytes."""
        return _OVERHEAD_BYTES + (len(self.message.body) if self.message else 0)


@dataclass(slots=True)
class MessageBuilder:
    """Mutable. One a partition; weighed in bytes."""

    parts: deque[MessagePart] = field(default_factory=deque)
    weight: int = 0

    def add(self, part: MessagePart) -> int:
        """Take a message; returns its bytes."""
        self.parts.append(part)
        self.weight += part.weight
        return part.weight

    def seal(self) -> tuple[bytes | None, list[MessageReceipt], int]:
        """The next record's value, the receipts due when it is durable, its bytes."""
        taken: list[MessagePart] = []
        weight = 0
        while self.parts and (not taken or weight + self.parts[0].weight <= RECORD_BYTES):
            taken.append(self.parts.popleft())
            weight += taken[-1].weight
        self.weight -= weight
        messages = [part.message for part in taken if part.message is not None]
        receipts = [part.receipt for part in taken if part.receipt is not None]
        return encode_messages(messages) if messages else None, receipts, weight
