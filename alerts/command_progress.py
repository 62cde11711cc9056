"""What gateways read and write of commands: taking one in hand, its progress, its end.

Several gateways know the same command; the one whose link to the terminal authenticated last has it in hand.
Each write names its gateway and changes nothing where another one has taken over or the command has ended,
so a command never has two owners and never two ends. The gateways' clocks must agree to a second, as links
are compared by the time of their authentication.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import asyncpg

from alerts.command_kinds import WAITING
from alerts.command_store import columns_of
from alerts.commands import Command
from alerts.revision import canonical_json
from alerts.times import to_datetime, to_ms

_Source: TypeAlias = asyncpg.Pool | asyncpg.Connection

FOREIGN_GRACE_S = 30
"""A command that another gateway has in hand is only ended by us when that one has not done it by then."""


@dataclass(frozen=True, slots=True)
class Held:
    """An unfinished command and how far it has come; times in ms since 1970 UTC."""

    command: Command
    state: str = WAITING
    attempts: int = 0
    serial: int | None = None
    sent_ms: int | None = None
    delivered_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A command as it is now, to be written whole. `ended_ms` goes with the states that are an end."""

    command_id: str
    state: str
    attempts: int
    serial: int | None = None
    sent_ms: int | None = None
    delivered_ms: int | None = None
    answered_ms: int | None = None
    ended_ms: int | None = None
    result: dict[str, Any] | None = None
    reason: str | None = None


_COLUMNS = """c.command_id, c.vehicle_id, c.vehicle_key, c.kind, c.body, c.operator, c.created_at,
    c.expires_at, c.state, c.attempts, c.serial, c.sent_at, c.delivered_at,
    coalesce((SELECT v.terminal_phone FROM vehicles v WHERE v.vehicle_key = c.vehicle_key),
             c.terminal_phone) AS phone"""


async def read_unfinished_ids(source: _Source, limit: int) -> list[str]:
    """Ids of the oldest unfinished commands, in the order in which they were given."""
    rows = await source.fetch(
        "SELECT command_id FROM commands WHERE ended_at IS NULL ORDER BY number LIMIT $1", limit
    )
    return [str(row["command_id"]) for row in rows]


async def read_commands(source: _Source, command_ids: Sequence[str]) -> list[Held]:
    """Those of some commands that are unfinished, in the order in which they were given."""
    return await _read(source, "c.command_id = ANY($1::uuid[])", command_ids)


async def read_unfinished_of(source: _Source, vehicle_keys: Sequence[int]) -> list[Held]:
    """The unfinished commands of some vehicles, in the order in which they were given."""
    return await _read(source, "c.vehicle_key = ANY($1::bigint[])", vehicle_keys)


async def _read(source: _Source, condition: str, arguments: Sequence[object]) -> list[Held]:
    rows = await source.fetch(
        f"SELECT {_COLUMNS} FROM commands c WHERE c.ended_at IS NULL AND {condition} ORDER BY c.number",
        list(arguments),
    )
    return [_held(row) for row in rows]


def _held(row: asyncpg.Record) -> Held:
    command = Command(
        command_id=str(row["command_id"]),
        vehicle_id=row["vehicle_id"],
        vehicle_key=row["vehicle_key"],
        terminal_phone=row["phone"],
        kind=row["kind"],
        body=json.loads(row["body"]),
        operator=row["operator"],
        created_ms=to_ms(row["created_at"]),
        expires_ms=to_ms(row["expires_at"]),
    )
    return Held(
        command,
        *(row["state"], row["attempts"], row["serial"]),
        *(_ms(row["sent_at"]), _ms(row["delivered_at"])),
    )


async def adopt(source: _Source, commands: Sequence[Command]) -> None:
    """Make rows of commands that came without one: records of version 1."""
    await source.execute(
        """INSERT INTO commands (command_id, vehicle_key, vehicle_id, terminal_phone, kind, body, operator,
                                 created_at, expires_at)
           SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::jsonb[],
                                $7::text[], $8::timestamptz[], $9::timestamptz[])
           ON CONFLICT DO NOTHING""",
        [command.command_id for command in commands],
        *columns_of(commands),
    )


