"""The gateway's middle: frames of all connections, decoded a tick at a time, to blocks and answers.

Data way: socket -> session's splitter -> tick (numpy over all frames) -> part of a partition's block ->
broker -> receipt -> 0x8001. A tick of 5 ms gathers some 50 frames at 10,000 reports/s, where numpy begins to
pay. Positions of authenticated terminals go by the column; every other frame goes through its session, which
says what it means, and what it asks for is done by the dialogue.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import numpy as np

from alerts.frames import ArchivedFrame
from rules.identity import partition_of
from stream.gateway import metrics
from stream.gateway.archive import Archive
from stream.gateway.block_builder import Part
from stream.gateway.conversation import Conversation
from stream.gateway.dialogue import Dialogue
from stream.gateway.directory import Directory
from stream.gateway.hooks import Listener
from stream.gateway.intake import POSITION, Intake
from stream.gateway.kernels import pick_reports
from stream.gateway.message_builder import MessagePart, MessageReceipt
from stream.gateway.publisher import Publisher
from stream.gateway.receipt import Owed, general_responses
from stream.gateway.responses import respond
from stream.gateway.safety import count_habits
from stream.gateway.session import AUTHENTICATED, CLOSED, Link, Session
from stream.gateway.traits import TraitMemory
from stream.jt808.assembly import Pool
from stream.jt808.bulk import FrameBatch, decode_frames
from stream.jt808.errors import FrameFault
from stream.jt808.frame import Frame
from stream.jt808.header import Header
from stream.jt808.messages import MESSAGES, Result
from stream.jt808.session import Limits
from stream.jt808.session_states import Trigger

_TICK_S = 0.005


class Gateway:
    """All connections of one process. Mutable."""

    def __init__(
        self,
        publisher: Publisher[Part, Owed],
        messages: Publisher[MessagePart, MessageReceipt],
        frames: Publisher[ArchivedFrame, None],
        directory: Directory,
        memory: TraitMemory | None = None,
        *,
        check_plate: bool = False,
        local_time: bool = False,
        limits: Limits | None = None,
        assembly_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self.publisher, self.messages, self.frames = publisher, messages, frames
        publisher.settle, publisher.refuse = self.settle, self._never_kept
        self.paused: set[Link] = set()
        self.memory = memory or TraitMemory()
        self._limits = limits or Limits()
        self._pool = Pool(assembly_bytes)
        self._connections: set[Link] = set()
        self._sessions: dict[str, Session] = {}
        self._collecting: set[Session] = set()
        self._intake = Intake(publisher, self._refuse_unreadable)
        self._archive = Archive(frames)
        self._conversation = Conversation(
            self._intake, messages, self.memory, left=self.ending, local_time=local_time
        )
        self._dialogue = Dialogue(
            directory,
            self._conversation,
            check_plate=check_plate,
            joined=self._joining,
            authenticated=self._joined,
            left=self.ending,
        )
        self._frames: list[bytes] = []
        self._owners: list[Session] = []
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def overfull(self) -> bool:
        """Whether more waits for the broker than may; then nothing more is read."""
        return self.publisher.overfull or self.messages.overfull or self.frames.overfull

    def new_session(self, link: Link, now_s: float) -> Session:
        """The session of a new link."""
        return Session(link, self._limits, self._pool, now_s)

    def opened(self, connection: Link) -> None:
        """A connection stands."""
        self._connections.add(connection)
        metrics.CONNECTIONS.set(len(self._connections))

    def closed(self, connection: Link) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        self.paused.discard(connection)
        self._collecting.discard(connection.session)
        metrics.CONNECTIONS.set(len(self._connections))

    def ending(self, session: Session) -> None:
        """A session that may have been authenticated is no longer."""
        if self._sessions.get(session.phone) is session:
            del self._sessions[session.phone]
            session.recorder = None
            self._conversation.listener.left(session)
            metrics.SESSIONS.set(len(self._sessions))

    def session_of(self, phone: str) -> Session | None:
        """The authenticated session of a terminal phone, where this gateway holds its link."""
        return self._sessions.get(phone)

    def follow(self, listener: Listener) -> None:
        """Tell `listener` of sessions and answers from now on."""
        self._conversation.listener = listener

    def archive(self, vehicle_key: int, until_ms: int | None) -> bool:
        """Keep the raw frames of a vehicle until a time (ms since 1970 UTC), on this and later connections to
        this gateway; None or a time in the past ends it. False when too many are archived already."""
        taken = self._archive.order(vehicle_key, until_ms)
        for session in self._sessions.values():
            if session.known_terminal.vehicle_key == vehicle_key:
                self._archive.attend(session)
        return taken

    def received(self, session: Session, frames: list[bytes]) -> None:
        """Frames of one connection, still escaped, in order."""
        if session.recorder is not None:
            self._archive.heard(session, frames)
        self._frames += frames
        if len(frames) == 1:
            self._owners.append(session)
        else:
            self._owners += [session] * len(frames)
        if self._timer is None:
            self._timer = self._loop.call_later(_TICK_S, self.tick)

    def settle(self, owed: Sequence[Owed]) -> None:
        """The reports of these messages are durable: say so to their terminals."""
        for session, frame in general_responses(owed, Result.OK):
            if session.recorder is None:
                session.straight(frame)
            else:
                session.write(frame)
        metrics.ACKNOWLEDGED.inc(sum(part.held for part in owed))
        metrics.PENDING.set(self.publisher.pending)
        self._read_again()

    def sweep(self) -> None:
        """Do what is due of all sessions. Called every few seconds."""
        now_s = time.monotonic()
        for connection in list(self._connections):
            session = connection.session
            if connection in self.paused:
                session.heard(now_s)  # it is us who do not read
            elif now_s >= session.next_deadline_s:
                self._advance(session, now_s)
        self._read_again()

    def sweep_packages(self) -> None:
        """Ask for packages that did not come. Called more often: few sessions have any."""
        now_s = time.monotonic()
        for session in list(self._collecting):
            if now_s >= session.next_deadline_s:
                self._advance(session, now_s)
            if not session.collecting:
                self._collecting.discard(session)
        metrics.POOL_BYTES.set(self._pool.used_bytes)

    def stop_reading(self) -> None:
        """At a stop: what comes from now on is not read, so that what was read can be finished."""
        for connection in list(self._connections):
            connection.stop_reading()

    def close_all(self) -> None:
        """At a stop."""
        for connection in list(self._connections):
            connection.close("shutdown")

    def _read_again(self) -> None:
        if self.paused and not self.overfull:
            for connection in self.paused:
                connection.resume_reading()
            self.paused.clear()

    def _advance(self, session: Session, now_s: float) -> None:
        session.advance(now_s)
        self._dialogue.pump(session)

    def _refuse_unreadable(self, session: Session, serial: int, message_id: int) -> None:
        metrics.REFUSED.labels("malformed").inc()
        respond(session, serial, message_id, Result.BAD_MESSAGE)

    def _never_kept(self, owed: Sequence[Owed]) -> None:
        """A block that the broker will not take, whatever its size should be: nothing is lost in silence."""
        for part in owed:
            metrics.REFUSED.labels("too_large").inc(len(part.sessions))
            for session, serial in zip(part.sessions, part.serials, strict=True):
                respond(session, serial, part.message_id, Result.FAILURE)

    def _joining(self, session: Session) -> None:
        """A terminal has told its code and will hear so: everything it sends from then on is taken."""
        terminal = session.known_terminal
        session.partition = partition_of(terminal.vehicle_key, self.publisher.partitions)
        session.take_traits(self.memory.of(terminal.vehicle_key))
        self._archive.attend(session)
        known = self._sessions.get(session.phone)
        if known is not None and known is not session:
            # JT/T 808 4.4.2: a new connection of the same terminal means that the old one is dead.
            self.ending(known)
            known.move(Trigger.REPLACED)
            known.link.close("replaced")

    def _joined(self, session: Session) -> None:
        if self._sessions.get(session.phone) is not session:
            self._sessions[session.phone] = session
            metrics.SESSIONS.set(len(self._sessions))
            self._conversation.listener.joined(session)

    def tick(self) -> None:
        """Use all frames that wait. By itself a moment after the first has come."""
        if self._timer is not None:
            self._timer.cancel()
        frames, owners = self._frames, self._owners
        self._frames, self._owners, self._timer = [], [], None
        batch = decode_frames(frames)
        received_ms, now_s = int(time.time() * 1000), time.monotonic()
        metrics.FRAMES.inc(len(frames))
        count_habits(batch.oddities)
        live: list[int] = []
        for row, usual in enumerate(_usual(batch, owners)):
            session = owners[row]
            session.heard_s = now_s
            if usual and session.state is AUTHENTICATED and not session.waiting:
                live.append(row)
            elif session.state is not CLOSED:
                session.now_s = now_s
                self._one(session, batch, row)
        if live:
            self._take(batch, owners, live, received_ms)
        metrics.PENDING.set(self.publisher.pending)
        if self.overfull:
            self._pause(owners)

    def _take(
        self, batch: FrameBatch, owners: Sequence[Session], live: Sequence[int], received_ms: int
    ) -> None:
        data, serials = batch.data.tobytes(), batch.serial.tolist()
        starts, ends = batch.body_start.tolist(), batch.body_end.tolist()
        self._intake.take_live(
            [owners[row] for row in live],
            [serials[row] for row in live],
            [data[starts[row] : ends[row]] for row in live],
            received_ms,
        )

    def _pause(self, owners: Sequence[Session]) -> None:
        """Who has just spoken is not read until there is room; who speaks next is paused then."""
        for session in set(owners):
            session.link.stop_reading()
            self.paused.add(session.link)

    def _one(self, session: Session, batch: FrameBatch, row: int) -> None:
        """A frame that is no report of an authenticated terminal, or not a whole one."""
        error = int(batch.error[row])
        if error and error != FrameFault.ENCRYPTED:
            metrics.FRAME_FAULTS.labels(FrameFault(error).code).inc()
            return
        metrics.MESSAGES.labels(_label(int(batch.message_id[row]))).inc()
        dropped = session.dropped_frames
        session.receive_frame(Frame(_header(batch, row), batch.body(row)))
        if session.dropped_frames > dropped:
            metrics.REFUSED.labels("not_authenticated").inc()
        self._dialogue.pump(session)
        if session.collecting:
            self._collecting.add(session)


def _usual(batch: FrameBatch, owners: Sequence[Session]) -> list[bool]:
    """Which frames are sound, whole positions that carry the phone of the session they came on."""
    known = np.frombuffer(bytearray().join([session.phone_window for session in owners]), np.uint8)
    picked = np.empty(len(owners), np.bool_)
    pick_reports(
        batch.data,
        batch.frame_start,
        batch.edition_2019,
        batch.message_id,
        batch.error,
        batch.total,
        known,
        POSITION,
        picked,
    )
    usual: list[bool] = picked.tolist()
    return usual


def _label(message_id: int) -> str:
    """Of metrics: what nobody knows shares one label, lest terminals make thousands."""
    return f"0x{message_id:04x}" if message_id in MESSAGES else "unknown"


def _header(batch: FrameBatch, row: int) -> Header:
    encrypted = batch.error[row] == FrameFault.ENCRYPTED
    return Header(
        message_id=int(batch.message_id[row]),
        phone=batch.phone(row),
        serial=int(batch.serial[row]),
        edition_2019=bool(batch.edition_2019[row]),
        encryption=int(encrypted),
        total=int(batch.total[row]),
        package=int(batch.package[row]),
    )
