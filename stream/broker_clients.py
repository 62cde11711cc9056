"""Starting aiokafka clients when the broker may come later."""

from __future__ import annotations

import asyncio
import logging

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

log = logging.getLogger(__name__)

_RETRY_S = 1.0


async def start_patiently(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """Start a client, waiting for its broker as long as it takes; says so once a try."""
    while True:
        try:
            await client.start()
            return
        except KafkaError as error:
            log.warning("broker away, trying again in %.0f s: %s", _RETRY_S, error)
            await asyncio.sleep(_RETRY_S)