async def claim(source: _Source, gateway: str, links: Sequence[tuple[str, int]]) -> dict[str, Held]:
    """Take commands in hand for links: pairs of command id and the time of the link's authentication, ms.

    Returns those that are ours now, as they are. The others have ended, or go through a newer link.
    """
    rows = await source.fetch(
        f"""UPDATE commands c SET gateway = $1, link_at = u.link_at
            FROM unnest($2::uuid[], $3::timestamptz[]) AS u (command_id, link_at)
            WHERE c.command_id = u.command_id
              AND c.ended_at IS NULL AND c.expires_at > now()
              AND (c.gateway IS NULL OR c.gateway = $1 OR c.link_at < u.link_at)
            RETURNING {_COLUMNS}""",
        *(gateway, *_columns([(command_id, to_datetime(link_ms)) for command_id, link_ms in links], 2)),
    )
    return {held.command.command_id: held for held in map(_held, rows)}


async def write_progress(source: _Source, gateway: str, changes: Sequence[Progress]) -> set[str]:
    """Write commands that are ours. Returns the ids of those that are not: ended or taken over."""
    rows = await source.fetch(
        """UPDATE commands c
           SET state = u.state, attempts = u.attempts, serial = u.serial, sent_at = u.sent_at,
               delivered_at = u.delivered_at, answered_at = u.answered_at, ended_at = u.ended_at,
               result = u.result, reason = u.reason, changed_at = clock_timestamp()
           FROM unnest($2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::timestamptz[],
                       $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::jsonb[], $11::text[])
                AS u (command_id, state, attempts, serial, sent_at, delivered_at, answered_at, ended_at,
                      result, reason)
           WHERE c.command_id = u.command_id AND c.gateway = $1 AND c.ended_at IS NULL
           RETURNING c.command_id""",
        *(gateway, *_columns([_row(change) for change in changes], 10)),
    )
    return {change.command_id for change in changes} - {str(row["command_id"]) for row in rows}


def _row(change: Progress) -> tuple[object, ...]:
    times = (change.sent_ms, change.delivered_ms, change.answered_ms, change.ended_ms)
    return (
        *(change.command_id, change.state, change.attempts, change.serial),
        *(None if time is None else to_datetime(time) for time in times),
        *(None if change.result is None else canonical_json(change.result), change.reason),
    )


async def expire(source: _Source, gateway: str, command_ids: Sequence[str]) -> None:
    """End commands whose time is over and that nobody else has in hand. One that is in force (an archive
    order) has been carried out."""
    await source.execute(
        """UPDATE commands SET
               state = CASE WHEN kind = 'archive_start' AND state = 'delivered' THEN 'answered'
                            ELSE 'expired' END,
               answered_at = CASE WHEN kind = 'archive_start' AND state = 'delivered' THEN expires_at END,
               reason = CASE state WHEN 'waiting' THEN 'not_connected' WHEN 'sent' THEN 'not_acknowledged'
                             WHEN 'delivered' THEN CASE kind WHEN 'archive_start' THEN NULL
                                                             ELSE 'not_answered' END END,
               ended_at = clock_timestamp(), changed_at = clock_timestamp()
           WHERE command_id = ANY($2::uuid[]) AND ended_at IS NULL AND expires_at <= clock_timestamp()
             AND (gateway IS NULL OR gateway = $1
                  OR expires_at < clock_timestamp() - make_interval(secs => $3))""",
        *(gateway, list(command_ids), FOREIGN_GRACE_S),
    )


async def in_force(source: _Source, command_ids: Sequence[str]) -> None:
    """Archive orders that gateways follow from now on."""
    await source.execute(
        """UPDATE commands SET state = 'delivered', delivered_at = clock_timestamp(),
                               changed_at = clock_timestamp()
           WHERE command_id = ANY($1::uuid[]) AND kind = 'archive_start' AND state = 'waiting'""",
        list(command_ids),
    )


def is_id(text: str) -> bool:
    """Whether a command id is one that the table can hold."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def _ms(time: Any) -> int | None:
    return None if time is None else to_ms(time)
