"""Orders of operators out to the peers, and the ends of commands that peers have asked of our vehicles."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Mapping

import asyncpg

from alerts.exchange import post_checks, supervisions
from alerts.exchange.orders import OUT, Order, end_order, mark_sent, open_orders
from stream.exchange import metrics
from stream.exchange.order_messages import UnsendableOrder, message_of, quoted_number
from stream.exchange.runner import Runner
from stream.exchange.session import LinkDown
from stream.exchange.vehicle_answers import command_answer
from stream.protocol_errors import EncodeError
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Between two looks when nobody wakes us; an order given through the desk wakes us at once."""


class OrderSender:
    """Mutable; one a process, for all its links."""

    def __init__(self, pool: asyncpg.Pool, runners: Mapping[str, Runner], woken: asyncio.Event) -> None:
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
            rows = await connection.fetch(
                """SELECT o.order_id, c.state, c.reason, c.result
                   FROM exchange_orders o JOIN commands c USING (command_id)
                   WHERE o.link = ANY($1::text[]) AND o.direction = 'in' AND o.state = 'sent'
                     AND c.ended_at IS NOT NULL LIMIT 200""",
                links,
            )
            ended = {str(row["order_id"]): row for row in rows}
            if not ended:
                return
            for order in await open_orders(connection, links, "sent", "in"):
                row, runner = ended.get(order.order_id), self._runners.get(order.link)
                if row is not None and runner is not None:
                    await self._answer(connection, order, runner, row)

    async def _answer(
        self,
        connection: asyncpg.Connection,
        order: Order,
        runner: Runner,
        ended: asyncpg.Record,
    ) -> None:
        state: str = ended["state"]
        told = json.loads(ended["result"] or "{}")
        answer = await command_answer(connection, runner.link, order, state, told)
        if answer is not None:
            try:
                sent = runner.session.send(answer)
            except LinkDown:
                return
            runner.inbox.tell_sent(answer, sent.sequence)
        end = "answered" if state == "answered" else "failed"
        await end_order(connection, order.order_id, end, {"command_state": state}, ended["reason"])
