"""A terminal's session with what only the gateway knows of it: the link, the vehicle, whose card is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from alerts.registry import Terminal
from alerts.terminal_traits import Traits
from stream.jt808.assembly import Pool
from stream.jt808.messages import Message, RawMessage
from stream.jt808.session import AUTHENTICATED, CLOSED, DEFAULT_LIMITS, Limits, TerminalSession
from stream.jt808.session_events import Sent
from stream.jt808.session_states import State, Trigger

__all__ = ["AUTHENTICATED", "CLOSED", "Link", "Recorder", "Session", "State"]


class Link(Protocol):
    """What a session needs of its connection, and the gateway of all of them."""

    @property
    def session(self) -> Session: ...
    @property
    def peer(self) -> str:
        """The terminal's address, as far as it is known."""

    def write(self, data: bytes) -> None: ...
    def close(self, reason: str) -> None: ...
    def stop_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Recorder(Protocol):
    """Keeps the raw frames of a session under an archive order."""

    def sent(self, session: Session, data: bytes) -> None: ...


def _nowhere(_data: bytes) -> None:
    """Where answers go that are due when the link is gone."""


class Session(TerminalSession):
    """Mutable. `terminal` and `partition` stand from authentication on, `recorder` while frames are kept."""

    __slots__ = ("driver_before", "driver_id", "driver_since_ms", "link", "partition", "recorder", "straight",
                 "terminal", "traits")  # fmt: skip

    def __init__(
        self, link: Link, limits: Limits = DEFAULT_LIMITS, pool: Pool | None = None, now_s: float = 0.0
    ) -> None:
        super().__init__(limits, pool, now_s)
        self.link = link
        self.terminal: Terminal | None = None
        #: The shortest way of bytes to the terminal, for many answers at once; `write` where frames are kept.
        self.straight: Callable[[bytes], None] = link.write
        self.partition = -1
        self.recorder: Recorder | None = None
        self.traits: Traits | None = None
        self.driver_id = self.driver_before = ""
        self.driver_since_ms = 0

    @property
    def known_terminal(self) -> Terminal:
        """The terminal of a session that has authenticated."""
        assert self.terminal is not None
        return self.terminal

    def take_traits(self, traits: Traits) -> None:
        """Whose card is in and what the terminal speaks, as it was learned before or just now."""
        registered = self.known_terminal.driver_id
        self.traits = traits
        self.driver_id = traits.driver_id or registered
        self.driver_before = traits.driver_before or registered
        self.driver_since_ms = traits.driver_since_ms
        if traits.edition == "2011" and self.edition == "2013":
            self.edition = "2011"  # nothing but the registration of long ago tells the two apart

    def move(self, trigger: Trigger) -> None:
        """Take one step of the table; at the end of a link nothing more goes out. Raises `SessionError`."""
        super().move(trigger)
        if self.state is CLOSED:
            self.recorder, self.straight = None, _nowhere

    def write(self, data: bytes) -> None:
        """Bytes to the terminal."""
        if self.recorder is not None:
            self.recorder.sent(self, data)
        self.link.write(data)

    def send(self, message: Message | RawMessage) -> Sent:
        """Send a downlink message. Raises `EncodeError`."""
        sent = super().send(message)
        self.write(sent.data)
        return sent

    def send_again(self, sent: Sent) -> None:
        """Repeat a message unchanged, serials included, as the standard asks of a retransmission."""
        self.write(sent.data)
