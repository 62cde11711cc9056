"""Positions of chosen vehicles from the log to a peer: nothing lost, at the rate the peer allows.

1. *Load* the link's positions in the log (`exchange_positions`): what lies before has reached the peer.
2. *Read* on from there, choose the vehicles of the link's rule, write 0x1202, or 0x1203 for what is old.
3. *Confirm*: when the peer is known to have read it (`stream.exchange.ledger`), write the positions back.
4. When a link breaks that carried something unconfirmed, begin at 1: at most what was written since the last
   confirmation is sent twice, and nothing is left out, however long the peer was away.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
from numpy.typing import NDArray

from alerts.exchange.positions import load_positions, save_positions, was_served
from rules.blocks import Block, BlockError, decode_block
from stream.exchange import metrics
from stream.exchange.fleet import ChosenVehicle, Fleet
from stream.exchange.inbox import Inbox
from stream.exchange.ledger import Ledger
from stream.exchange.log_reader import LogReader, LogRecord
from stream.exchange.position_data import outgoing_of
from stream.exchange.rate import TokenBucket
from stream.exchange.session import Clock, LinkDown, Session
from stream.exchange.stored_positions import gnss_data, history_messages
from stream.jt809.messages import RawMessage
from stream.jt809.messages.base import Wrapper
from stream.topics import TELEMETRY
from stream.worker.database import DATABASE_AWAY, patiently

log = logging.getLogger(__name__)

CHUNK = 50
"""Messages written at once: about 5 KB, so that other tasks and the rate have their turn."""
REAL_TIME, HISTORY = 0x1202, 0x1203
_UP = 0x1200


@dataclass(frozen=True, slots=True)
class Packet:
    """One message and how many positions it holds."""

    message: RawMessage
    positions: int


class Forwarder:
    """Mutable; one a link of role lower that forwards."""

    def __init__(
        self, session: Session, inbox: Inbox, reader: LogReader, pool: asyncpg.Pool, epoch: int, clock: Clock
    ) -> None:
        self.link = session.link
        self._session = session
        self._inbox = inbox
        self._reader = reader
        self._pool = pool
        self._epoch = epoch
        self._clock = clock
        self._bucket = TokenBucket(self.link.rate_per_s)
        self._sent_since = 0

    async def run(self) -> None:
        """Until cancelled. Raises LinkLost when another process has taken the link over."""
        await self._reader.open()
        try:
            # At once, not when the peer is there: what comes before its first visit is for it too.
            await self._begin()
            while True:
                await self._session.up.wait()
                await self._serve()
        finally:
            await self._reader.close()

    async def _serve(self) -> None:
        """From the confirmed positions on, until a link breaks."""
        offsets = await self._begin()
        ledger: Ledger[dict[int, int]] = Ledger(self._session, self.link.confirm_s, self._clock)
        saved, self._sent_since = dict(offsets), 0
        try:
            while self._session.up.is_set() and not ledger.broken:
                for record in await self._reader.read():
                    await self._send(record, ledger)
                    offsets[record.partition] = record.offset + 1
                metrics.LAG.labels(self.link.name).set(self._reader.lag_records(offsets))
                known = ledger.arrived(dict(offsets)) if offsets != saved else None
                if known is not None and await self._save_if_possible(known):
                    saved = known
        except LinkDown:
            pass
        if ledger.broken:
            metrics.REWINDS.labels(self.link.name).inc()

    async def _begin(self) -> dict[int, int]:
        """Read from the confirmed positions on; where there are none, the beginning is one from now on."""
        doing = f"positions of link {self.link.name}"
        offsets = await self._reader.seek(*await patiently(self._load, doing))
        await patiently(lambda: self._save(offsets), doing)
        return offsets

    async def _load(self) -> tuple[dict[int, int], bool]:
        identity = self._reader.identity
        async with self._pool.acquire() as connection:
            served = await was_served(connection, self.link.name, TELEMETRY)
            found = await load_positions(
                connection, self.link.name, TELEMETRY, identity.cluster_id, identity.topic_id
            )
        return found, served

    async def _save(self, offsets: dict[int, int]) -> None:
        identity = self._reader.identity
        place = (TELEMETRY, identity.cluster_id, identity.topic_id)
        async with self._pool.acquire() as connection:
            await save_positions(connection, self.link.name, self._epoch, place, offsets)

    async def _save_if_possible(self, offsets: dict[int, int]) -> bool:
        """While the database is away the link goes on; what it confirms meanwhile is asked for again."""
        try:
            await self._save(offsets)
        except DATABASE_AWAY as error:
            log.warning("link %s: positions not saved, database away: %s", self.link.name, error)
            return False
        metrics.CONFIRMED.labels(self.link.name).inc(self._sent_since)
        self._session.counters["positions_confirmed"] += self._sent_since
        self._sent_since = 0
        return True

    async def _send(self, record: LogRecord, ledger: Ledger[dict[int, int]]) -> None:
        """One block. Raises LinkDown."""
        try:
            block = decode_block(record.value)
        except BlockError as error:
            log.error("link %s: record %d of partition %d cannot be read: %s",
                      self.link.name, record.offset, record.partition, error)  # fmt: skip
            metrics.FAULTS.labels(self.link.name, "block").inc()
            return
        old_ms = int((self._clock() - self.link.history_after_s) * 1000)
        packets = list(packets_of(self._inbox.fleet, block, self._session, old_ms))
        for at in range(0, len(packets), CHUNK):
            chunk = packets[at : at + CHUNK]
            await self._allow(sum(packet.positions for packet in chunk), ledger)
            sent = self._session.send_all([packet.message for packet in chunk])
            ledger.wrote({one.link for one in sent})
            self._count(chunk)
            await self._session.drain()

    async def _allow(self, positions: int, ledger: Ledger[dict[int, int]]) -> None:
        """Wait until the rate allows so many more. Raises LinkDown when the link breaks meanwhile."""
        left = positions
        while True:
            left -= self._bucket.take(left, time.monotonic())
            if not left:
                return
            await asyncio.sleep(min(self._bucket.wait_s(), 0.2))
            if ledger.broken or not self._session.up.is_set():
                raise LinkDown(self.link.name)

    def _count(self, chunk: Sequence[Packet]) -> None:
        for packet in chunk:
            kind = "history" if packet.message.sub_type == HISTORY else "real_time"
            metrics.POSITIONS_OUT.labels(self.link.name, kind).inc(packet.positions)
            self._session.counters["positions_out"] += packet.positions
            self._sent_since += packet.positions


def packets_of(fleet: Fleet, block: Block, session: Session, old_ms: int) -> Iterator[Packet]:
    """The messages for a block's positions of chosen vehicles, in their order; those made before `old_ms` as
    history, up to five of a vehicle together, in the order of their times."""
    rows = _chosen(fleet, block, session)
    if not len(rows):
        return
    vehicles = fleet.rows_of(block.reports.vehicle_key[rows])
    data = gnss_data(session.link, outgoing_of(block, rows))
    old = block.reports.time_ms[rows] < old_ms
    for at in np.flatnonzero(~old).tolist():
        vehicle = fleet.vehicles[vehicles[at]]
        message = RawMessage(
            _UP, REAL_TIME, data[at], vehicle.wire_plate, vehicle.plate_colour, Wrapper.VEHICLE
        )
        yield Packet(message, 1)
    times = block.reports.time_ms[rows]
    for row in np.unique(vehicles[old]).tolist():
        theirs = np.flatnonzero(old & (vehicles == row))
        theirs = theirs[np.argsort(times[theirs], kind="stable")]
        yield from _history(fleet.vehicles[row], [data[at] for at in theirs.tolist()])


def _history(vehicle: ChosenVehicle, data: Sequence[bytes]) -> Iterator[Packet]:
    for message in history_messages(_UP, HISTORY, vehicle.wire_plate, vehicle.plate_colour, data):
        yield Packet(message, message.data[0])


def _chosen(fleet: Fleet, block: Block, session: Session) -> NDArray[np.int64]:
    reports = block.reports
    chosen = fleet.rows_of(reports.vehicle_key) >= 0
    bbox = session.link.forwarding.bbox
    if bbox is not None:
        west, south, east, north = bbox
        chosen &= (reports.longitude_deg >= west) & (reports.longitude_deg <= east)
        chosen &= (reports.latitude_deg >= south) & (reports.latitude_deg <= north)
    return np.flatnonzero(chosen)
