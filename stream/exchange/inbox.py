"""What came over one link and is to be stored, understood and answered; in order, bounded, patient.

Two queues, because positions must go on while the database is away: they need the broker alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import asyncpg

from alerts.exchange.messages import IN, OUT, Exchanged, store_messages
from alerts.times import now_ms, to_ms
from stream.exchange import metrics
from stream.exchange.fleet import Fleet, empty_fleet
from stream.exchange.from_above import FROM_ABOVE
from stream.exchange.from_below import FROM_BELOW
from stream.exchange.intake import Intake
from stream.exchange.link import Link
from stream.exchange.plates import RegistryAway
from stream.exchange.received import Answer, Received
from stream.exchange.session import LinkDown
from stream.jt809 import events as e
from stream.jt809.events import MessageReceived
from stream.jt809.messages import RawMessage
from stream.jt809.messages.links import LinkTest
from stream.jt809.messages.statistics import PositionsReceived as PositionCount
from stream.jt809.messages.vehicles import ExchangedPosition, RealTimePosition
from stream.protocol_errors import EncodeError
from stream.worker.database import DATABASE_AWAY, patiently

if TYPE_CHECKING:
    from stream.exchange.session import Session

log = logging.getLogger(__name__)

MAX_MESSAGES = 5000
"""That may wait for the database: an enterprise's vehicles all registered anew; about 1 KB each."""
MAX_BATCHES = 200
"""Reads of positions that may wait for the registry; a read is at most 256 KB."""
MAX_FAULT_BYTES = 65_536
"""Kept of a frame that could not be read: an ordinary one whole, of a picture the beginning."""
BATCH = 100
"""Messages in one transaction."""
_UNSTORED = (LinkTest, RealTimePosition, ExchangedPosition)
"""Answered or taken in, and not kept."""


