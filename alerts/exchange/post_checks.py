"""Post checks (查岗): questions of an upper platform to whoever is on duty below, answered in time or not.

The rate of answered checks is part of the assessment of enterprises and platforms (交运发〔2016〕160号).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from alerts.exchange.orders import IN, OUT, add_order
from alerts.revision import canonical_json

DEFAULT_ANSWER_S = 600
"""Where a question names no time (2011 does not): ten minutes, as provincial platforms usually give."""

DELIVERY_S = 3600
"""How long an answer may wait for its link; later, the platform above has counted the check as missed."""


class UnknownPostCheck(LookupError):
    """There is no post check with this id."""


class PostCheckClosed(Exception):
    """It is answered already, or its time is over; `state` says which, `by` who answered."""

    def __init__(self, state: str, by: str | None) -> None:
        super().__init__(f"the post check is {state}" + (f" by {by}" if by else ""))
        self.state, self.by = state, by


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `answer_s` is the time for the answer, `sequence` that of the message that asked."""

    object_type: int
    object_id: str
    info_id: int
    sequence: int
    text: str
    answer_s: float


async def receive(connection: asyncpg.Connection, link: str, question: Question, at: datetime) -> str | None:
    """A question from above; None when the very same is there already (the peer asked twice)."""
    post_check_id = str(uuid.uuid4())
    status: str = await connection.execute(
        """INSERT INTO post_checks (post_check_id, link, direction, object_type, object_id, info_id, sequence,
                                    question, asked_at, asked_by, due_at, state, delivered_at)
           SELECT $1, $2, 'in', $3, $4, $5, $6, $7, $8, '', $9, 'waiting', NULL
           WHERE NOT EXISTS (SELECT FROM post_checks WHERE link = $2 AND direction = 'in' AND info_id = $5
                             AND question = $7 AND state = 'waiting')
           ON CONFLICT DO NOTHING""",
        *(post_check_id, link, question.object_type, question.object_id, question.info_id),
        *(question.sequence, question.text, at, at + timedelta(seconds=question.answer_s)),
    )
    return post_check_id if status.endswith(" 1") else None


async def ask(
    connection: asyncpg.Connection,
    link: str,
    *,
    object_type: int,
    object_id: str,
    text: str,
    answer_s: float,
    operator: str,
) -> str:
    """Put a question to a lower platform; sent as soon as its link is up. Opens its own transaction."""
    post_check_id = str(uuid.uuid4())
    async with connection.transaction():
        info_id = await connection.fetchval("SELECT nextval('exchange_numbers')")
        await connection.execute(
            """INSERT INTO post_checks (post_check_id, link, direction, object_type, object_id, info_id,
                                        sequence, question, asked_at, asked_by, due_at, state)
               VALUES ($1, $2, 'out', $3, $4, $5, 0, $6, now(), $7, now() + make_interval(secs => $8),
                       'waiting')""",
            *(post_check_id, link, object_type, object_id, info_id, text, operator, answer_s),
        )
        body = {
            "post_check_id": post_check_id,
            "object_type": object_type,
            "object_id": object_id,
            "info_id": info_id,
            "text": text,
            "answer_s": answer_s,
        }
        await add_order(connection, link, "post_check", body, operator=operator, valid_s=answer_s)
    return post_check_id


async def answer(
    connection: asyncpg.Connection,
    post_check_id: str,
    text: str,
    operator: str,
    phone: str = "",
) -> None:
    """An operator answers a question from above; it goes out as soon as the link is up.

    Opens its own transaction. Raises UnknownPostCheck, PostCheckClosed; the same answer again is no error."""
    async with connection.transaction():
        row = await connection.fetchrow(
            "SELECT *, due_at <= now() AS over FROM post_checks WHERE post_check_id = $1 FOR UPDATE",
            post_check_id,
        )
        if row is None or row["direction"] != IN:
            raise UnknownPostCheck(post_check_id)
        if row["state"] == "answered" and (row["answer"], row["answered_by"]) == (text, operator):
            return
        if row["state"] != "waiting" or row["over"]:
            raise PostCheckClosed(
                "expired" if row["state"] == "waiting" else row["state"], row["answered_by"]
            )
        await connection.execute(
            """UPDATE post_checks SET state = 'answered', answer = $2, answered_by = $3, answered_at = now()
               WHERE post_check_id = $1""",
            *(post_check_id, text, operator),
        )
        body = {
            "post_check_id": post_check_id,
            "object_type": row["object_type"],
            "object_id": row["object_id"],
            "info_id": row["info_id"],
            "sequence": row["sequence"],
            "text": text,
            "responder": operator,
            "phone": phone,
        }
        await add_order(
            connection, row["link"], "post_check_answer", body, operator=operator, valid_s=DELIVERY_S
        )


async def delivered(connection: asyncpg.Connection, post_check_id: str, sequence: int, kind: str) -> None:
    """Question or answer is handed to the link."""
    await connection.execute(
        """UPDATE post_checks SET delivered_at = now(),
               sequence = CASE WHEN $3 = 'post_check' THEN $2 ELSE sequence END WHERE post_check_id = $1""",
        *(post_check_id, sequence, kind),
    )


async def receive_answer(
    connection: asyncpg.Connection,
    link: str,
    *,
    info_id: int | None,
    sequence: int | None,
    text: str,
    responder: str,
) -> bool:
    """A lower platform answers ours: found by our number or by the sequence of our question; False when it
    answers nothing we wait for."""
    post_check_id = await connection.fetchval(
        """UPDATE post_checks SET state = 'answered', answer = $4, answered_by = $5, answered_at = now()
           WHERE post_check_id = (
               SELECT post_check_id FROM post_checks WHERE link = $1 AND direction = 'out'
                   AND state = 'waiting' AND (info_id = $2 OR sequence = $3)
               ORDER BY asked_at LIMIT 1)
           RETURNING post_check_id""",
        *(link, info_id, sequence, text, responder),
    )
    if post_check_id is None:
        return False
    await connection.execute(
        """UPDATE exchange_orders SET state = 'answered', ended_at = now(), result = $3
           WHERE link = $1 AND kind = 'post_check' AND direction = $4
               AND body->>'post_check_id' = $2 AND state IN ('waiting', 'sent')""",
        *(link, str(post_check_id), canonical_json({"answer": text, "responder": responder}), OUT),
    )
    return True


async def expire(connection: asyncpg.Connection) -> int:
    """End questions whose time is over; returns how many."""
    status: str = await connection.execute(
        "UPDATE post_checks SET state = 'expired' WHERE state = 'waiting' AND due_at <= now()"
    )
    return int(status.rpartition(" ")[2])
