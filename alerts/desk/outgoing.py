"""Hands commands to the broker: written when this says so, or refused; never some time later by surprise."""

from __future__ import annotations

import asyncio
import logging

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts.cancellation import asked_to_end
from alerts.commands import TOPIC, Command, encode_commands
from alerts.desk.errors import broker_away

log = logging.getLogger(__name__)

SEND_TIMEOUT_S = 5.0
"""An operator waits no longer for a text to be accepted."""


class CommandSender:
    """One producer, made when it is first needed and made anew after a failure."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def send(self, command: Command) -> None:
        """Return when the broker has the command. Raises ``ApiError`` (503) when it hasn't."""
        async with self._lock:
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    producer = await self._started()
                    await producer.send_and_wait(
                        TOPIC, encode_commands([command]), key=command.vehicle_id.encode()
                    )
            except (KafkaError, OSError, TimeoutError) as error:
                # What waits in the producer would be sent when the broker is back, after we said it was not.
                await self._drop()
                log.warning("command %s not sent: %r", command.command_id, error)
                raise broker_away(type(error).__name__) from error
            except asyncio.CancelledError:
                await self._drop()
                if asked_to_end():
                    raise
                raise broker_away("the connection broke") from None

    async def close(self) -> None:
        """Let go of the broker."""
        await self._drop()

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap_servers,
                acks="all",
                request_timeout_ms=int(SEND_TIMEOUT_S * 1000),
            )
            self._producer = producer
            await producer.start()
        return self._producer

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        # stop() would first flush what it holds; closing the connection first makes that fail at once.
        try:
            async with asyncio.timeout(1.0):
                await producer.client.close()
                await producer.stop()
        except (KafkaError, OSError, TimeoutError) as error:
            log.debug("producer did not stop cleanly: %r", error)
