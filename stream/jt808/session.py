"""One terminal's session, the platform's side, in the manner of h11. No socket, no clock.

    session.receive_data(data, now_s)      then `next_event()` until it gives `NEED_DATA` or `PAUSED`
    session.send(message).data             to be written; what is sent moves the state, as what is received
    session.next_deadline_s                when to call `session.advance(now_s)`, which may give events too

JT/T 808 4.4: a terminal registers once, authenticates on every connection, and sends nothing else before.
The states are those of `stream.jt808.session_states`. A server of many terminals that decodes the frames of
all in bulk gives the others to `receive_frame` and tells `heard` for those it has used itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from stream.jt808 import session_events as events
from stream.jt808.assembly import Assembler, Pool, first_serial
from stream.jt808.errors import ProtocolError
from stream.jt808.frame import Frame, decode_frame, encode_packages
from stream.jt808.framing import FrameSplitter
from stream.jt808.header import MAX_BODY_BYTES, Edition, Header
from stream.jt808.messages import (
    Message,
    PlatformGeneralResponse,
    PositionBatch,
    RawMessage,
    RegisterResponse,
    Result,
    TerminalAuthenticate,
    TerminalRegister,
    Unregister,
)
from stream.jt808.messages.packages import TerminalResendRequest
from stream.jt808.messages.session import register_edition
from stream.jt808.session_downlink import Downlink
from stream.jt808.session_events import NEED_DATA, PAUSED, Event, Sent
from stream.jt808.session_resend import DEFAULT_RESEND, ResendLimits, look
from stream.jt808.session_states import State, Trigger, step

# Looking a member up on its class costs 1 us in Python 3.11, and these are asked for once a frame.
AUTHENTICATED, REPLACED, CLOSED = State.AUTHENTICATED, State.REPLACED, State.CLOSED

#: BCD bytes of a phone in the 2019 header; 6 before.
PHONE_BYTES = 10

_NEVER_S = float("inf")
#: Counted for a held frame beside its body, so that empty ones are not free.
_FRAME_BYTES = 64
#: Wrong codes a connection may send before it should end: a terminal does not guess.
_MAX_FAILURES = 3
#: Whole messages remembered, so that a package that is repeated late does not begin its message anew.
_MAX_DONE = 4
#: Unfinished messages at once: a terminal sends one after the other, and a second while it repeats.
_MAX_OPEN = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds. held_bytes: of frames kept while a question of the terminal waits for its answer; a
    terminal that waits, as the standard says, sends none, one that does not has some twenty reports kept.
    With the unfinished frame (2 KiB) and unfinished messages (12 KiB) a session keeps 16 KiB at most.
    """

    authentication_s: float = 30.0
    idle_s: float = 180.0
    held_bytes: int = 2 * 1024
    resend: ResendLimits = DEFAULT_RESEND


DEFAULT_LIMITS = Limits()


