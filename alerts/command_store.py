"""Commands in the database: given once, followed to their end.

A command is one row and one record of topic ``commands``, written together in the caller's transaction. The
gateways write what becomes of it (`alerts.command_progress`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from alerts.command_kinds import KINDS
from alerts.commands import TOPIC, Command, encode_commands
from alerts.revision import canonical_json
from alerts.times import to_datetime
from rules.identity import vehicle_key

WORKER = "worker"
"""Operator of commands that the program gives itself."""

_NAMESPACE = uuid.UUID("5f0c1c1e-8a55-5d1f-9d8e-2f3b7a6c4e01")

_LANES = 16
"""Records of a batch: a vehicle's commands are always in the same one, and in the topic in their order."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command to be given.

    kind, body: as `alerts.command_kinds` and `docs/api.md` say; the body is taken as it is.
    valid_s: seconds until it expires; None takes the kind's own.
    dedup: orders with the same text are one command, however often they are given.
    """

    vehicle_id: str
    kind: str
    body: Mapping[str, Any]
    operator: str = WORKER
    valid_s: float | None = None
    dedup: str | None = None


async def issue(connection: asyncpg.Connection, order: Order, now_ms: int) -> Command | None:
    """One order; see `issue_all`. None when it can't be given or was given before."""
    issued = await issue_all(connection, [order], now_ms)
    return issued[0] if issued else None


async def issue_all(connection: asyncpg.Connection, orders: Sequence[Order], now_ms: int) -> list[Command]:
    """Store commands and their outbox records, inside the caller's transaction.

    Returns those that are new, in their order. One for a vehicle that nobody registered is left out, unless
    its id is a phone (a terminal admitted for a trial); so is one whose ``dedup`` was given before. Whoever
    runs a relay rings it after the commit. Raises ``KeyError`` for an unknown kind.
    """
    phones = await _phones(connection, {order.vehicle_id for order in orders})
    commands = [
        (_command(order, phones[order.vehicle_id], now_ms), order.dedup)
        for order in orders
        if order.vehicle_id in phones
    ]
    fresh = await _insert(connection, commands)
    await _end_archives(connection, [one for one in fresh if one.kind == "archive_stop"])
    await _put_out(connection, fresh)
    return fresh


def _command(order: Order, phone: str, now_ms: int) -> Command:
    kind = KINDS[order.kind]
    valid_s = kind.valid_s if order.valid_s is None else order.valid_s
    return Command(
        command_id=str(uuid.uuid5(_NAMESPACE, order.dedup) if order.dedup else uuid.uuid4()),
        vehicle_id=order.vehicle_id,
        vehicle_key=vehicle_key(order.vehicle_id),
        terminal_phone=phone,
        kind=order.kind,
        body=order.body,
        operator=order.operator,
        created_ms=now_ms,
        expires_ms=now_ms + round(valid_s * 1000),
    )


async def _phones(connection: asyncpg.Connection, vehicle_ids: set[str]) -> dict[str, str]:
    if not vehicle_ids:
        return {}
    rows = await connection.fetch(
        "SELECT vehicle_id, terminal_phone FROM vehicles WHERE vehicle_id = ANY($1)", list(vehicle_ids)
    )
    trial = {one: one for one in vehicle_ids if one.isascii() and one.isdigit()}
    return trial | {row["vehicle_id"]: row["terminal_phone"] for row in rows}


async def _insert(
    connection: asyncpg.Connection, commands: Sequence[tuple[Command, str | None]]
) -> list[Command]:
    if not commands:
        return []
    rows = await connection.fetch(
        """INSERT INTO commands (command_id, dedup, vehicle_key, vehicle_id, terminal_phone, kind, body,
                                 operator, created_at, expires_at)
           SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                                $7::jsonb[], $8::text[], $9::timestamptz[], $10::timestamptz[])
           ON CONFLICT DO NOTHING RETURNING command_id""",
        [command.command_id for command, _ in commands],
        [dedup for _, dedup in commands],
        *columns_of(command for command, _ in commands),
    )
    fresh = {str(row["command_id"]) for row in rows}
    first = {command.command_id: command for command, _ in reversed(commands)}
    return [command for command in first.values() if command.command_id in fresh][::-1]


async def _end_archives(connection: asyncpg.Connection, stops: Sequence[Command]) -> None:
    """An order to stop says nothing to the terminal: with it, and with what it stops, all is done."""
    if stops:
        await connection.execute(
            """UPDATE commands SET state = 'answered', answered_at = clock_timestamp(),
                      ended_at = clock_timestamp(), changed_at = clock_timestamp(),
                      reason = CASE kind WHEN 'archive_start' THEN 'stopped' END
               WHERE ended_at IS NULL AND (command_id = ANY($1::uuid[])
                     OR (kind = 'archive_start' AND vehicle_key = ANY($2::bigint[])))""",
            [one.command_id for one in stops],
            [one.vehicle_key for one in stops],
        )


def columns_of(commands: Iterable[Command]) -> list[list[Any]]:
    """vehicle_key, vehicle_id, terminal_phone, kind, body, operator, created_at, expires_at as columns."""
    rows = [
        (
            *(one.vehicle_key, one.vehicle_id, one.terminal_phone, one.kind, canonical_json(dict(one.body))),
            *(one.operator, to_datetime(one.created_ms), to_datetime(one.expires_ms)),
        )
        for one in commands
    ]
    return [list(column) for column in zip(*rows, strict=True)]


async def _put_out(connection: asyncpg.Connection, commands: Sequence[Command]) -> None:
    lanes: dict[int, list[Command]] = {}
    for command in commands:
        lanes.setdefault(command.vehicle_key % _LANES, []).append(command)
    await connection.executemany(
        "INSERT INTO outbox (topic, partition, key, payload) VALUES ($1, $2, $3, $4)",
        [(TOPIC, lane, b"", encode_commands(some)) for lane, some in sorted(lanes.items())],
    )
