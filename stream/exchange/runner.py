"""Everything that belongs to one link while this process runs it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable

import asyncpg

from alerts.exchange.links import LinkState, write_state
from alerts.exchange.positions import LinkLost
from stream.exchange.alert_forwarder import AlertForwarder
from stream.exchange.fleet import Fleet, load_fleet, registry_stamp
from stream.exchange.forwarder import Forwarder
from stream.exchange.inbox import Inbox
from stream.exchange.intake import Intake
from stream.exchange.link import Link
from stream.exchange.log_reader import LogReader
from stream.exchange.position_block import LinkReceipt
from stream.exchange.session import Clock, LinkDown, Session
from stream.jt809.messages.statistics import PositionsReceived
from stream.jt809.times import from_seconds
from stream.worker.database import DATABASE_AWAY, patiently

log = logging.getLogger(__name__)

FLEET_S = 10.0
"""Between two looks whether the registry has changed."""
STOP_S = 3.0
"""For the tasks of a link to end; the broker's client may take its time."""
STATE_S = 2.0
"""Between two tellings of counters; that a link is up or down is told at once."""


class Runner:
    """Mutable. `end` is called with what no code foresaw: the process ends, to be started anew."""

    def __init__(
        self,
        link: Link,
        epoch: int,
        pool: asyncpg.Pool,
        intake: Intake,
        bootstrap_servers: str,
        clock: Clock,
        end: Callable[[BaseException], None],
    ) -> None:
        self.link = link
        self.inbox = Inbox(link, pool, intake)
        self.session = Session(link, self.inbox, clock)
        self.inbox.session = self.session
        self._epoch = epoch
        self._pool = pool
        self._bootstrap_servers = bootstrap_servers
        self._clock = clock
        self._end = end
        self._durable: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to run the link."""
        self._task = asyncio.create_task(self._run(), name=f"link {self.link.name}")

    async def stop(self) -> None:
        """Log out and end all tasks."""
        await self.session.close()
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=STOP_S)
        with contextlib.suppress(*DATABASE_AWAY, TimeoutError):
            async with asyncio.timeout(1.0):
                await self._write_state()

    def settle(self, receipt: LinkReceipt) -> None:
        """Positions of this link are durable; the peer is told in its time (0x9101)."""
        durable = self._durable
        if not durable["positions"]:
            durable["first_ms"], durable["last_ms"] = receipt.first_ms, receipt.last_ms
        durable["positions"] += receipt.positions
        durable["first_ms"] = min(durable["first_ms"], receipt.first_ms)
        durable["last_ms"] = max(durable["last_ms"], receipt.last_ms)
        self.session.counters["positions_durable"] += receipt.positions

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.inbox.run())
                group.create_task(self._tell_state())
                if self.link.is_upper:
                    if self.link.receipt_s:
                        group.create_task(self._tell_durable())
                elif self.link.forwarding.anything:
                    self.inbox.fleet = await patiently(self._load_fleet, f"vehicles of link {self.link.name}")
                    group.create_task(self._follow_registry())
                    self._forward(group)
                self.session.start()
        except* LinkLost as errors:
            # The keeper sees it too, and gives the link back when it is ours again.
            self.session.last_error = str(errors.exceptions[0])
            log.warning("link %s stops here: %s", self.link.name, self.session.last_error)
            await self.session.close()
        except* Exception as errors:
            self._end(errors)

    def _forward(self, group: asyncio.TaskGroup) -> None:
        reader = LogReader(self._bootstrap_servers, self.link.name)
        positions = Forwarder(self.session, self.inbox, reader, self._pool, self._epoch, self._clock)
        group.create_task(positions.run())
        if self.link.forwarding.alerts:
            alerts = AlertForwarder(self.session, self.inbox, self._pool, self._epoch, self._clock)
            group.create_task(alerts.run())

    async def _load_fleet(self) -> Fleet:
        async with self._pool.acquire() as connection:
            return await load_fleet(connection, self.link)

    async def _follow_registry(self) -> None:
        while True:
            await asyncio.sleep(FLEET_S)
            try:
                async with self._pool.acquire() as connection:
                    if await registry_stamp(connection) != self.inbox.fleet.stamp:
                        self.inbox.fleet = await load_fleet(connection, self.link)
                        log.info("link %s: %d vehicles chosen", self.link.name, len(self.inbox.fleet.keys))
            except DATABASE_AWAY as error:
                log.warning("link %s: vehicles not looked up, database away: %s", self.link.name, error)

    async def _tell_durable(self) -> None:
        """0x9101 at intervals: how many positions of the peer are stored for good."""
        while True:
            await asyncio.sleep(self.link.receipt_s)
            durable = self._durable
            if not durable["positions"]:
                continue
            count = PositionsReceived(
                total=durable["positions"],
                start_time=from_seconds(durable["first_ms"] // 1000),
                end_time=from_seconds(durable["last_ms"] // 1000),
            )
            with contextlib.suppress(LinkDown):
                self.session.send(count)
                durable.clear()

    async def _tell_state(self) -> None:
        while True:
            try:
                if not await self._write_state():
                    log.warning("link %s: another process tells of it", self.link.name)
            except DATABASE_AWAY:
                log.debug("link %s: state not written, database away", self.link.name)
            # Not wait_for: in Python 3.11 it loses a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STATE_S):
                    await self.session.changed.wait()
            self.session.changed.clear()

    async def _write_state(self) -> bool:
        session = self.session
        counters = dict(session.counters)
        counters["positions_counted_by_peer"] = self.inbox.peer_count
        counters |= {f"odd_{name}": count for name, count in session.peer.counts.items() if count}
        state = LinkState(
            main_state=session.state_of("main"),
            sub_state=session.state_of("sub"),
            since=session.since,
            peer=session.peer_address,
            last_error=session.last_error[:500],
            counters=counters,
        )
        async with self._pool.acquire() as connection:
            return await write_state(connection, self.link.name, self._epoch, state)
