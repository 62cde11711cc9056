"""The one agent of the worker: Faust fetches, balances partitions and applies back-pressure, nothing more.

Faust decides where to read in one place, `Consumer.seek_to_committed`. Here it asks the database instead:
Kafka's committed offset lags by design (`noack`) and would lose or repeat a second of reports after a crash.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from stream.topics import TELEMETRY
from stream.worker.round import Record

log = logging.getLogger(__name__)

#: Offsets to read the given partitions from. The flag says that a rebalance lies between: claim them anew.
Positions = Callable[[frozenset[int], bool], Awaitable[Mapping[int, int]]]
SeekPositions = Callable[[frozenset[int]], Awaitable[Mapping[int, int]]]
Sink = Callable[[Record], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LogSourceSettings:
    """How the worker joins its consumer group. Short timeouts, because a group of workers is small and near;
    with Faust's defaults a first join takes 30 s."""

    bootstrap_servers: str
    group: str
    session_timeout_s: float = 6.0
    rebalance_timeout_s: float = 3.0
    heartbeat_interval_s: float = 2.0
    #: Records Faust may hold for the agent: about 256 blocks of up to 300 KB.
    buffer_records: int = 256
    client_id: str = "haulwatch-worker"
    #: How long the broker may hold a fetch that finds nothing. Faust's 1,500 ms is fixed in its driver; the
    #: embedded broker looks again only after half of this time, which would be seen as latency.
    fetch_max_wait_ms: int = 50


class LogSource:
    """Wraps the Faust app."""

    def __init__(self, settings: LogSourceSettings, positions: Positions, sink: Sink) -> None:
        self._positions = positions
        self._stale = True
        self._held: frozenset[int] = frozenset()
        self.app = _make_app(settings, self._seek_positions)
        self.app.on_partitions_revoked.connect(self._on_revoked, weak=False)  # type: ignore[arg-type]
        self._sink = sink
        topic = self.app.topic(TELEMETRY, key_type=bytes, value_type=bytes, key_serializer="raw",
                               value_serializer="raw")  # fmt: skip
        self.app.agent(topic, name="telemetry")(self._consume)

    async def start(self) -> None:
        """Join the group. Raises aiokafka's errors when no broker answers."""
        self.app.finalize()
        await self.app.start()

    async def seek(self, partition: int, offset: int) -> None:
        """Read `partition` again from `offset`."""
        await self.app.consumer.seek(TP(TELEMETRY, partition), offset)

    def ends(self) -> dict[int, int]:
        """Where the log of each partition of ours ends, as the newest fetch said."""
        thread = self.app.consumer._thread  # type: ignore[attr-defined]
        found = {}
        for tp in thread.assignment():
            state = thread._consumer._subscription.subscription.assignment.state_value(tp)
            if tp.topic == TELEMETRY and state is not None and state.highwater is not None:
                found[tp.partition] = state.highwater
        return found

    async def _consume(self, stream: Any) -> None:
        # noack: the checkpoint in the database is what counts, and an acknowledged message is one that Faust
        # may skip.
        async for event in stream.noack().events():
            message = event.message
            if message.generation_id == self.app.consumer_generation_id:
                await self._sink(Record(message.partition, message.offset, message.value))

    async def _on_revoked(self, _app: Any, revoked: Iterable[TP], **_: Any) -> None:
        self._stale = True

    async def _seek_positions(self, assigned: frozenset[int]) -> Mapping[int, int]:
        # Faust asks again and again while its flow is stopped; a claim is made once a rebalance.
        claim = self._stale or assigned != self._held
        offsets = await self._positions(assigned, claim)
        self._held, self._stale = assigned, False
        return offsets


#: Nothing is ever committed to the broker; Faust would call that an error for each partition, every minute.
_NEVER_S = 10 * 365 * 86_400.0


def _make_app(settings: LogSourceSettings, seek_positions: SeekPositions) -> faust.App:
    app = faust.App(
        settings.group,
        broker=[f"kafka://{server}" for server in settings.bootstrap_servers.split(",")],
        broker_client_id=settings.client_id,
        broker_session_timeout=settings.session_timeout_s,
        broker_rebalance_timeout=settings.rebalance_timeout_s,
        broker_heartbeat_interval=settings.heartbeat_interval_s,
        broker_commit_livelock_soft_timeout=_NEVER_S,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        stream_buffer_maxsize=settings.buffer_records,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        logging_config={"version": 1, "disable_existing_loggers": False},
    )

    class PromptThread(driver.AIOKafkaConsumerThread):
        """Fetches with our own waiting time."""

        def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
            consumer = super()._create_worker_consumer(transport)
            consumer._fetch_max_wait_ms = settings.fetch_max_wait_ms
            return consumer

    class CheckpointConsumer(driver.Consumer):
        """Reads from where the database's checkpoint says."""

        def _new_consumer_thread(self) -> PromptThread:
            return PromptThread(self, loop=self.loop, beacon=self.beacon)

        async def seek_to_committed(self) -> Mapping[TP, int]:
            ours = {tp for tp in self.assignment() if tp.topic == TELEMETRY}
            offsets = await seek_positions(frozenset(tp.partition for tp in ours))
            wanted = {tp: offsets[tp.partition] for tp in ours if tp.partition in offsets}
            if wanted:
                await self._thread.seek_wait(wanted)
            return wanted

    class CheckpointTransport(driver.Transport):
        Consumer = CheckpointConsumer

    app.transport = CheckpointTransport(app.conf.broker_consumer, app)
    return app
