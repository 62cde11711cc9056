"""The gateway's middle: frames of all connections, decoded a tick at a time, to blocks and answers.

Data way: socket -> FrameSplitter -> tick (numpy over all frames) -> part of a partition's block -> broker ->
receipt -> 0x8001. A tick of 5 ms gathers some 50 frames at 10,000 reports/s, where numpy begins to pay.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rules.identity import partition_of
from stream.gateway import metrics
from stream.gateway.connection import Connection
from stream.gateway.dialogue import Dialogue
from stream.gateway.directory import Directory
from stream.gateway.hooks import Listener
from stream.gateway.intake import POSITION, POSITION_BATCH, Intake
from stream.gateway.publisher import Publisher
from stream.gateway.receipt import Receipt, general_responses
from stream.gateway.session import ASKING, AUTHENTICATED, CLOSED, MAX_HELD_BYTES, PHONE_BYTES, Session
from stream.jt808.assembly import first_serial
from stream.jt808.bulk import FrameBatch, decode_frames, decode_positions
from stream.jt808.columns import windows
from stream.jt808.errors import FrameFault
from stream.jt808.header import Header
from stream.jt808.messages import Result

_TICK_S = 0.005
_AUTHENTICATION_GRACE_S = 30.0


class Gateway:
    """All connections of one process. Mutable."""

    def __init__(
        self,
        publisher: Publisher,
        directory: Directory,
        *,
        check_plate: bool = False,
        max_pending_reports: int = 200_000,
        idle_s: float = 180.0,
    ) -> None:
        self.publisher = publisher
        publisher.settle = self.settle
        self.paused: set[Connection] = set()
        self._connections: set[Connection] = set()
        self._sessions: dict[str, Session] = {}
        self._dialogue = Dialogue(
            directory,
            check_plate=check_plate,
            joined=self._joined,
            left=self._left,
            answered=self._look_again,
        )
        self._intake = Intake(publisher, self._refuse_unreadable)
        self._max_pending_reports = max_pending_reports
        self._idle_s = idle_s
        self._frames: list[bytes] = []
        self._owners: list[Session] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def overfull(self) -> bool:
        """Whether more waits for the broker than may; then nothing more is read."""
        return self.publisher.pending_reports >= self._max_pending_reports

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)
        metrics.CONNECTIONS.set(len(self._connections))

    def closed(self, connection: Connection) -> None:
        session = connection.session
        self._connections.discard(connection)
        self.paused.discard(connection)
        self._left(session)
        metrics.CONNECTIONS.set(len(self._connections))

    def session_of(self, phone: str) -> Session | None:
        """The authenticated session of a terminal phone, where this gateway holds its link."""
        return self._sessions.get(phone)

    def follow(self, listener: Listener) -> None:
        """Tell `listener` of sessions and answers from now on."""
        self._dialogue.listener = listener

    def received(self, session: Session, frames: Sequence[bytes]) -> None:
        """Frames of one connection, still escaped, in order."""
        self._frames.extend(frames)
        self._owners.extend([session] * len(frames))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_TICK_S, self._tick)

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """The reports of these messages are durable: say so to their terminals."""
        acknowledged = 0
        for receipt, frame in zip(receipts, general_responses(receipts, Result.OK), strict=True):
            if receipt.session.state is not CLOSED:
                receipt.session.link.write(frame)
                acknowledged += receipt.reports
        metrics.ACKNOWLEDGED.inc(acknowledged)
        metrics.PENDING.set(self.publisher.pending_reports)
        if self.paused and not self.overfull:
            for connection in self.paused:
                connection.resume_reading()
            self.paused.clear()

    def sweep(self) -> None:
        """Close connections that were silent too long or do not authenticate. Called every few seconds."""
        now_s = time.monotonic()
        for connection in list(self._connections):
            if connection.session.terminal is None and now_s - connection.opened_s > _AUTHENTICATION_GRACE_S:
                connection.close("not_authenticated")
            elif now_s - connection.heard_s > self._idle_s and connection not in self.paused:
                connection.close("idle")

    def stop_reading(self) -> None:
        """At a stop: what comes from now on is not read, so that what was read can be finished."""
        for connection in list(self._connections):
            connection.stop_reading()

    def close_all(self) -> None:
        """At a stop."""
        for connection in list(self._connections):
            connection.close("shutdown")

    def _refuse_unreadable(self, session: Session, serial: int, message_id: int) -> None:
        self._dialogue.refuse(session, serial, message_id, Result.BAD_MESSAGE, "malformed")

    def _joined(self, session: Session) -> None:
        assert session.terminal is not None
        session.partition = partition_of(session.terminal.vehicle_key, self.publisher.partitions)
        known = self._sessions.get(session.phone)
        if known is not None and known is not session:
            # JT/T 808 4.4.2: a new connection of the same terminal means that the old one is dead.
            self._left(known)
            known.link.close("replaced")
        self._sessions[session.phone] = session
        metrics.SESSIONS.set(len(self._sessions))

    def _left(self, session: Session) -> None:
        if self._sessions.get(session.phone) is session:
            del self._sessions[session.phone]
            self._dialogue.listener.left(session)
        metrics.SESSIONS.set(len(self._sessions))

    def _look_again(self, session: Session) -> None:
        if session.held:
            frames, session.held = session.held, []
            self.received(session, frames)

    def _tick(self) -> None:
        frames, owners = self._frames, self._owners
        self._frames, self._owners, self._timer = [], [], None
        batch = decode_frames(frames)
        received_ms = int(time.time() * 1000)
        metrics.FRAMES.inc(len(frames))
        live: list[int] = []
        own = _own_phone(batch, owners).tolist()
        message_ids, errors = batch.message_id.tolist(), batch.error.tolist()
        for row, session in enumerate(owners):
            if session.state is CLOSED:
                continue
            if session.state is ASKING:
                _hold(session, frames[row])
            elif errors[row]:
                metrics.FRAME_FAULTS.labels(FrameFault(errors[row]).name.lower()).inc()
            elif own[row] or self._introduced(session, batch, row):
                if message_ids[row] == POSITION and session.state is AUTHENTICATED:
                    live.append(row)
                else:
                    self._message(session, batch, row, message_ids[row], received_ms)
        if live:
            positions, sessions = decode_positions(batch, live), [owners[row] for row in live]
            self._intake.take_live(positions, sessions, batch.serial[live], received_ms)
        metrics.PENDING.set(self.publisher.pending_reports)

    def _introduced(self, session: Session, batch: FrameBatch, row: int) -> bool:
        """A frame with another phone than the session's: one that has not authenticated becomes whoever
        speaks, on any other the frame is refused."""
        phone = batch.phone(row)
        if session.state is AUTHENTICATED:
            metrics.REFUSED.labels("foreign_phone").inc()
            return False
        session.introduce(phone, "2019" if batch.edition_2019[row] else "2013")
        return True

    def _message(
        self, session: Session, batch: FrameBatch, row: int, message_id: int, received_ms: int
    ) -> None:
        serial, body = int(batch.serial[row]), batch.body(row)
        serials = [serial]
        metrics.MESSAGES.labels(f"0x{message_id:04x}").inc()
        if batch.total[row] and session.state is AUTHENTICATED:
            header = _package_header(session, batch, row)
            whole = session.assembler.add(header, body)
            if whole is None:
                return
            # Each package is answered, once what they hold together is durable.
            body, serials = whole, [(first_serial(header) + n) & 0xFFFF for n in range(header.total)]
        if message_id == POSITION_BATCH and session.state is AUTHENTICATED:
            self._intake.take_stored(session, serials, body, received_ms)
        else:
            self._dialogue.handle(session, message_id, serial, body)


def _own_phone(batch: FrameBatch, owners: Sequence[Session]) -> NDArray[np.bool_]:
    """Which frames carry the phone of the session they came on."""
    told = windows(batch.data, batch.frame_start + np.where(batch.edition_2019, 5, 4), PHONE_BYTES)
    known = np.frombuffer(b"".join(session.phone_window for session in owners), np.uint8)
    known = known.reshape(len(owners), PHONE_BYTES)
    same = told == known
    own: NDArray[np.bool_] = same[:, :6].all(axis=1) & (same[:, 6:].all(axis=1) | ~batch.edition_2019)
    return own


def _package_header(session: Session, batch: FrameBatch, row: int) -> Header:
    return Header(
        message_id=int(batch.message_id[row]),
        phone=session.header_phone,
        serial=int(batch.serial[row]),
        total=int(batch.total[row]),
        package=int(batch.package[row]),
    )


def _hold(session: Session, frame: bytes) -> None:
    if sum(map(len, session.held)) + len(frame) <= MAX_HELD_BYTES:
        session.held.append(frame)
    else:
        metrics.REFUSED.labels("not_authenticated").inc()
