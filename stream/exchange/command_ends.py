"""The ends of commands that platforms above have asked of our vehicles: answered over their links."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping

import asyncpg

from alerts.exchange.orders import Order, end_order, read_orders
from stream.exchange import metrics
from stream.exchange.pictures import FORMATS, MAX_BYTES, Pictures, fits
from stream.exchange.runner import Runner
from stream.exchange.session import LinkDown
from stream.exchange.vehicle_answers import CommandEnd, command_answer
from stream.jt809.messages.supervision import Photo
from stream.protocol_errors import EncodeError

log = logging.getLogger(__name__)

GIVE_UP_S = 30
"""Before the end of an order: a picture that is not there by then is not waited for, so that the peer hears
of it while its order stands."""
MAX_ENDS = 200
"""Answered in one look; the next one comes within a second."""

_ENDED = """
    SELECT o.order_id, c.state, c.reason, c.result, f.sha256, f.size_bytes, f.content_type,
           o.expires_at < now() + make_interval(secs => $2) AS last_look
    FROM exchange_orders o JOIN commands c USING (command_id)
    LEFT JOIN LATERAL (
        SELECT e.sha256, e.size_bytes, e.content_type FROM evidence_files e
        WHERE o.kind = 'photo' AND c.state = 'answered' AND e.vehicle_key = c.vehicle_key
          AND e.announced_at >= c.created_at AND e.source = 'media' AND e.state = 'complete'
          AND e.content_type = ANY($3::text[]) AND c.result->'media_ids' @> to_jsonb(e.media_id)
        ORDER BY e.number LIMIT 1) f ON true
    WHERE o.link = ANY($1::text[]) AND o.direction = 'in' AND o.state = 'sent' AND o.expires_at > now()
      AND c.ended_at IS NOT NULL
      AND (o.kind <> 'photo' OR c.state <> 'answered' OR f.sha256 IS NOT NULL
           OR o.expires_at < now() + make_interval(secs => $2))
    ORDER BY o.created_at LIMIT $4"""
"""A photo is at its end when its file is there: media id of the terminal's answer, taken after the order."""


async def answer_ended(
    connection: asyncpg.Connection, runners: Mapping[str, Runner], links: list[str], pictures: Pictures
) -> None:
    """Answer, over those of `links` that are up, what has ended."""
    rows = await connection.fetch(_ENDED, links, GIVE_UP_S, list(FORMATS), MAX_ENDS)
    ended = {str(row["order_id"]): row for row in rows}
    for order in await read_orders(connection, list(ended)) if ended else ():
        runner = runners.get(order.link)
        if runner is not None:
            await _answer(connection, order, runner, ended[order.order_id], pictures)


async def _answer(
    connection: asyncpg.Connection, order: Order, runner: Runner, row: asyncpg.Record, pictures: Pictures
) -> None:
    done, reason, photo = row["state"] == "answered", row["reason"], None
    if done and order.kind == "photo":
        photo = await _photo(order, runner, row, pictures)
        if photo is None and not row["last_look"]:
            return
        if photo is None or not photo.data:
            done, reason = False, "no picture in time" if photo is None else "the picture fits no frame"
    told = json.loads(row["result"] or "{}")
    answer = await command_answer(
        connection, runner.link, order, CommandEnd(row["state"], row["reason"], told, photo if done else None)
    )
    if answer is not None:
        try:
            sent = runner.session.send(answer)
        except LinkDown:
            return
        except EncodeError as error:
            log.error("link %s: the answer to a %s cannot be written: %s", order.link, order.kind, error)
            metrics.FAULTS.labels(order.link, "answer").inc()
            done, reason = False, str(error)[:500]
        else:
            runner.inbox.tell_sent(answer, sent.sequence)
    state = "answered" if done else "failed"
    await end_order(connection, order.order_id, state, {"command_state": row["state"]}, reason)


async def _photo(order: Order, runner: Runner, row: asyncpg.Record, pictures: Pictures) -> Photo | None:
    """The picture, without data where it has no room in a frame; None while there is none, or while the peer
    does not read those before it: two hundred of them would fill our memory."""
    if row["sha256"] is None or not runner.session.writable:
        return None
    data = b"" if row["size_bytes"] > MAX_BYTES else await pictures.read(row["sha256"], row["size_bytes"])
    if data is None:
        return None
    fitting = data if fits(runner.link, data) else b""
    return Photo(size_type=order.body["size"] or 0, format=FORMATS[row["content_type"]], data=fitting)
