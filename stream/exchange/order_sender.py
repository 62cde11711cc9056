"""Orders of operators out to the peers, and the ends of commands that peers have asked of our vehicles."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

import asyncpg

from alerts.exchange import post_checks, supervisions
from alerts.exchange.orders import OUT, Order, end_order, mark_sent, open_orders
from stream.exchange import metrics
from stream.exchange.command_ends import answer_ended
from stream.exchange.order_messages import UnsendableOrder, message_of, quoted_number
from stream.exchange.pictures import Pictures
from stream.exchange.runner import Runner
from stream.exchange.session import LinkDown
from stream.protocol_errors import EncodeError
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Between two looks when nobody wakes us; an order given through the desk wakes us at once."""


class OrderSender:
    """Mutable; one a process, for all its links."""

    def __init__(
        self, pool: asyncpg.Pool, runners: Mapping[str, Runner], woken: asyncio.Event, pictures: Pictures
    ) -> None:
        self._pictures = pictures
        self._pool = pool
        self._runners = runners
        self._woken = woken

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._send_waiting()
                await self._answer_commands()
            except DATABASE_AWAY as error:
                log.warning("orders wait, database away: %s: %s", type(error).__name__, error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._woken.wait()
            self._woken.clear()

    def _up(self) -> list[str]:
        return [name for name, runner in self._runners.items() if runner.session.up.is_set()]

    async def _send_waiting(self) -> None:
        links = self._up()
        if not links:
            return
        async with self._pool.acquire() as connection:
            for order in await open_orders(connection, links, "waiting", OUT):
                runner = self._runners.get(order.link)
                if runner is not None:
                    async with runner.inbox.recording:
                        await self._send(connection, order, runner)

    async def _send(self, connection: asyncpg.Connection, order: Order, runner: Runner) -> None:
        vehicle = runner.inbox.fleet.by_plate.get((order.plate, order.plate_colour))
        plate = vehicle.wire_plate if vehicle else order.plate
        try:
            message = message_of(order, runner.link, plate)
            sent = runner.session.send(message)
        except LinkDown:
            return
        except (UnsendableOrder, EncodeError) as error:
            metrics.FAULTS.labels(order.link, "order").inc()
            await end_order(connection, order.order_id, "failed", None, str(error)[:500])
            return
        runner.inbox.tell_sent(message, sent.sequence)
        async with connection.transaction():
            number = quoted_number(order, runner.link, sent.sequence)
            await mark_sent(connection, order.order_id, number)
            if "post_check_id" in order.body:
                await post_checks.delivered(
                    connection, order.body["post_check_id"], sent.sequence, order.kind
                )
            if "case_id" in order.body:
                await supervisions.delivered(connection, order.body["case_id"], sent.sequence, order.kind)

    async def _answer_commands(self) -> None:
        links = self._up()
        if not links:
            return
        async with self._pool.acquire() as connection:
            await answer_ended(connection, self._runners, links, self._pictures)
