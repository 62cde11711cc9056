"""The protocol of one terminal without a socket: bytes and times in, bytes and wishes out (JT/T 808).

A session registers, authenticates, reports, listens for answers and sends again what was not answered. It
outlives its connections: what was sent and not acknowledged goes out again, with its serial, on the next one.
"""

import math
import struct
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulators.cards import CardEvent
from simulators.fleet import Vehicle
from simulators.greeting import authenticate_body, register_body
from simulators.orders import Orders
from simulators.outbox import Outbox
from simulators.reports import BLIND_AREA, LIVE_BATCH, batch, batch_capacity, fitting
from stream.jt808.assembly import Assembler, first_serial
from stream.jt808.errors import ProtocolError
from stream.jt808.frame import Frame, decode_frame
from stream.jt808.framing import FrameSplitter
from stream.jt808.header import Header
from stream.jt808.messages.packages import PlatformResendRequest

TERMINAL_ANSWER, HEARTBEAT, REGISTER, AUTHENTICATE, REPORT, REPORT_BATCH = (
    1,
    2,
    0x0100,
    0x0102,
    0x0200,
    0x0704,
)
PLATFORM_ANSWER, REGISTER_ANSWER, MEDIA_ANSWER, RESEND = 0x8001, 0x8100, 0x8800, 0x8003
TEXT, ATTACHMENTS, DRIVER_CARD = 0x8300, 0x9208, 0x0702
UNSUPPORTED, ALARM_HANDLED = 3, 4
REGISTER_RESULTS = {
    1: "the vehicle is registered already",
    2: "no such vehicle",
    3: "the terminal is registered already",
    4: "no such terminal",
}

ANSWER_TIMEOUT_S = 10.0  # parameter 0x0002 of 0x8103
RETRANSMISSIONS = 3  # parameter 0x0003
HEARTBEAT_S = 60.0  # parameter 0x0001
# Unanswered messages at a time: covers a slow answer at any rate of reports, bounds what is kept and re-sent.
WINDOW = 16
# So many reports waiting go as one batch; fewer go one by one.
BATCH_FROM = 5

Reports = Callable[[int, int], list[bytes]]


@dataclass(slots=True)
class Sent:
    """A message waiting for its answer; reports ``first`` to ``first + count`` are in it (of a card none)."""

    serial: int
    frame: bytes
    first: int
    count: int
    deadline_s: float
    timeout_s: float
    retransmissions: int = 0


@dataclass(slots=True)
class Counts:
    """What a session has done so far."""

    reports_sent: int = 0
    reports_acknowledged: int = 0
    resent: int = 0
    refused: int = 0
    texts: int = 0
    bad_frames: int = 0


