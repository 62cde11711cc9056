"""Commands from the desk to the terminals whose links this gateway holds.

Every gateway reads the whole topic from its end and takes what is for its own sessions: commands are few.
"""

from __future__ import annotations

import asyncio
import logging
import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from alerts.arrow import RecordError
from alerts.cancellation import asked_to_end
from alerts.commands import Command, decode_commands
from stream.gateway import metrics
from stream.gateway.server import Gateway
from stream.jt808.errors import EncodeError
from stream.jt808.messages import TextMessage
from stream.topics import COMMANDS

log = logging.getLogger(__name__)

_RETRY_S = 1.0


async def follow_commands(gateway: Gateway, consumer: AIOKafkaConsumer) -> None:
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
        try:
            commands = decode_commands(record.value)
        except RecordError as error:
            metrics.COMMANDS.labels("unreadable").inc()
            log.warning("a record of topic commands is set aside: %s", error)
            continue
        for command in commands:
            metrics.COMMANDS.labels(carry_out(gateway, command)).inc()


def carry_out(gateway: Gateway, command: Command) -> str:
    """Send one command if its terminal is here; returns the outcome's name."""
    session = gateway.session_of(command.terminal_phone)
    if session is None:
        return "elsewhere"
    if command.expires_ms < time.time() * 1000:
        return "expired"
    if command.kind != "text":
        return "unsupported"
    try:
        session.send(TextMessage(int(command.body["flags"]), str(command.body["text"])))
    except EncodeError as error:
        log.warning("command %s cannot be sent to %s: %s", command.command_id, command.vehicle_id, error)
        return "unencodable"
    return "sent"


async def _partitions(consumer: AIOKafkaConsumer) -> list[TopicPartition]:
    """The topic's partitions; it may be made only a moment after we start."""
    while True:
        await consumer._client.add_topic(COMMANDS)
        numbers = consumer.partitions_for_topic(COMMANDS)
        if numbers:
            return [TopicPartition(COMMANDS, number) for number in sorted(numbers)]
        await asyncio.sleep(_RETRY_S)
