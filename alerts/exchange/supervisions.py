"""Supervision (督办): cases that an upper platform opens and that end by a result, or by their date."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from alerts.exchange.orders import IN, OUT, add_order
from alerts.revision import canonical_json

RESULTS = {"working": 0, "done": 1, "ignored": 2, "later": 3}
"""Results as JT/T 809 0x1401 numbers them."""
RESULT_NAMES = {code: name for name, code in RESULTS.items()}

STATE_OF_RESULT = {"working": "working", "done": "done", "ignored": "ignored", "later": "open"}
"""What a result makes of its case; `later` leaves it open."""

DELIVERY_S = 24 * 3600
"""How long a result may wait for its link: an outage of a night must not make a handled case a missed one."""


class UnknownCase(LookupError):
    """There is no case with this id."""


class CaseClosed(Exception):
    """The case has its final result; `state` and `by` say which and whose."""

    def __init__(self, state: str, by: str | None) -> None:
        super().__init__(f"the case is {state}" + (f" by {by}" if by else ""))
        self.state, self.by = state, by


@dataclass(frozen=True, slots=True)
class Urge:
    """A supervision order (0x9401). `sequence` is that of the message."""

    supervision_id: int
    sequence: int
    plate: str
    plate_colour: int
    vehicle_id: str | None
    alert_id: str | None
    alarm_source: int
    alarm_type: int
    alarm_at: datetime
    level: int
    supervisor: str
    supervisor_tel: str
    supervisor_mail: str
    due_at: datetime


_INSERT = """INSERT INTO supervisions (case_id, link, direction, supervision_id, sequence, plate,
        plate_colour, vehicle_id, alert_id, alarm_source, alarm_type, alarm_at, level, supervisor,
        supervisor_tel, supervisor_mail, due_at, opened_at, opened_by, state)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, now(), $18, 'open'"""


def _values(case_id: str, link: str, direction: str, urge: Urge, opened_by: str) -> tuple[object, ...]:
    return (
        *(case_id, link, direction, urge.supervision_id, urge.sequence, urge.plate, urge.plate_colour),
        *(urge.vehicle_id, urge.alert_id, urge.alarm_source, urge.alarm_type, urge.alarm_at, urge.level),
        *(urge.supervisor, urge.supervisor_tel, urge.supervisor_mail, urge.due_at, opened_by),
    )


async def receive(connection: asyncpg.Connection, link: str, urge: Urge) -> str | None:
    """An order from above opens a case; None when the same order has an open case already."""
    case_id = str(uuid.uuid4())
    status: str = await connection.execute(
        _INSERT
        + """ WHERE NOT EXISTS (SELECT FROM supervisions WHERE link = $2 AND direction = 'in'
              AND supervision_id = $4 AND plate = $6 AND alarm_at = $12 AND state IN ('open', 'working'))""",
        *_values(case_id, link, IN, urge, urge.supervisor),
    )
    return case_id if status.endswith(" 1") else None


async def urge_peer(connection: asyncpg.Connection, link: str, urge: Urge, operator: str) -> str:
    """Open a case at a lower platform; sent as soon as its link is up. Opens its own transaction."""
    case_id = str(uuid.uuid4())
    async with connection.transaction():
        number = await connection.fetchval("SELECT nextval('exchange_numbers')")
        values = list(_values(case_id, link, OUT, urge, operator))
        values[3] = number
        await connection.execute(_INSERT, *values)
        body = {
            "case_id": case_id,
            "supervision_id": number,
            "alarm_source": urge.alarm_source,
            "alarm_type": urge.alarm_type,
            "alarm_s": int(urge.alarm_at.timestamp()),
            "end_s": int(urge.due_at.timestamp()),
            "level": urge.level,
            "supervisor": urge.supervisor,
            "supervisor_tel": urge.supervisor_tel,
            "supervisor_mail": urge.supervisor_mail,
        }
        valid_s = max(1.0, urge.due_at.timestamp() - datetime.now(urge.due_at.tzinfo).timestamp())
        await add_order(
            connection, link, "urge", body, operator=operator, valid_s=valid_s,
            plate=urge.plate, plate_colour=urge.plate_colour,
        )  # fmt: skip
    return case_id


async def give_result(
    connection: asyncpg.Connection, case_id: str, result: str, operator: str, note: str
) -> None:
    """An operator's result for a case from above; it goes out as soon as the link is up.

    `done` and `ignored` are final. The same result again is no error. A case whose date is over may still be
    given its result, which then says the truth late. Opens its own transaction.

    Raises UnknownCase, CaseClosed.
    """
    async with connection.transaction():
        row = await connection.fetchrow("SELECT * FROM supervisions WHERE case_id = $1 FOR UPDATE", case_id)
        if row is None or row["direction"] != IN:
            raise UnknownCase(case_id)
        if (row["result"], row["result_by"], row["note"]) == (result, operator, note):
            return
        if row["state"] in ("done", "ignored"):
            raise CaseClosed(row["state"], row["result_by"])
        await connection.execute(
            """UPDATE supervisions SET state = $2, result = $3, result_by = $4, note = $5, result_at = now(),
                   delivered_at = NULL WHERE case_id = $1""",
            *(case_id, STATE_OF_RESULT[result], result, operator, note),
        )
        body = {
            "case_id": case_id,
            "supervision_id": row["supervision_id"],
            "sequence": row["sequence"],
            "result": RESULTS[result],
        }
        await add_order(
            connection, row["link"], "urge_answer", body, operator=operator, valid_s=DELIVERY_S,
            plate=row["plate"], plate_colour=row["plate_colour"],
        )  # fmt: skip


async def delivered(connection: asyncpg.Connection, case_id: str, sequence: int, kind: str) -> None:
    """Order or result is handed to the link."""
    await connection.execute(
        """UPDATE supervisions SET delivered_at = now(),
               sequence = CASE WHEN $3 = 'urge' THEN $2 ELSE sequence END WHERE case_id = $1""",
        *(case_id, sequence, kind),
    )


async def receive_result(
    connection: asyncpg.Connection,
    link: str,
    *,
    supervision_id: int | None,
    sequence: int | None,
    result: int,
) -> bool:
    """A lower platform's result for a case of ours: found by our number, or by our message's sequence; False
    when it belongs to none that is open."""
    name = RESULT_NAMES.get(result)
    if name is None:
        return False
    row = await connection.fetchrow(
        """UPDATE supervisions SET state = $4, result = $5, result_at = now(), result_by = link
           WHERE case_id = (
               SELECT case_id FROM supervisions WHERE link = $1 AND direction = 'out'
                   AND state IN ('open', 'working', 'expired') AND (supervision_id = $2 OR sequence = $3)
               ORDER BY opened_at DESC LIMIT 1)
           RETURNING case_id""",
        *(link, supervision_id, sequence, STATE_OF_RESULT[name], name),
    )
    if row is None:
        return False
    await connection.execute(
        """UPDATE exchange_orders SET state = 'answered', ended_at = now(), result = $3
           WHERE link = $1 AND kind = 'urge' AND body->>'case_id' = $2 AND state IN ('waiting', 'sent')""",
        *(link, str(row["case_id"]), canonical_json({"result": name})),
    )
    return True


async def expire(connection: asyncpg.Connection) -> int:
    """End cases whose date is over; returns how many."""
    status: str = await connection.execute(
        """UPDATE supervisions SET state = 'expired' WHERE state IN ('open', 'working') AND due_at <= now()"""
    )
    return int(status.rpartition(" ")[2])
