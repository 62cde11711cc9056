"""Where a gateway learns of commands: the topic as they come, the table at the start and now and then.

Every gateway reads the whole topic from its end: commands are few. What the topic did not bring (it was given
while no gateway ran, or while the broker was away) is in the table.
"""

from __future__ import annotations

import asyncio
import logging

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from alerts.arrow import RecordError
from alerts.cancellation import asked_to_end
from alerts.command_progress import (
    Held,
    is_id,
    read_commands,
    read_unfinished_ids,
    read_unfinished_of,
)
from alerts.commands import decode_commands
from stream.gateway import metrics
from stream.gateway.command_carrier import Carrier
from stream.topics import COMMANDS
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

_RETRY_S = 1.0
#: How often the table is compared with what is kept: it frees what has ended elsewhere, and finds what a
#: broker that was away did not bring.
_COMPARE_S = 30.0
#: How soon after a login its vehicle is looked up; gathers the logins of a storm.
_LOOK_S = 0.5
#: Commands or vehicles a question: some 10 ms of work.
_PAGE = 1000


async def follow_topic(carrier: Carrier, consumer: AIOKafkaConsumer) -> None:
    """Until cancelled. A broker that is away only delays."""
    partitions = await _partitions(consumer)
    consumer.assign(partitions)
    await consumer.seek_to_end(*partitions)
    while True:
        try:
            record = await consumer.getone()
        except (KafkaError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and asked_to_end():
                raise
            log.warning("commands wait: %s: %s", type(error).__name__, error)
            await asyncio.sleep(_RETRY_S)
            continue
        take_record(carrier, record.value)


def take_record(carrier: Carrier, value: bytes) -> None:
    """The commands of one record; one that can't be read is counted and set aside."""
    try:
        commands = decode_commands(value)
    except RecordError as error:
        metrics.COMMANDS.labels("unreadable").inc()
        log.warning("a record of topic commands is set aside: %s", error)
        return
    sound = [command for command in commands if is_id(command.command_id)]
    metrics.COMMANDS.labels("unreadable").inc(len(commands) - len(sound))
    # Records of version 1 have no operator, and no row either.
    carrier.writer.adopt([command for command in sound if not command.operator])
    for command in sound:
        carrier.take(Held(command))


async def follow_table(carrier: Carrier, pool: asyncpg.Pool, capacity: int) -> None:
    """Compare with the table until cancelled. A database that is away only delays."""
    loop = asyncio.get_running_loop()
    due_s = loop.time()
    while True:
        try:
            await _look_up_wanted(carrier, pool)
            if loop.time() >= due_s:
                await compare(carrier, pool, capacity)
                due_s = loop.time() + _COMPARE_S
        except (*DATABASE_AWAY, asyncpg.PostgresError) as error:
            log.warning("the table of commands cannot be read: %s: %s", type(error).__name__, error)
            await asyncio.sleep(_RETRY_S)
        await asyncio.sleep(_LOOK_S)


async def compare(carrier: Carrier, pool: asyncpg.Pool, capacity: int) -> None:
    """Take what the table has and we have not; forget what it does not have any more."""
    known = carrier.ids()
    unfinished = await read_unfinished_ids(pool, capacity)
    fresh = [command_id for command_id in unfinished if command_id not in known]
    for start in range(0, len(fresh), _PAGE):
        for held in await read_commands(pool, fresh[start : start + _PAGE]):
            carrier.take(held)
    if len(unfinished) < capacity:
        # What came from the topic meanwhile is not known, and not forgotten; records of version 1 wait for
        # their row.
        carrier.forget(known.difference(unfinished) - carrier.writer.adopting())


async def _look_up_wanted(carrier: Carrier, pool: asyncpg.Pool) -> None:
    """What waits for terminals that have just joined, whoever had it in hand before."""
    while carrier.wanted:
        wanted = list(carrier.wanted)[:_PAGE]
        for held in await read_unfinished_of(pool, wanted):
            carrier.take(held)
        carrier.wanted.difference_update(wanted)


async def _partitions(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    """The topic's partitions; it may be made only a moment after we start."""
    while True:
        await consumer._client.add_topic(COMMANDS)
        numbers = consumer.partitions_for_topic(COMMANDS)
        if numbers:
            return [TopicPartition(COMMANDS, number) for number in sorted(numbers)]
        await asyncio.sleep(_RETRY_S)
