"""Alerts of chosen vehicles to a peer (0x1402) and what became of them (0x1403, 0x1412)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from alerts.exchange.alarm_types import alarm_source, alarm_text, alarm_type
from alerts.exchange.positions import alert_cursor, save_positions
from stream.exchange import metrics
from stream.exchange.fleet import ChosenVehicle
from stream.exchange.inbox import Inbox
from stream.exchange.ledger import Ledger
from stream.exchange.link import Link
from stream.exchange.order_messages import cut
from stream.exchange.session import Clock, LinkDown, Session
from stream.jt809.messages import Message, alarms
from stream.worker.database import DATABASE_AWAY, patiently

log = logging.getLogger(__name__)

LOOK_S = 1.0
BATCH = 200
MAX_TEXT_BYTES = 500
_RESULTS = {"acknowledge": 1, "withdraw": 2}
"""0x1403: handled, when an operator has taken the alert in hand; not to be handled, when late reports have
shown that there was nothing."""


_NUMBER = """INSERT INTO exchange_alerts AS e (link, info_id, alert_id)
    VALUES ($1, nextval('exchange_numbers'), $2)
    ON CONFLICT (link, alert_id) DO UPDATE SET alert_id = e.alert_id RETURNING info_id"""
_TOLD = "SELECT info_id, sequence FROM exchange_alerts WHERE link = $1 AND alert_id = $2"


class AlertForwarder:
    """Mutable; one a link of role lower that forwards alerts."""

    def __init__(self, session: Session, inbox: Inbox, pool: asyncpg.Pool, epoch: int, clock: Clock) -> None:
        self.link = session.link
        self._session = session
        self._inbox = inbox
        self._pool = pool
        self._epoch = epoch
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. Raises LinkLost when another process has taken the link over."""
        while True:
            await self._session.up.wait()
            await self._serve()

    async def _serve(self) -> None:
        seq = saved = await patiently(self._cursor, f"alert cursor of link {self.link.name}")
        ledger: Ledger[int] = Ledger(self._session, self.link.confirm_s, self._clock)
        try:
            while self._session.up.is_set() and not ledger.broken:
                before = seq
                try:
                    seq = await self._send_after(seq, ledger)
                    if seq != saved and (known := ledger.arrived(seq)) is not None:
                        await self._save(known)
                        saved = known
                except DATABASE_AWAY as error:
                    log.warning("link %s: alerts wait, database away: %s", self.link.name, error)
                if seq == before:
                    await asyncio.sleep(LOOK_S)
        except LinkDown:
            pass

    async def _cursor(self) -> int:
        async with self._pool.acquire() as connection:
            return await alert_cursor(connection, self.link.name)

    async def _save(self, seq: int) -> None:
        async with self._pool.acquire() as connection:
            await save_positions(connection, self.link.name, self._epoch, ("", "", ""), {}, seq)

    async def _send_after(self, seq: int, ledger: Ledger[int]) -> int:
        """Send the next changes; returns how far they went. Raises LinkDown."""
        async with self._pool.acquire() as connection:
            rows = await connection.fetch(
                """SELECT r.seq, r.alert_id, r.kind, r.body, a.vehicle_key FROM alert_revisions r
                   JOIN alerts a USING (alert_id) WHERE r.seq > $1 ORDER BY r.seq LIMIT $2""",
                *(seq, BATCH),
            )
            for row in rows:
                vehicle = self._inbox.fleet.find(row["vehicle_key"])
                body = json.loads(row["body"])
                if vehicle is not None and not body["rule"].endswith("_pre"):
                    await self._send(connection, row, body, vehicle, ledger)
        return rows[-1]["seq"] if rows else seq

    async def _send(
        self,
        connection: asyncpg.Connection,
        row: asyncpg.Record,
        body: Mapping[str, Any],
        vehicle: ChosenVehicle,
        ledger: Ledger[int],
    ) -> None:
        if row["kind"] == "open":
            info_id = await connection.fetchval(_NUMBER, self.link.name, row["alert_id"])
            message = alarm_message(self.link, vehicle, body, info_id)
        elif row["kind"] in _RESULTS:
            told = await connection.fetchrow(_TOLD, self.link.name, row["alert_id"])
            if told is None:  # opened before the peer was told of alerts
                return
            result = _RESULTS[row["kind"]]
            message = result_message(self.link, vehicle, told["info_id"], told["sequence"], result)
        else:
            return
        sent = self._session.send(message)
        ledger.wrote({sent.link})
        self._inbox.tell_sent(message, sent.sequence)
        metrics.ALERTS_OUT.labels(self.link.name).inc()
        self._session.counters["alerts_out"] += 1
        if row["kind"] == "open":
            await connection.execute(
                "UPDATE exchange_alerts SET sequence = $3 WHERE link = $1 AND alert_id = $2",
                *(self.link.name, row["alert_id"], sent.sequence),
            )


def alarm_message(link: Link, vehicle: ChosenVehicle, body: Mapping[str, Any], info_id: int) -> Message:
    """0x1402 for an alert that has opened; `body` is the alert as the API tells it."""
    start = datetime.fromisoformat(body["start"])
    shared: dict[str, Any] = {
        "plate": vehicle.wire_plate,
        "color": vehicle.plate_colour,
        "warn_type": alarm_type(body["rule"], link.version),
        "warn_time": start,
        "content": cut(alarm_text(body["rule"], body["detail"]), MAX_TEXT_BYTES),
    }
    if link.version == "2011":
        return alarms.WarningReport(warn_source=alarm_source(body["rule"]), info_id=info_id, **shared)
    end = datetime.fromisoformat(body["end"]) if body["end"] else None
    return alarms.WarningReport(
        platform_id=link.platform_id,
        start_time=start,
        end_time=end,
        destination_id=link.platform_id,
        route_id=0,
        **shared,
    )


def result_message(
    link: Link, vehicle: ChosenVehicle, info_id: int, sequence: int | None, result: int
) -> Message:
    """0x1403 (2011) or 0x1412 (2019): what became of an alert."""
    if link.version == "2019":
        return alarms.WarningResult2019(
            source_type=0x1402, source_sequence=sequence or info_id, result=result
        )
    return alarms.WarningResult(
        plate=vehicle.wire_plate, color=vehicle.plate_colour, info_id=info_id, result=result
    )
