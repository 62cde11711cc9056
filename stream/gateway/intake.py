"""Position reports on their way into blocks: live ones (0x0200) a tick at a time, stored ones by message."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stream.gateway import metrics
from stream.gateway.block_builder import Part
from stream.gateway.publisher import Publisher
from stream.gateway.receipt import Owed
from stream.gateway.session import Session
from stream.jt808.errors import ProtocolError
from stream.jt808.messages import PositionBatch, PositionReport, split_batch
from stream.jt808.positions import BASE_BYTES

POSITION = PositionReport.message_id
POSITION_BATCH = PositionBatch.message_id

#: Column `source` of a block.
_LIVE, _BATCH, _BLIND_AREA = 0, 1, 2

#: Answers a message that cannot be read: session, serial, message id.
Refuse = Callable[[Session, int, int], None]


class Intake:
    """Puts reports of authenticated sessions into the blocks of their partitions."""

    def __init__(self, publisher: Publisher[Part, Owed], refuse: Refuse) -> None:
        self._publisher = publisher
        self._refuse = refuse
        self._live = metrics.MESSAGES.labels(f"0x{POSITION:04x}")

    def take_live(
        self, sessions: Sequence[Session], serials: Sequence[int], bodies: Sequence[bytes], received_ms: int
    ) -> None:
        """0x0200 of one tick, in their order."""
        self._live.inc(len(sessions))
        parts: dict[int, Part] = {}
        for session, serial, body in zip(sessions, serials, bodies, strict=True):
            if len(body) < BASE_BYTES:
                self._refuse(session, serial, POSITION)
                continue
            part = parts.get(session.partition)
            if part is None:
                part = parts[session.partition] = _empty(received_ms)
            part.sessions.append(session)
            part.serials.append(serial)
            part.bodies.append(body)
        for partition, part in parts.items():
            metrics.REPORTS.inc(len(part.bodies))
            self._publisher.add(partition, part)

    def take_one(self, session: Session, serials: Sequence[int], body: bytes, received_ms: int) -> None:
        """One 0x0200 that did not come with the others of its tick: held back, or in packages."""
        self._take(session, serials, POSITION, [body], _LIVE, received_ms)

    def answer_behind(self, session: Session, serial: int, message_id: int) -> None:
        """Answer a repeated package when all that is on its way for its vehicle is durable."""
        owed = Owed([session], [serial], message_id, 0)
        self._publisher.add(session.partition, Part([], [], [], _LIVE, 0, owed))

    def take_stored(self, session: Session, serials: Sequence[int], body: bytes, received_ms: int) -> None:
        """One 0x0704, whole: reports a terminal kept while it had no link. `serials` are of its packages.

        A message is never split over blocks, so its answers are due with one block.
        """
        try:
            kind, bodies = split_batch(body)
        except ProtocolError:
            kind, bodies = 0, []
        source = _BLIND_AREA if kind == 1 else _BATCH
        self._take(session, serials, POSITION_BATCH, bodies, source, received_ms)

    def _take(
        self,
        session: Session,
        serials: Sequence[int],
        message_id: int,
        bodies: Sequence[bytes],
        source: int,
        received_ms: int,
    ) -> None:
        sound = [body for body in bodies if len(body) >= BASE_BYTES]
        if not sound:
            for serial in serials:
                self._refuse(session, serial, message_id)
            return
        metrics.REFUSED.labels("malformed").inc(len(bodies) - len(sound))
        metrics.REPORTS.inc(len(sound))
        owed = Owed([session] * len(serials), serials, message_id, len(sound))
        rows = len(sound)
        part = Part([session] * rows, [serials[-1]] * rows, sound, source, received_ms, owed)
        self._publisher.add(session.partition, part)


def _empty(received_ms: int) -> Part:
    """A part of live reports, to be filled: each row is answered by its own serial."""
    sessions: list[Session] = []
    serials: list[int] = []
    return Part(sessions, serials, [], _LIVE, received_ms, Owed(sessions, serials, POSITION, -1))
