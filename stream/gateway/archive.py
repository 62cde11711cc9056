"""Raw frames of chosen vehicles, both ways, to topic `frames`: evidence, and disputes with makers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from alerts.frames import DOWN, UP, ArchivedFrame, digests, encode_frames
from rules.identity import partition_of
from stream.gateway import metrics
from stream.gateway.publisher import Publisher
from stream.gateway.session import Session
from stream.jt808.errors import ProtocolError
from stream.jt808.frame import decode_frame
from stream.jt808.framing import FLAG

#: Vehicles archived at once by one gateway: a person chooses them one by one.
MAX_VEHICLES = 10_000
#: A record's frames: 768 KiB stay under what brokers take.
RECORD_BYTES = 768 * 1024
#: Digests, times and keys beside each frame.
_OVERHEAD_BYTES = 150


@dataclass(slots=True)
class FrameBuilder:
    """Mutable. One a partition; weighed in bytes. Nobody waits for an answer."""

    frames: deque[ArchivedFrame] = field(default_factory=deque)
    weight: int = 0

    def add(self, part: ArchivedFrame) -> int:
        """Take a frame; returns its bytes."""
        self.frames.append(part)
        self.weight += _weight(part)
        return _weight(part)

    def seal(self) -> tuple[bytes | None, list[None], int]:
        """The next record's value and its bytes."""
        taken: list[ArchivedFrame] = []
        weight = 0
        while self.frames and (not taken or weight + _weight(self.frames[0]) <= RECORD_BYTES):
            taken.append(self.frames.popleft())
            weight += _weight(taken[-1])
        self.weight -= weight
        return encode_frames(taken) if taken else None, [], weight


def _weight(frame: ArchivedFrame) -> int:
    return _OVERHEAD_BYTES + len(frame.frame)


class Archive:
    """The orders in force, by vehicle, and the way of their frames. Mutable."""

    def __init__(self, publisher: Publisher[ArchivedFrame, None]) -> None:
        self._publisher = publisher
        self._orders: dict[int, int] = {}

    def order(self, vehicle_key: int, until_ms: int | None) -> bool:
        """Keep the frames of a vehicle until a time (ms since 1970 UTC); None or one in the past ends it.

        Returns False when there are `MAX_VEHICLES` orders already.
        """
        now_ms = _now_ms()
        self._orders = {key: until for key, until in self._orders.items() if until > now_ms}
        if until_ms is None or until_ms <= now_ms:
            self._orders.pop(vehicle_key, None)
            return True
        if vehicle_key not in self._orders and len(self._orders) >= MAX_VEHICLES:
            return False
        self._orders[vehicle_key] = until_ms
        return True

    def attend(self, session: Session) -> None:
        """Begin or end recording a session, as its vehicle's order says."""
        terminal = session.terminal
        ordered = terminal is not None and self._orders.get(terminal.vehicle_key, 0) > _now_ms()
        session.recorder = self if ordered else None

    def heard(self, session: Session, frames: Sequence[bytes]) -> None:
        """Frames from the terminal, without their flags."""
        self._record(session, UP, frames)

    def sent(self, session: Session, data: bytes) -> None:
        """Whole frames to the terminal."""
        self._record(session, DOWN, [content for content in data.split(FLAG) if content])

    def _record(self, session: Session, direction: int, contents: Sequence[bytes]) -> None:
        terminal, now_ms = session.known_terminal, _now_ms()
        if self._orders.get(terminal.vehicle_key, 0) <= now_ms:
            session.recorder = None
            return
        partition = partition_of(terminal.vehicle_key, self._publisher.partitions)
        for content in contents:
            message_id, serial = _head(content)
            frame = FLAG + content + FLAG
            kept = ArchivedFrame(
                *(terminal.vehicle_key, terminal.vehicle_id, direction, now_ms, message_id, serial, frame),
                *digests(frame),
            )
            metrics.ARCHIVED.inc()
            self._publisher.add(partition, kept)


def _head(content: bytes) -> tuple[int, int]:
    try:
        header = decode_frame(content).header
    except ProtocolError:
        return 0, 0
    return header.message_id, header.serial


def _now_ms() -> int:
    return int(time.time() * 1000)