class TerminalSession:
    """Mutable. `header_phone`, `edition` as the terminal's last header told them; times are the caller's."""

    __slots__ = (
        *("state", "waiting", "header_phone", "phone_bcd", "phone_window", "edition", "failures"),
        *("opened_s", "heard_s", "now_s", "dropped_frames", "limits"),
        *("_serial", "_splitter", "_inbox", "_inbox_bytes", "_events", "_assembler", "_done", "_downlink"),
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS, pool: Pool | None = None, now_s: float = 0.0) -> None:
        self.limits = limits
        self.state = State.UNREGISTERED
        self.waiting = False
        self.header_phone = ""
        self.phone_bcd = b""
        #: `phone_bcd` filled to the 10 bytes of the longest layout, to compare many headers at once.
        self.phone_window = bytes(PHONE_BYTES)
        self.edition: Edition = "2013"
        self.failures = 0
        self.opened_s = self.heard_s = self.now_s = now_s
        self.dropped_frames = 0
        self._serial = 0
        self._splitter = FrameSplitter()
        self._inbox: deque[Frame | str] = deque()
        self._inbox_bytes = 0
        self._events: deque[Event] = deque()
        self._assembler = Assembler(pool=pool, max_open=_MAX_OPEN)
        self._done: deque[tuple[int, int, int]] = deque(maxlen=_MAX_DONE)
        self._downlink: Downlink | None = None

    @property
    def phone(self) -> str:
        """Digits without leading zeros, as the registry has them."""
        return self.header_phone.lstrip("0") or "0"

    @property
    def edition_2019(self) -> bool:
        """Whether headers have the layout of 2019."""
        return self.edition == "2019"

    # --- what comes in -----------------------------------------------------------------------------------

    @property
    def split(self) -> Callable[[bytes], list[bytes]]:
        """Bytes to the frames they complete, still escaped: how `receive_data` begins, for bulk use."""
        return self._splitter.feed

    def receive_data(self, data: bytes, now_s: float | None = None) -> None:
        """Take bytes from the link. Any cut gives the same events."""
        frames = self._splitter.feed(data)
        if frames:
            self.heard(now_s)
        for raw in frames:
            try:
                self.receive_frame(decode_frame(raw))
            except ProtocolError as error:
                self._keep(error.code, _FRAME_BYTES)

    def receive_frame(self, frame: Frame) -> None:
        """Take one frame that has been read already."""
        self._keep(frame, len(frame.body) + _FRAME_BYTES)

    def _keep(self, item: Frame | str, size: int) -> None:
        if self.waiting and self._inbox_bytes + size > self.limits.held_bytes:
            self.dropped_frames += 1
            return
        self._inbox.append(item)
        self._inbox_bytes += size

    def heard(self, now_s: float | None) -> None:
        """The terminal is alive at this time."""
        if now_s is not None:
            self.now_s = self.heard_s = now_s

    def next_event(self) -> Event:
        """What to do next, `NEED_DATA` or `PAUSED`."""
        while True:
            if self._events:
                return self._events.popleft()
            if self.waiting:
                return PAUSED
            if not self._inbox:
                return NEED_DATA
            self._read(self._inbox.popleft())

    def resume(self) -> None:
        """The question that paused the session gets no answer; the terminal will ask again."""
        self.waiting = False

    # --- what goes out -----------------------------------------------------------------------------------

    def next_serial(self) -> int:
        """Serial of the next downlink message; counts from 0 and wraps (JT/T 808 4.4.3)."""
        serial = self._serial
        self._serial = (serial + 1) & 0xFFFF
        return serial

    def send(self, message: Message | RawMessage) -> Sent:
        """A downlink message as bytes to be written; one that is long is cut into packages, kept for 0x0005.

        Raises `EncodeError` for a value that does not fit its field in the terminal's edition, `SessionError`
        for an answer that the state does not allow.
        """
        body = message.encode(self.edition)
        total = max(1, -(-len(body) // MAX_BODY_BYTES))
        serials = tuple(self.next_serial() for _ in range(total))
        frames = encode_packages(message.message_id, self.header_phone, serials[0], body, self.edition)
        if total > 1:
            self._downlink = self._downlink or Downlink()
            self._downlink.keep(serials[0], frames, self.now_s)
        self._move_by(message)
        return Sent(message.message_id, serials, b"".join(frames))

    def move(self, trigger: Trigger) -> None:
        """Take one step of the table: for REPLACED and CLOSED. Raises `SessionError`."""
        self.state = step(self.state, trigger)
        if self.state is CLOSED or self.state is REPLACED:
            self._inbox.clear()
            self._assembler.clear()
            self._downlink = None

    def _move_by(self, message: Message | RawMessage) -> None:
        if isinstance(message, RegisterResponse):
            refused = message.result != Result.OK
            self.move(Trigger.REGISTRATION_REFUSED if refused else Trigger.REGISTERED)
            self.waiting = False
        elif isinstance(message, PlatformGeneralResponse):
            if message.reply_id == TerminalAuthenticate.message_id:
                self._authenticated(message.result == Result.OK)
            elif message.reply_id == Unregister.message_id and message.result == Result.OK:
                self.move(Trigger.UNREGISTERED)

    def _authenticated(self, succeeded: bool) -> None:
        self.move(Trigger.AUTHENTICATED if succeeded else Trigger.AUTHENTICATION_REFUSED)
        self.waiting = False
        self.failures = 0 if succeeded else self.failures + 1
        if self.failures >= _MAX_FAILURES:
            self._events.append(events.Ended("authentication_failed"))

    # --- time --------------------------------------------------------------------------------------------

    @property
    def collecting(self) -> bool:
        """Whether a message is unfinished, so that `advance` should be called soon."""
        return len(self._assembler) > 0

    @property
    def next_deadline_s(self) -> float:
        """When `advance` has something to tell; infinite for a session that is over."""
        if self.state is CLOSED or self.state is REPLACED:
            return _NEVER_S
        ends_s = self.heard_s + self.limits.idle_s
        if self.state is not AUTHENTICATED:
            ends_s = min(ends_s, self.opened_s + self.limits.authentication_s)
        if self._assembler:
            ends_s = min(ends_s, *(message.due_s for message in self._assembler))
        return ends_s

    def advance(self, now_s: float) -> None:
        """Time has passed; `next_event` tells what is due."""
        self.now_s = max(self.now_s, now_s)
        if self.state is CLOSED or self.state is REPLACED:
            return
        if self.state is not AUTHENTICATED and now_s >= self.opened_s + self.limits.authentication_s:
            self._events.append(events.Ended("not_authenticated"))
        elif now_s >= self.heard_s + self.limits.idle_s:
            self._events.append(events.Ended("idle"))
        if self._assembler:
            self._events.extend(look(self._assembler, now_s, self.limits.resend))

    # --- reading -----------------------------------------------------------------------------------------

    def _read(self, item: Frame | str) -> None:
        if isinstance(item, str):
            self._inbox_bytes -= _FRAME_BYTES
            self._events.append(events.FrameBroken(item))
            return
        self._inbox_bytes -= len(item.body) + _FRAME_BYTES
        if self.state is CLOSED or self.state is REPLACED:
            return
        header = item.header
        if header.phone != self.header_phone and not self._introduce(header):
            self._refuse(header, None, "foreign_phone")
        elif header.encryption:
            self._refuse(header, Result.NOT_SUPPORTED, "encrypted")
        elif header.message_id in (TerminalRegister.message_id, TerminalAuthenticate.message_id):
            self._greet(header, item.body)
        elif self.state is not AUTHENTICATED:
            self._refuse(header, Result.FAILURE, "not_authenticated")
        elif header.total:
            self._collect(header, item.body)
        elif header.message_id == TerminalResendRequest.message_id:
            self._resend(header, item.body)
        else:
            self._events.append(events.Received(header.message_id, (header.serial,), item.body))

    def _introduce(self, header: Header) -> bool:
        """Take identity and layout from a header; whoever has authenticated stays who it is."""
        if self.state is AUTHENTICATED:
            return False
        self.state = step(self.state, Trigger.OTHER_TERMINAL)
        self.header_phone = header.phone
        self.phone_bcd = bytes.fromhex(header.phone)
        self.phone_window = self.phone_bcd.ljust(PHONE_BYTES, b"\0")
        self.edition = header.edition
        return True

    def _greet(self, header: Header, body: bytes) -> None:
        try:
            if header.message_id == TerminalAuthenticate.message_id:
                code = TerminalAuthenticate.decode(body, self.edition)
                self._events.append(events.Authentication(header.serial, code))
            else:
                self.edition = self.edition if header.edition_2019 else register_edition(body)
                told = TerminalRegister.decode(body, self.edition)
                self._events.append(events.Registration(header.serial, told))
            self.waiting = True
        except ProtocolError:
            self._refuse(header, Result.BAD_MESSAGE, "malformed")

    def _refuse(self, header: Header, result: Result | None, reason: str) -> None:
        self._events.append(events.Refused(header.message_id, header.serial, result, reason))

    def _collect(self, header: Header, body: bytes) -> None:
        """One package. A report's packages are answered when the whole is kept for good; only one that comes
        again is answered at once, for its terminal waits for it before it sends the next."""
        key = (header.message_id, header.total, first_serial(header))
        if key in self._done:
            self._events.append(events.Repeated(header.message_id, header.serial))
            return
        before = self._assembler.find(header)
        unanswered = before.unanswered if before else []
        repeated = before is not None and header.package in before.parts
        whole = self._assembler.add(header, body, self.now_s)
        if whole is not None:
            self._done.append(key)
            serials = (*(serial for serial in unanswered if serial != header.serial), header.serial)
            self._events.append(events.Received(header.message_id, serials, whole, header.total))
            return
        message = self._assembler.find(header)
        if message is None:
            self._events.append(events.GivenUp(header.message_id, "full"))
            self._refuse(header, Result.FAILURE, "assembly_full")
            return
        self.limits.resend.set_due(message, header, repeated)
        if header.message_id == PositionBatch.message_id and not repeated:
            message.unanswered.append(header.serial)
            return
        if header.serial in message.unanswered:
            message.unanswered.remove(header.serial)
        self._events.append(events.PackageKept(header.message_id, header.serial))

    def _resend(self, header: Header, body: bytes) -> None:
        try:
            asked = TerminalResendRequest.decode(body, self.edition)
        except ProtocolError:
            self._refuse(header, Result.BAD_MESSAGE, "malformed")
            return
        kept = self._downlink
        data = kept.again(asked.first_serial, asked.packages, self.now_s) if kept else b""
        self._events.append(events.ResendAsked(header.serial, data))