class Inbox:
    """Mutable; the sinks of one session. `fleet` are the vehicles that are sent over this link."""

    def __init__(self, link: Link, pool: asyncpg.Pool, intake: Intake) -> None:
        self.link = link
        self.fleet: Fleet = empty_fleet()
        self.session: Session | None = None
        self.peer_count = 0
        #: Held from the sending of an order until it is written down: its answer may be faster.
        self.recording = asyncio.Lock()
        self._pool = pool
        self._intake = intake
        self._messages: asyncio.Queue[Received | Exchanged] = asyncio.Queue()
        self._positions: asyncio.Queue[e.PositionsReceived] = asyncio.Queue()
        self._handlers = FROM_BELOW if link.is_upper else FROM_ABOVE

    @property
    def full(self) -> bool:
        """Whether the session must not read on."""
        return (
            self._messages.qsize() >= MAX_MESSAGES
            or self._positions.qsize() >= MAX_BATCHES
            or self._intake.publisher.overfull
        )

    def put_message(self, event: MessageReceived) -> None:
        """A message that is no position."""
        message = event.message
        number = message.sub_type or message.message_id
        metrics.MESSAGES.labels(self.link.name, IN, f"0x{number:04x}").inc()
        if isinstance(message, PositionCount):
            self.peer_count += message.total
        self._messages.put_nowait(
            Received(
                link=self.link,
                at=datetime.now(UTC),
                header=event.header,
                message=message,
                plate=getattr(message, "plate", None) or "",
                plate_colour=getattr(message, "color", None) or 0,
                vehicle_id=None,
            )
        )

    def put_positions(self, event: e.PositionsReceived) -> None:
        """Positions as columns."""
        self._positions.put_nowait(event)

    def put_fault(self, event: e.FrameRefused) -> None:
        """A frame that could not be used is kept with the reason, as long as there is room."""
        if self._messages.qsize() < MAX_MESSAGES:
            header = event.header
            self._messages.put_nowait(
                Exchanged(
                    link=self.link.name,
                    direction=IN,
                    at_ms=now_ms(),
                    message_type=header.message_id if header else 0,
                    sub_type=None,
                    name="",
                    plate="",
                    plate_colour=0,
                    vehicle_id=None,
                    sequence=header.sequence if header else 0,
                    decoded={"error": str(event.error)[:500]},
                    body=event.content[:MAX_FAULT_BYTES],
                )
            )

    def tell_sent(self, message: Answer, sequence: int) -> None:
        """Keep a message that we sent, but for positions."""
        number = message.sub_type or message.message_id
        metrics.MESSAGES.labels(self.link.name, OUT, f"0x{number:04x}").inc()
        if self._messages.qsize() < MAX_MESSAGES:
            self._messages.put_nowait(_exchanged(self.link, message, OUT, now_ms(), sequence, None))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run_messages())
            group.create_task(self._run_positions())

    async def _run_positions(self) -> None:
        while True:
            event = await self._positions.get()
            assert self.session is not None
            taken = await self._intake.take(self.link, event.positions, now_ms(), self.fleet.by_wire)
            self.session.counters["positions_in"] += taken
            self.session.go_on()

    async def _run_messages(self) -> None:
        while True:
            batch = [await self._messages.get()]
            while len(batch) < BATCH and not self._messages.empty():
                batch.append(self._messages.get_nowait())
            async with self.recording:
                answers = await patiently(partial(self._handle, batch), f"link {self.link.name}")
            for answer in answers:
                self._answer(answer)
            if self.session:
                self.session.go_on()

    async def _handle(self, batch: Sequence[Received | Exchanged]) -> list[Answer]:
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                return await self._understand(connection, batch)
        except DATABASE_AWAY:
            raise
        except Exception:
            if len(batch) > 1:
                # One of them is to blame; the others must not suffer.
                return [answer for one in batch for answer in await self._handle([one])]
            log.exception("link %s: a message could not be dealt with; it is kept", self.link.name)
            metrics.FAULTS.labels(self.link.name, "handler").inc()
            async with self._pool.acquire() as connection:
                await store_messages(connection, [self._kept(one) for one in batch])
            return []

    async def _understand(
        self, connection: asyncpg.Connection, batch: Sequence[Received | Exchanged]
    ) -> list[Answer]:
        received = await self._with_vehicles(batch)
        kept = [self._kept(one) for one in received if not _is_unstored(one)]
        await store_messages(connection, kept)
        answers: list[Answer] = []
        for one in received:
            handler = self._handlers.get(type(one.message)) if isinstance(one, Received) else None  # type: ignore[arg-type]
            if handler:
                answers += await handler(connection, one)
        return answers

    async def _with_vehicles(self, batch: Sequence[Received | Exchanged]) -> list[Received | Exchanged]:
        plates = {(one.plate, one.plate_colour) for one in batch if isinstance(one, Received) and one.plate}
        own = self.fleet.by_wire
        try:
            known: Mapping[Any, Any] = await self._intake.directory.lookup(plates - own.keys())
        except RegistryAway as error:
            raise OSError(str(error)) from error
        found: list[Received | Exchanged] = []
        for one in batch:
            if isinstance(one, Received):
                place = (one.plate, one.plate_colour)
                vehicle = own.get(place) or known.get(place)
                found.append(replace(one, vehicle_id=vehicle.vehicle_id) if vehicle else one)
            else:
                found.append(one)
        return found

    def _kept(self, one: Received | Exchanged) -> Exchanged:
        if isinstance(one, Exchanged):
            return one
        return _exchanged(self.link, one.message, IN, to_ms(one.at), one.sequence, one.vehicle_id)

    def _answer(self, answer: Answer) -> None:
        if self.session is None:
            return
        try:
            sent = self.session.send(answer)
        except LinkDown:
            log.warning("link %s: an answer (0x%04x) found no link", self.link.name, answer.sub_type)
            metrics.FAULTS.labels(self.link.name, "answer_lost").inc()
        except EncodeError as error:
            log.error(
                "link %s: an answer (0x%04x) cannot be written: %s", self.link.name, answer.sub_type, error
            )
            metrics.FAULTS.labels(self.link.name, "answer").inc()
        else:
            if not isinstance(answer, RawMessage):
                self.tell_sent(answer, sent.sequence)


def _is_unstored(one: Received | Exchanged) -> bool:
    return isinstance(one, Received) and isinstance(one.message, _UNSTORED)


def _exchanged(
    link: Link, message: Answer, direction: str, at_ms: int, sequence: int, vehicle_id: str | None
) -> Exchanged:
    try:
        body = message.encode(link.version)
    except EncodeError:
        body = b""
    decoded = {} if isinstance(message, RawMessage) else message.show(link.version)
    return Exchanged(
        link=link.name,
        direction=direction,
        at_ms=at_ms,
        message_type=message.message_id,
        sub_type=message.sub_type or None,
        name="" if isinstance(message, RawMessage) else type(message).__name__,
        plate=getattr(message, "plate", None) or "",
        plate_colour=getattr(message, "color", None) or 0,
        vehicle_id=vehicle_id,
        sequence=sequence,
        decoded=decoded,
        body=body,
    )