class Session:
    """One terminal's side of the talk.

    Call `connected`, `received`, `tick` and `disconnected` as things happen; send what `take_output` returns.
    After each call `next_wake_s` says when to call `tick` at the latest, ``wants_close`` whether to drop the
    connection. Reports are known by their number: `offer(n)` makes all before number n due, ``reports(first,
    count)`` gives their bodies.
    """

    def __init__(
        self,
        vehicle: Vehicle,
        reports: Reports,
        *,
        on_acknowledged: Callable[[int, int, int], None] = lambda first, count, serial: None,
        on_text: Callable[[str], None] = lambda text: None,
        on_attachments: Callable[[bytes], None] = lambda body: None,
        on_refused: Callable[[str], None] = lambda reason: None,
        cards: Sequence[CardEvent] = (),
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self.vehicle, self.counts = vehicle, Counts()
        self.state = "offline"  # offline, registering, authenticating, online
        self.wants_close = False
        self.auth_code: bytes | None = None
        self.due = self.next_report = self.blind_until = 0
        self._reports, self._on_acknowledged = reports, on_acknowledged
        self._on_text, self._on_refused = on_text, on_refused
        self._on_attachments = on_attachments
        self._cards = deque(cards)
        self._timeout_s, self._heartbeat_s = answer_timeout_s, heartbeat_s
        self._outbox = Outbox(vehicle)
        self._batch_capacity = batch_capacity(vehicle.edition)
        self._splitter, self._assembler = FrameSplitter(), Assembler()
        self._orders = Orders(vehicle)
        self._unanswered: OrderedDict[int, Sent] = OrderedDict()
        self._greeting_serial, self._greeting_deadline_s = -1, math.inf

    # --- what the shell tells ----------------------------------------------------------------------------

    def offer(self, due: int, *, stored: bool = False) -> None:
        """All reports before number ``due`` are taken; ``stored``: in a dead zone, to be sent as such."""
        self.due = max(self.due, due)
        if stored:
            self.blind_until = max(self.blind_until, due)

    def withdraw(self) -> None:
        """Send nothing new, not even what is due; what was sent is still waited for."""
        self.due = self.blind_until = self.next_report

    def connected(self, now_s: float) -> None:
        """A connection stands: authenticate, or register first."""
        self._splitter = FrameSplitter()
        self.wants_close = False
        self.blind_until = max(self.blind_until, self.due)
        if self.auth_code is None:
            self.state = "registering"
            self._greet(REGISTER, register_body(self.vehicle), now_s)
        else:
            self._authenticate(now_s)

    def disconnected(self) -> None:
        """The connection is gone; what was not acknowledged is kept for the next one."""
        self.state = "offline"
        self._outbox.clear()
        self._greeting_deadline_s = math.inf

    def received(self, data: bytes, now_s: float) -> None:
        """Bytes from the platform; anything that cannot be read is counted and passed over."""
        for raw in self._splitter.feed(data):
            try:
                self._handle(decode_frame(raw), now_s)
            except ProtocolError:
                self.counts.bad_frames += 1

    def tick(self, now_s: float) -> None:
        """Send what is due: again what was not answered in time, then new reports, or a heartbeat."""
        if self.state == "online":
            self._resend(now_s)
            self._send_reports(now_s)
            if now_s - self._outbox.last_sent_s >= self._heartbeat_s:
                self._outbox.send(HEARTBEAT, b"", now_s)
        elif self.state != "offline" and now_s >= self._greeting_deadline_s:
            self.wants_close = True

    def take_output(self) -> bytes:
        """Bytes to put on the wire now."""
        return self._outbox.take()

    @property
    def next_wake_s(self) -> float:
        """When `tick` has something to do, new reports apart."""
        if self.state != "online":
            return self._greeting_deadline_s
        heartbeat_s = self._outbox.last_sent_s + self._heartbeat_s
        return min((sent.deadline_s for sent in self._unanswered.values()), default=heartbeat_s)

    @property
    def wants_reports(self) -> bool:
        """Whether a new report could be sent now."""
        return self.state == "online" and len(self._unanswered) < WINDOW

    @property
    def acknowledged_below(self) -> int:
        """All reports before this number have been acknowledged."""
        return min((sent.first for sent in self._unanswered.values()), default=self.next_report)

    @property
    def is_drained(self) -> bool:
        """Nothing is due and nothing unanswered."""
        return self.next_report >= self.due and not self._unanswered and not self._card_is_due()

    # --- greeting ----------------------------------------------------------------------------------------

    def _greet(self, message_id: int, body: bytes, now_s: float) -> None:
        self._greeting_serial, _ = self._outbox.send(message_id, body, now_s)
        self._greeting_deadline_s = now_s + self._timeout_s

    def _authenticate(self, now_s: float) -> None:
        self.state = "authenticating"
        self._greet(AUTHENTICATE, authenticate_body(self.vehicle, self.auth_code or b""), now_s)

    # --- sending -----------------------------------------------------------------------------------------

    def _resend(self, now_s: float) -> None:
        """T(n+1) = T(n) x (n+1); when the last time has passed the link counts as dead."""
        for sent in self._unanswered.values():
            if now_s < sent.deadline_s:
                continue
            if sent.retransmissions >= RETRANSMISSIONS:
                self.wants_close = True
                return
            sent.retransmissions += 1
            sent.timeout_s *= sent.retransmissions
            self._send_again(sent, now_s)

    def _send_again(self, sent: Sent, now_s: float) -> None:
        sent.deadline_s = now_s + sent.timeout_s
        self._outbox.repeat(sent.frame, now_s)
        self.counts.resent += sent.count

    def _send_reports(self, now_s: float) -> None:
        """New reports, oldest first. While something had to be sent again nothing newer may overtake it."""
        while (self.next_report < self.due or self._card_is_due()) and len(self._unanswered) < WINDOW:
            if any(sent.retransmissions for sent in self._unanswered.values()):
                return
            if self._card_is_due():
                self._send_card(now_s)
            else:
                self._send_next(now_s)

    def _card_is_due(self) -> bool:
        """Whether a card was put in or pulled out before the next report, and that report is taken."""
        return bool(self._cards) and self._cards[0].number <= self.next_report <= self.due > 0

    def _send_card(self, now_s: float) -> None:
        body = self._cards.popleft().body(self.vehicle.edition)
        self._send_kept(DRIVER_CARD, body, self.next_report, 0, now_s)

    def _send_next(self, now_s: float) -> None:
        first, waiting = self.next_report, self.due - self.next_report
        blind = first < self.blind_until
        if blind:
            waiting = min(waiting, self.blind_until - first)
        if self._cards:
            waiting = min(waiting, self._cards[0].number - first)
        capacity = self._batch_capacity
        count = min(waiting, capacity) if blind or waiting >= BATCH_FROM else 1
        if capacity > 1 and (blind or count > 1):
            kind = BLIND_AREA if blind else LIVE_BATCH
            bodies = fitting(self._reports(first, count))
            count = len(bodies)
            self._send_kept(REPORT_BATCH, batch(kind, bodies), first, count, now_s)
        else:
            self._send_kept(REPORT, self._reports(first, 1)[0], first, 1, now_s)
            count = 1
        self.next_report = first + count
        self.counts.reports_sent += count

    def _send_kept(self, message_id: int, body: bytes, first: int, count: int, now_s: float) -> None:
        """Send reports and keep them until they are answered."""
        serial, frame = self._outbox.send(message_id, body, now_s)
        self._unanswered[serial] = Sent(serial, frame, first, count, now_s + self._timeout_s, self._timeout_s)

    def _unpack(self, sent: Sent, now_s: float) -> None:
        """The platform knows no batches: its reports go one by one, and so do all later ones."""
        del self._unanswered[sent.serial]
        self._batch_capacity = 1
        for number, body in enumerate(self._reports(sent.first, sent.count), sent.first):
            self._send_kept(REPORT, body, number, 1, now_s)

    # --- receiving ---------------------------------------------------------------------------------------

    def _handle(self, frame: Frame, now_s: float) -> None:
        message_id, body = frame.header.message_id, frame.body
        if frame.header.total:
            whole = self._assembler.add(frame.header, body, now_s)
            if whole is None:
                return
            body = whole
        if message_id == PLATFORM_ANSWER and len(body) >= 5:
            self._answered(body, now_s)
        elif message_id == REGISTER_ANSWER and len(body) >= 3:
            self._registered(body, now_s)
        elif message_id == TEXT:
            self._read_text(body)
            self._reply(frame, 0, now_s)
        elif message_id == ATTACHMENTS:
            self._reply(frame, 0, now_s)
            self._on_attachments(body)
        elif message_id == RESEND:
            asked = PlatformResendRequest.decode(body, self.vehicle.edition)
            self._outbox.repeat_packages(asked.first_serial, asked.packages, now_s)
        elif message_id not in (PLATFORM_ANSWER, REGISTER_ANSWER, MEDIA_ANSWER):
            self._obey(frame, body, now_s)

    def _obey(self, frame: Frame, body: bytes, now_s: float) -> None:
        """Carry out an order; one that is not known, or comes before the first position, is declined."""
        header = frame.header
        serial = _serial_of(header)
        position = self._reports(self.next_report, 1)
        answer = self._orders.carry_out(header.message_id, serial, body, position[0]) if position else None
        if answer is None:
            self._reply(frame, UNSUPPORTED, now_s)
            return
        if answer.result is not None:
            self._reply(frame, answer.result, now_s)
        for message in answer.messages:
            self._outbox.send_message(message, now_s)

    def _reply(self, frame: Frame, result: int, now_s: float) -> None:
        body = struct.pack(">HHB", _serial_of(frame.header), frame.header.message_id, result)
        self._outbox.send(TERMINAL_ANSWER, body, now_s)

    def _read_text(self, body: bytes) -> None:
        self.counts.texts += 1
        skip = 2 if self.vehicle.edition == "2019" else 1
        self._on_text(body[skip:].decode("gbk", errors="replace").rstrip("\0"))

    def _registered(self, body: bytes, now_s: float) -> None:
        serial, result = struct.unpack_from(">HB", body)
        if self.state != "registering" or serial != self._greeting_serial:
            return
        if result != 0:
            self._refuse(f"registration refused: {REGISTER_RESULTS.get(result, f'result {result}')}")
            return
        self.auth_code = body[3:].rstrip(b"\0")
        self._authenticate(now_s)

    def _refuse(self, reason: str) -> None:
        self.counts.refused += 1
        self._on_refused(reason)
        self.auth_code = None
        self.wants_close = True

    def _answered(self, body: bytes, now_s: float) -> None:
        serial, message_id, result = struct.unpack_from(">HHB", body)
        if message_id == AUTHENTICATE and self.state == "authenticating" and serial == self._greeting_serial:
            if result != 0:
                self._refuse(f"authentication refused: result {result}")
                return
            self.state = "online"
            self._greeting_deadline_s = math.inf
            self._start_over(now_s)
        elif message_id in (REPORT, REPORT_BATCH, DRIVER_CARD):
            self._report_answered(serial, result, now_s)

    def _start_over(self, now_s: float) -> None:
        """On a new connection everything unanswered goes first, oldest first, with the serial it had."""
        for sent in self._unanswered.values():
            sent.retransmissions, sent.timeout_s = 0, self._timeout_s
            self._send_again(sent, now_s)
        self.tick(now_s)

    def _report_answered(self, serial: int, result: int, now_s: float) -> None:
        sent = self._unanswered.get(serial)
        if sent is None:
            return  # an answer to a copy that was sent again
        if result == UNSUPPORTED and sent.count > 1:
            self._unpack(sent, now_s)
            return
        if result not in (0, ALARM_HANDLED) and sent.count:
            self.counts.refused += sent.count
            return  # not taken: stays, and is sent again at its time
        del self._unanswered[serial]
        self.counts.reports_acknowledged += sent.count
        self._on_acknowledged(sent.first, sent.count, serial)
        self._send_reports(now_s)


def _serial_of(header: Header) -> int:
    """Serial that answers name: of the first package where there are several."""
    return first_serial(header) if header.total else header.serial
