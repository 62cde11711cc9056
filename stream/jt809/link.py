"""One link of a pair, sans-IO: bytes in, events out; no socket, no clock.

Times are seconds since 1970 UTC as a float; a monotonic clock shifted to that is best, for a leap of the wall
clock must not kill links.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime

from stream.jt809.events import (
    Event,
    FrameRefused,
    LinkEstablished,
    LinkLost,
    LinkName,
    LoginRefused,
    LoginRequested,
    LostReason,
    MessageReceived,
    PositionsReceived,
    StateError,
)
from stream.jt809.frame import Frame, decode_frame, encode_frame
from stream.jt809.framing import FrameSplitter
from stream.jt809.header import Header
from stream.jt809.link_settings import (
    DEAD_AFTER_S,
    KEEP_ALIVE_S,
    LOGIN_TIMEOUT_S,
    LOGOUT_TIMEOUT_S,
    MAX_LOGIN_FRAME_BYTES,
    LinkSettings,
)
from stream.jt809.messages import Message, RawMessage
from stream.jt809.messages import links as m
from stream.jt809.reading import read_frame
from stream.jt809.sequence import SequenceWatch
from stream.jt809.states import TRANSITIONS, LinkState, Side, Trigger
from stream.protocol_errors import ProtocolError

_REASONS: dict[Trigger, LostReason] = {
    Trigger.DISCONNECTED: "disconnected",
    Trigger.LOGIN_REFUSED: "refused",
    Trigger.REFUSE: "refused",
    Trigger.LOGOUT_REQUEST: "logout",
    Trigger.LOGOUT_ANSWER: "logout",
    Trigger.NOTICE: "notice",
}

_LoginRequest = m.LoginRequest | m.SubLoginRequest
_LoginResponse = m.LoginResponse | m.SubLoginResponse
_LOGOUTS = (m.LogoutRequest, m.SubLogoutRequest)
_TESTS: dict[LinkName, tuple[Message, Message]] = {
    "main": (m.LinkTest(), m.LinkTestResponse()),
    "sub": (m.SubLinkTest(), m.SubLinkTestResponse()),
}
_LOGOUT_RESPONSES: dict[LinkName, Message] = {"main": m.LogoutResponse(), "sub": m.SubLogoutResponse()}


def _key(settings: LinkSettings, sequence: int) -> int:
    """A key of its own for every frame: two bodies under one key would give away their difference."""
    return (settings.encrypt_key + sequence * 0x9E3779B1) & 0xFFFF_FFFF if settings.encrypt else 0


class Link:
    """The state of one link on one side. Owned by a `Peer`, which decides what goes over it.

    `counts` counts by kind what was odd, refused or answered by itself; `junk_bytes` and `oversize_frames` of
    the splitter are in it as well.
    """

    def __init__(
        self,
        name: LinkName,
        side: Side,
        settings: LinkSettings,
        next_sequence: Callable[[], int],
        watch: SequenceWatch,
    ) -> None:
        self.name = name
        self.side = side
        self.settings = settings
        self.state = LinkState.DOWN
        self.counts: Counter[str] = Counter()
        self.login: Message | None = None
        self.logout_request: Message | None = None
        self.verify_code = 0
        #: Link tests of ours on this connection, and how many of them were answered: what was written before
        #: an answered one has been read by the peer.
        self.tests_sent = 0
        self.tests_answered = 0
        self._next_sequence = next_sequence
        self._watch = watch
        self._splitter = FrameSplitter(MAX_LOGIN_FRAME_BYTES)
        self._events: deque[Event] = deque()
        self._outgoing: list[bytes] = []
        self._last_sent_s = 0.0
        self._last_received_s = 0.0
        self._last_test_s = 0.0
        self._deadline_s: float | None = None

    @property
    def established(self) -> bool:
        """Whether messages may be sent."""
        return self.state is LinkState.ESTABLISHED

    def next_event(self) -> Event | None:
        """The oldest event not taken yet."""
        return self._events.popleft() if self._events else None

    def data_to_send(self) -> bytes:
        """All bytes to be written; the link forgets them."""
        data = b"".join(self._outgoing)
        self._outgoing.clear()
        return data

    def connected(self, now_s: float) -> None:
        """A connection is there: the side that connected logs in. One that was there before is given up."""
        if self.state is not LinkState.DOWN:
            self.end(Trigger.DISCONNECTED, "replaced")
        self._count_splitter()
        self._splitter = FrameSplitter(MAX_LOGIN_FRAME_BYTES)
        self._outgoing.clear()
        self.tests_sent = self.tests_answered = 0
        self._last_received_s = now_s
        self._deadline_s = now_s + LOGIN_TIMEOUT_S
        self._move(Trigger.CONNECTED)
        if self.side == "connects":
            assert self.login is not None
            self.write(self.login, now_s)

    def end(self, trigger: Trigger, reason: LostReason | None = None) -> None:
        """Go down for a reason from outside: DISCONNECTED, NOTICE, TIMEOUT. Nothing if it is down already."""
        if self.state is LinkState.DOWN:
            return
        reason = reason or _REASONS.get(trigger) or "silent"
        self._move(trigger)
        self._deadline_s = None
        self._splitter.max_frame_bytes = MAX_LOGIN_FRAME_BYTES
        self._events.append(LinkLost(self.name, reason))

    def accept(self, response: _LoginResponse, now_s: float) -> None:
        """Let the peer in that asked to."""
        self._move(Trigger.ACCEPT)
        self.write(response, now_s)
        self._establish(getattr(response, "verify_code", self.verify_code))

    def refuse(self, response: _LoginResponse, now_s: float) -> None:
        """Answer the peer that asked to come in, and close."""
        self.write(response, now_s)
        self.end(Trigger.REFUSE)

    def log_out(self, now_s: float) -> None:
        """Ask to end the link; the side that listens waits for the other to do so."""
        self._move(Trigger.LOGOUT)
        self._deadline_s = now_s + LOGOUT_TIMEOUT_S
        if self.side == "connects":
            assert self.logout_request is not None
            self.write(self.logout_request, now_s)

    def write(self, message: Message | RawMessage, now_s: float) -> int:
        """Queue a message whatever the state; returns its sequence number. Raises `EncodeError`."""
        settings = self.settings
        body = message.encode(settings.edition)
        sequence = self._next_sequence()
        newest = settings.edition == "2019"
        header = Header(
            message_id=message.message_id,
            sequence=sequence,
            gnss_center_id=settings.gnss_center_id,
            version=settings.version,
            encrypt_flag=int(settings.encrypt),
            encrypt_key=_key(settings, sequence),
            time=datetime.fromtimestamp(now_s, UTC) if newest else None,
            edition_2019=newest,
        )
        self._outgoing.append(encode_frame(header, body, settings.cipher))
        self._last_sent_s = now_s
        return sequence

    @property
    def newest_frame(self) -> bytes:
        """What `write` has queued last; only until it is taken."""
        return self._outgoing[-1]

    def write_again(self, frame: bytes, now_s: float) -> None:
        """Queue a frame once more, unchanged."""
        self._outgoing.append(frame)
        self._last_sent_s = now_s

    def next_deadline(self) -> float | None:
        """When `pass_time` is to be called at the latest."""
        if self.state is LinkState.DOWN:
            return None
        if not self.established:
            return self._deadline_s
        dead = self._last_received_s + DEAD_AFTER_S
        if self.side == "listens":
            return dead
        # Also while we send all the time: only an answer shows that the peer still hears.
        quiet_since_s = max(min(self._last_sent_s, self._last_received_s), self._last_test_s)
        return min(dead, quiet_since_s + KEEP_ALIVE_S)

    def pass_time(self, now_s: float) -> None:
        """Do what is due: a link test, or the end of a link that is silent."""
        deadline = self.next_deadline()
        if deadline is None or now_s < deadline:
            return
        if not self.established:
            self.end(Trigger.TIMEOUT, "logout" if self.state is LinkState.LOGGING_OUT else "no_login")
        elif now_s >= self._last_received_s + DEAD_AFTER_S:
            self.end(Trigger.TIMEOUT, "silent")
        else:
            self.test(now_s)

    def test(self, now_s: float) -> int:
        """Send a link test, due or not, on the side that connects; returns its number on this connection."""
        self.write(_TESTS[self.name][0], now_s)
        self._last_test_s = now_s
        self.tests_sent += 1
        return self.tests_sent

    def receive_data(self, data: bytes, now_s: float) -> None:
        """Take bytes from the connection; events follow."""
        contents = self._splitter.feed(data)
        if self.settings.bulk and self.established and contents:
            self._receive_bulk(contents, now_s)
            return
        for content in contents:
            self._receive_frame(content, now_s)

    def _receive_bulk(self, contents: list[bytes], now_s: float) -> None:
        """As frame by frame, in their order, but positions come as columns."""
        # Here, because only links in bulk need compiled code.
        from stream.jt809.bulk import decode_frames
        from stream.jt809.positions import decode_positions, in_order

        settings = self.settings
        batch = decode_frames(contents, settings.edition, settings.cipher)
        positions, others = decode_positions(batch)
        if len(positions):
            self._last_received_s = now_s
            self.counts.update(batch.oddities(positions.frame, settings.gnss_center_id))
        for part in in_order(positions, others):
            if isinstance(part, int):
                self._receive_frame(contents[part], now_s)
            elif self.established:
                # A frame with several positions is one message.
                for sequence in dict.fromkeys(part.sequence.tolist()):
                    self._watch.see(sequence)
                self._events.append(PositionsReceived(self.name, part))
            else:
                self.counts["after_end"] += len(part)

    def _receive_frame(self, content: bytes, now_s: float) -> None:
        if self.state is LinkState.DOWN:
            self.counts["after_end"] += 1
            return
        frame: Frame | None = None
        try:
            frame = decode_frame(content, self.settings.edition, self.settings.cipher)
            reading = read_frame(frame, self.settings.edition, self.settings.cipher)
        except ProtocolError as error:
            self._refuse(error, content, frame.header if frame else None)
            return
        self._watch.see(frame.header.sequence)
        # Only what can be read shows that the peer is alive and speaks the protocol.
        self._last_received_s = now_s
        header, oddities = frame.header, reading.oddities
        if header.gnss_center_id != self.settings.gnss_center_id:
            oddities = (*oddities, "gnss_center_id")
        self.counts.update(oddities)
        if isinstance(reading.message, RawMessage):
            self.counts["unknown_type"] += 1
        received = MessageReceived(self.name, header, reading.message, reading.rest, oddities)
        if not self._manage(received, now_s):
            self._pass_on(received, content)

    def _pass_on(self, received: MessageReceived, content: bytes) -> None:
        if self.state in (LinkState.ESTABLISHED, LinkState.LOGGING_OUT):
            self._events.append(received)
            return
        found = f"0x{received.header.message_id:04x} came while the {self.name} link is {self.state.value}"
        self._refuse(StateError(found), content, received.header)

    def _refuse(self, error: ProtocolError, content: bytes, header: Header | None) -> None:
        self.counts[error.code] += 1
        self._events.append(FrameRefused(self.name, error, content, header))

    def _manage(self, received: MessageReceived, now_s: float) -> bool:
        """Deal with the messages that manage the link; whether it was one."""
        message = received.message
        test, response = _TESTS[self.name]
        if self.side == "listens":
            if isinstance(message, m.LoginRequest if self.name == "main" else m.SubLoginRequest):
                self._asked(received, message)
            elif isinstance(message, type(test)) and self.established:
                self.counts["link_tests"] += 1
                self.write(response, now_s)
            elif isinstance(message, m.LogoutRequest | m.SubLogoutRequest) and self._can(
                Trigger.LOGOUT_REQUEST
            ):
                self.write(_LOGOUT_RESPONSES[self.name], now_s)
                self.end(Trigger.LOGOUT_REQUEST)
            else:
                return False
            return True
        if isinstance(message, m.LoginResponse if self.name == "main" else m.SubLoginResponse):
            self._answered(message)
        elif isinstance(message, type(_LOGOUT_RESPONSES[self.name])) and self._can(Trigger.LOGOUT_ANSWER):
            self.end(Trigger.LOGOUT_ANSWER)
        elif isinstance(message, type(response)) and self.established:
            # Some peers test by themselves or answer twice; more answers than tests prove nothing.
            self.tests_answered = min(self.tests_answered + 1, self.tests_sent)
        else:
            return False
        return True

    def _asked(self, received: MessageReceived, request: _LoginRequest) -> None:
        if not self._can(Trigger.LOGIN_REQUEST):
            # The owner has not answered the first one yet; one answer serves both.
            self.counts["repeated_login"] += 1
            return
        self._move(Trigger.LOGIN_REQUEST)
        self._deadline_s = self._last_received_s + LOGIN_TIMEOUT_S
        self._events.append(LoginRequested(self.name, received.header, request))

    def _answered(self, response: _LoginResponse) -> None:
        if self.state is not LinkState.LOGGING_IN:
            self.counts["unasked_answer"] += 1
        elif response.result == 0:
            self._move(Trigger.LOGIN_OK)
            self._establish(getattr(response, "verify_code", self.verify_code))
        else:
            self._events.append(LoginRefused(self.name, response.result))
            self.end(Trigger.LOGIN_REFUSED)

    def _establish(self, verify_code: int) -> None:
        self.verify_code = verify_code
        self._deadline_s = None
        self._splitter.max_frame_bytes = None
        self._events.append(LinkEstablished(self.name, verify_code))

    def _can(self, trigger: Trigger) -> bool:
        return (self.state, trigger) in TRANSITIONS[self.side]

    def _move(self, trigger: Trigger) -> None:
        following = TRANSITIONS[self.side].get((self.state, trigger))
        if following is None:
            raise ValueError(
                f"the {self.name} link is {self.state.value}; {trigger.value!r} is not possible there"
            )
        self.state = following

    def _count_splitter(self) -> None:
        self.counts["junk_bytes"] += self._splitter.junk_bytes
        self.counts["oversize"] += self._splitter.oversize_frames
        self._splitter.junk_bytes = self._splitter.oversize_frames = 0
