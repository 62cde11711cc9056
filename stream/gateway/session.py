"""One terminal's session on one connection: who it is and how far it has come. No socket, no clock.

JT/T 808 4.4: a terminal registers once, authenticates on every connection, and sends nothing else before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from alerts.registry import Terminal
from stream.gateway.hooks import Sent
from stream.jt808.assembly import Assembler
from stream.jt808.frame import encode_packages
from stream.jt808.header import MAX_BODY_BYTES, Edition
from stream.jt808.messages import Message, RawMessage

#: BCD bytes of a phone in the 2019 header; 6 before.
PHONE_BYTES = 10

#: Bytes of frames held while the registry is asked. A terminal that waits for its answer, as the standard
#: says, sends none; one that does not wait has some twenty reports kept, and sends the rest again. With the
#: unfinished frame (2 KiB) and unfinished messages (12 KiB) a connection keeps 16 KiB at most.
MAX_HELD_BYTES = 2 * 1024


class State(Enum):
    """How far a terminal has come."""

    NEW = "new"
    ASKING = "asking"
    REGISTERED = "registered"
    AUTHENTICATED = "authenticated"
    CLOSED = "closed"


# Looking a member up on its class costs 1 us in Python 3.11, and these are asked for once a frame.
ASKING, AUTHENTICATED, CLOSED = State.ASKING, State.AUTHENTICATED, State.CLOSED


class Link(Protocol):
    """What a session needs of its connection."""

    def write(self, data: bytes) -> None: ...
    def close(self, reason: str) -> None: ...


@dataclass(slots=True, eq=False)
class Session:
    """Mutable. `terminal` and `partition` are set from authentication on."""

    link: Link
    state: State = State.NEW
    header_phone: str = ""
    phone_bcd: bytes = b""
    #: `phone_bcd` filled to the 10 bytes of the longest layout, to compare many headers at once.
    phone_window: bytes = bytes(PHONE_BYTES)
    edition: Edition = "2013"
    terminal: Terminal | None = None
    partition: int = -1
    held: list[bytes] = field(default_factory=list)
    assembler: Assembler = field(default_factory=Assembler)
    failures: int = 0
    _serial: int = 0

    @property
    def phone(self) -> str:
        """Digits without leading zeros, as the registry has them."""
        return self.header_phone.lstrip("0") or "0"

    @property
    def known_terminal(self) -> Terminal:
        """The terminal of a session that has authenticated."""
        assert self.terminal is not None
        return self.terminal

    @property
    def edition_2019(self) -> bool:
        return self.edition == "2019"

    def next_serial(self) -> int:
        """Serial of the next downlink message; counts from 0 and wraps (JT/T 808 4.4.3)."""
        serial = self._serial
        self._serial = (serial + 1) & 0xFFFF
        return serial

    def introduce(self, header_phone: str, edition: Edition) -> None:
        """Take identity and layout from a frame's header; answers go out in the same layout."""
        self.header_phone = header_phone
        self.phone_bcd = bytes.fromhex(header_phone)
        self.phone_window = self.phone_bcd.ljust(PHONE_BYTES, b"\0")
        self.edition = edition
        self.terminal = None
        self.state = State.NEW

    def prepare(self, message: Message | RawMessage) -> Sent:
        """A downlink message with its serials, as bytes on the wire; one that is long is cut into packages.

        Raises `EncodeError` for a value that does not fit its field in the terminal's edition.
        """
        body = message.encode(self.edition)
        packages = max(1, -(-len(body) // MAX_BODY_BYTES))
        serials = tuple(self.next_serial() for _ in range(packages))
        frames = encode_packages(message.message_id, self.header_phone, serials[0], body, self.edition)
        return Sent(message.message_id, serials, b"".join(frames))

    def send(self, message: Message | RawMessage) -> Sent:
        """Send a downlink message. Raises `EncodeError`."""
        sent = self.prepare(message)
        self.link.write(sent.data)
        return sent

    def send_again(self, sent: Sent) -> None:
        """Repeat a message unchanged, serials included, as the standard asks of a retransmission."""
        self.link.write(sent.data)
