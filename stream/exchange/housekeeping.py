"""What is due by the clock for all links: questions and cases that expire, messages that are old enough."""

from __future__ import annotations

import asyncio
import logging

import asyncpg

from alerts.exchange import orders, post_checks, supervisions
from alerts.exchange.messages import forget_messages
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

LOOK_S = 5.0
FORGET_EVERY = 720
"""Looks between two deletions: an hour."""


async def keep_house(pool: asyncpg.Pool, keep_days: int) -> None:
    """Until cancelled."""
    look = 0
    while True:
        try:
            async with pool.acquire() as connection:
                await post_checks.expire(connection)
                await supervisions.expire(connection)
                await orders.expire_orders(connection)
                if look % FORGET_EVERY == 0:
                    await forget_messages(connection, keep_days)
            look += 1
        except DATABASE_AWAY as error:
            log.warning("nothing expires, database away: %s: %s", type(error).__name__, error)
        await asyncio.sleep(LOOK_S)
