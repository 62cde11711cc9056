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
from numpy.typing import NDArray

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
from stream.gateway.message_builder import MessagePart, MessageReceipt
from stream.gateway.publisher import Publisher
from stream.gateway.receipt import Receipt, general_responses
from stream.gateway.responses import is_over, respond
from stream.gateway.session import AUTHENTICATED, CLOSED, PHONE_BYTES, Link, Session
from stream.gateway.traits import TraitMemory
from stream.jt808.assembly import Pool
from stream.jt808.bulk import FrameBatch, decode_frames, decode_positions
from stream.jt808.columns import windows
from stream.jt808.errors import FrameFault
from stream.jt808.frame import Frame
from stream.jt808.header import Header
from stream.jt808.messages import Result
from stream.jt808.session import Limits
from stream.jt808.session_states import Trigger

_TICK_S = 0.005


class Gateway:
    """All connections of one process. Mutable."""

    def __init__(
        self,
        publisher: Publisher[Part, Receipt],
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
        self._intake = Intake(publisher, self._refuse_unreadable, self._heard_dialect)
        self._archive = Archive(frames)
        self._conversation = Conversation(self._intake, messages, self.memory, local_time=local_time)
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

    def received(self, session: Session, frames: Sequence[bytes]) -> None:
        """Frames of one connection, still escaped, in order."""
        if session.recorder is not None:
            self._archive.heard(session, frames)
        self._frames.extend(frames)
        self._owners.extend([session] * len(frames))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TICK_S, self.tick)

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """The reports of these messages are durable: say so to their terminals."""
        acknowledged = 0
        for receipt, frame in zip(receipts, general_responses(receipts, Result.OK), strict=True):
            if not is_over(receipt.session):
                receipt.session.write(frame)
                acknowledged += receipt.reports
        metrics.ACKNOWLEDGED.inc(acknowledged)
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

    def _heard_dialect(self, session: Session, dialect: int) -> None:
        """Remembered for the terminal's next connection, when nothing has told it yet."""
        known = session.traits
        if known is not None and known.dialect != dialect:
            session.traits = known.with_speech("", dialect, int(time.time() * 1000))
            self.memory.change(session.traits)

    def _never_kept(self, receipts: Sequence[Receipt]) -> None:
        """A block that the broker will not take, whatever its size should be: nothing is lost in silence."""
        metrics.REFUSED.labels("too_large").inc(len(receipts))
        for receipt in receipts:
            respond(receipt.session, receipt.serial, receipt.message_id, Result.FAILURE)

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
        received_ms = int(time.time() * 1000)
        metrics.FRAMES.inc(len(frames))
        usual = _usual(batch, owners).tolist()
        live: list[int] = []
        for row, session in enumerate(owners):
            if usual[row] and session.state is AUTHENTICATED and not session.waiting:
                live.append(row)
            elif session.state is not CLOSED:
                self._one(session, batch, row)
        if live:
            positions, sessions = decode_positions(batch, live), [owners[row] for row in live]
            self._intake.take_live(positions, sessions, batch.serial[live], received_ms)
        metrics.PENDING.set(self.publisher.pending)

    def _one(self, session: Session, batch: FrameBatch, row: int) -> None:
        """A frame that is no report of an authenticated terminal, or not a whole one."""
        error = int(batch.error[row])
        if error and error != FrameFault.ENCRYPTED:
            metrics.FRAME_FAULTS.labels(FrameFault(error).code).inc()
            return
        metrics.MESSAGES.labels(f"0x{int(batch.message_id[row]):04x}").inc()
        session.receive_frame(Frame(_header(batch, row), batch.body(row)))
        self._dialogue.pump(session)
        if session.collecting:
            self._collecting.add(session)


def _usual(batch: FrameBatch, owners: Sequence[Session]) -> NDArray[np.bool_]:
    """Which frames are sound, whole positions that carry the phone of the session they came on."""
    told = windows(batch.data, batch.frame_start + np.where(batch.edition_2019, 5, 4), PHONE_BYTES)
    known = np.frombuffer(b"".join([session.phone_window for session in owners]), np.uint8)
    same = told == known.reshape(len(owners), PHONE_BYTES)
    usual: NDArray[np.bool_] = same[:, :6].all(axis=1) & (same[:, 6:].all(axis=1) | ~batch.edition_2019)
    usual &= (batch.message_id == POSITION) & (batch.error == FrameFault.OK) & (batch.total == 0)
    return usual


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
