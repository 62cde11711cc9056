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
from collections.abc import Sequence

import asyncpg

from alerts.exchange.positions import KnownPlace, Place, load_positions, save_positions
from alerts.times import iso_text, now_ms
from rules.blocks import BlockError, decode_block
from stream.exchange import metrics
from stream.exchange.gap import Gap, gap_packets
from stream.exchange.inbox import Inbox
from stream.exchange.ledger import Ledger
from stream.exchange.log_reader import LogReader, LogRecord
from stream.exchange.packets import HISTORY, Packet, packets_of
from stream.exchange.rate import TokenBucket
from stream.exchange.session import Clock, LinkDown, Session
from stream.topics import TELEMETRY
from stream.worker.database import DATABASE_AWAY, patiently

log = logging.getLogger(__name__)

Places = dict[int, Place]
"""How far each partition of the log has been sent."""

RETRY_S = 1.0
CHUNK = 50
"""Messages written at once: about 5 KB, so that other tasks and the rate have their turn."""


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
        """From the confirmed places on, until a link breaks."""
        places, gap = await self._begin()
        ledger: Ledger[Places] = Ledger(self._session, self.link.confirm_s, self._clock)
        saved, self._sent_since = (None if gap else dict(places)), 0
        try:
            if gap:
                await self._fill(gap, ledger)
            while self._session.up.is_set() and not ledger.broken:
                for record in await self._reader.read():
                    if record.offset > places[record.partition].next_offset:
                        return  # deleted before its turn: begin anew, where the gap is seen
                    reached_ms = await self._send(record, ledger)
                    places[record.partition] = Place(record.offset + 1, reached_ms)
                metrics.LAG.labels(self.link.name).set(
                    self._reader.lag_records({number: one.next_offset for number, one in places.items()})
                )
                known = ledger.arrived(dict(places)) if places != saved else None
                if known is not None and await self._save_if_possible(known):
                    saved = known
        except LinkDown:
            pass
        if ledger.broken:
            metrics.REWINDS.labels(self.link.name).inc()

    async def _begin(self) -> tuple[Places, Gap | None]:
        """Read from the confirmed places on; where there are none, the beginning is one from now on. What the
        log no longer holds of what lies between is a gap; until it is filled no place is written."""
        doing = f"positions of link {self.link.name}"
        known, served = await patiently(self._load, doing)
        wanted = {number: one.next_offset for number, one in known.items() if one.same_log}
        found = await self._reader.seek(wanted, served)
        gone = {
            number
            for number, one in known.items()
            if not one.same_log or number not in found or wanted[number] < found[number]
        }
        now = now_ms()
        places = {
            number: Place(offset, known[number].reached_ms if number in known else now)
            for number, offset in found.items()
        }
        if not gone:
            await patiently(lambda: self._save(places), doing)
            return places, None
        since_ms = {number: known[number].reached_ms for number in gone}
        until_ms = await self._reader.first_received_ms(gone & found.keys(), found) or now
        log.warning("link %s: what was received since %s is no longer in the log; sent from the tracks",
                    self.link.name, iso_text(min(since_ms.values())))  # fmt: skip
        places |= {number: Place(found[number], until_ms) for number in gone & found.keys()}
        return places, Gap(since_ms, until_ms)

    async def _fill(self, gap: Gap, ledger: Ledger[Places]) -> None:
        """Send what the tracks hold of a gap. Raises LinkDown."""
        partitions = self._reader.partitions
        try:
            async for packets in gap_packets(self._pool, self.link, self._inbox.fleet, gap, partitions):
                await self._write(packets, ledger)
        except DATABASE_AWAY as error:
            log.warning("link %s: tracks cannot be read, beginning anew: %s", self.link.name, error)
            await asyncio.sleep(RETRY_S)
            raise LinkDown(self.link.name) from error

    async def _load(self) -> tuple[dict[int, KnownPlace], bool]:
        identity = self._reader.identity
        async with self._pool.acquire() as connection:
            known = await load_positions(
                connection, self.link.name, TELEMETRY, identity.cluster_id, identity.topic_id
            )
        return known, bool(known)

    async def _save(self, places: Places) -> None:
        identity = self._reader.identity
        log_name = (TELEMETRY, identity.cluster_id, identity.topic_id)
        async with self._pool.acquire() as connection:
            await save_positions(connection, self.link.name, self._epoch, log_name, places)

    async def _save_if_possible(self, places: Places) -> bool:
        """While the database is away the link goes on; what it confirms meanwhile is asked for again."""
        try:
            await self._save(places)
        except DATABASE_AWAY as error:
            log.warning("link %s: positions not saved, database away: %s", self.link.name, error)
            return False
        metrics.CONFIRMED.labels(self.link.name).inc(self._sent_since)
        self._session.counters["positions_confirmed"] += self._sent_since
        self._sent_since = 0
        return True

    async def _send(self, record: LogRecord, ledger: Ledger[Places]) -> int:
        """One block; returns when it was received. Raises LinkDown."""
        try:
            block = decode_block(record.value)
        except BlockError as error:
            log.error("link %s: record %d of partition %d cannot be read: %s",
                      self.link.name, record.offset, record.partition, error)  # fmt: skip
            metrics.FAULTS.labels(self.link.name, "block").inc()
            return now_ms()
        old_ms = int((self._clock() - self.link.history_after_s) * 1000)
        await self._write(list(packets_of(self._inbox.fleet, block, self.link, old_ms)), ledger)
        return int(block.reports.received_ms.max()) if block.rows else now_ms()

    async def _write(self, packets: Sequence[Packet], ledger: Ledger[Places]) -> None:
        for at in range(0, len(packets), CHUNK):
            chunk = packets[at : at + CHUNK]
            await self._allow(sum(packet.positions for packet in chunk), ledger)
            sent = self._session.send_all([packet.message for packet in chunk])
            ledger.wrote({one.link for one in sent})
            self._count(chunk)
            await self._session.drain()

    async def _allow(self, positions: int, ledger: Ledger[Places]) -> None:
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
