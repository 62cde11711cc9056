"""Position reports on their way into blocks: live ones (0x0200) by the column, stored ones by message."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from stream.gateway import metrics
from stream.gateway.block_builder import Part
from stream.gateway.publisher import Publisher
from stream.gateway.receipt import Receipt
from stream.gateway.safety import Heard, alarms_of, count_habits
from stream.gateway.session import Session
from stream.jt808.errors import ProtocolError
from stream.jt808.messages import PositionBatch, PositionReport, split_batch
from stream.jt808.positions import Positions, decode_position_bodies

POSITION = PositionReport.message_id
POSITION_BATCH = PositionBatch.message_id

#: Column `source` of a block.
_LIVE, _BATCH, _BLIND_AREA = 0, 1, 2

_NOTHING = decode_position_bodies([])

#: Answers a message that cannot be read: session, serial, message id.
Refuse = Callable[[Session, int, int], None]


class Intake:
    """Puts reports of authenticated sessions into the blocks of their partitions."""

    def __init__(self, publisher: Publisher[Part, Receipt], refuse: Refuse, heard: Heard) -> None:
        self._publisher = publisher
        self._refuse = refuse
        self._heard = heard

    def take_live(
        self,
        positions: Positions,
        owners: Sequence[Session],
        serials: NDArray[np.uint16],
        received_ms: int,
    ) -> None:
        """0x0200 of one tick: row i of `positions` came from `owners[i]` under `serials[i]`."""
        numbers = serials.tolist()
        metrics.MESSAGES.labels(f"0x{POSITION:04x}").inc(len(owners))
        for row in np.flatnonzero(~positions.ok).tolist():
            self._refuse(owners[row], numbers[row], POSITION)
        count_habits(positions.oddities)
        sound = np.flatnonzero(positions.ok)
        metrics.REPORTS.inc(len(sound))
        partitions = np.array([session.partition for session in owners])[sound]
        for partition in np.unique(partitions).tolist():
            rows = sound[partitions == partition]
            receipts = [Receipt(owners[row], numbers[row], POSITION, 1) for row in rows.tolist()]
            sessions = [receipt.session for receipt in receipts]
            told = [receipt.serial for receipt in receipts]
            alarms = alarms_of(positions, rows, sessions, self._heard)
            self._publisher.add(
                partition, Part(positions, rows, sessions, told, _LIVE, received_ms, receipts, alarms)
            )

    def take_one(self, session: Session, serials: Sequence[int], body: bytes, received_ms: int) -> None:
        """One 0x0200 that did not come with the others of its tick: held back, or in packages."""
        positions = decode_position_bodies([body])
        if positions.ok[0]:
            metrics.REPORTS.inc()
            self._add(session, serials, POSITION, positions, np.zeros(1, np.intp), _LIVE, received_ms)
        else:
            for serial in serials:
                self._refuse(session, serial, POSITION)

    def answer_behind(self, session: Session, serial: int, message_id: int) -> None:
        """Answer a repeated package when all that is on its way for its vehicle is durable."""
        receipt = Receipt(session, serial, message_id, 0)
        part = Part(_NOTHING, np.empty(0, np.intp), (), (), _LIVE, 0, [receipt])
        self._publisher.add(session.partition, part)

    def take_stored(self, session: Session, serials: Sequence[int], body: bytes, received_ms: int) -> None:
        """One 0x0704, whole: reports a terminal kept while it had no link. `serials` are of its packages.

        A message is never split over blocks, so its receipts are due with one block.
        """
        try:
            kind, bodies = split_batch(body)
            positions = decode_position_bodies(bodies)
            rows = np.flatnonzero(positions.ok)
        except ProtocolError:
            rows = np.empty(0, np.intp)
        if not len(rows):
            for serial in serials:
                self._refuse(session, serial, POSITION_BATCH)
            return
        metrics.REFUSED.labels("malformed").inc(len(positions) - len(rows))
        count_habits(positions.oddities)
        metrics.REPORTS.inc(len(rows))
        source = _BLIND_AREA if kind == 1 else _BATCH
        self._add(session, serials, POSITION_BATCH, positions, rows, source, received_ms)

    def _add(
        self,
        session: Session,
        serials: Sequence[int],
        message_id: int,
        positions: Positions,
        rows: NDArray[np.intp],
        source: int,
        received_ms: int,
    ) -> None:
        last = serials[-1]
        receipts = [
            Receipt(session, serial, message_id, len(rows) if serial == last else 0) for serial in serials
        ]
        sessions, told = [session] * len(rows), [last] * len(rows)
        alarms = alarms_of(positions, rows, sessions, self._heard)
        part = Part(positions, rows, sessions, told, source, received_ms, receipts, alarms)
        self._publisher.add(session.partition, part)
