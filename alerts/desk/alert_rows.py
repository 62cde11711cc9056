"""Alerts and their changes as the API shows them, out of the rows of the database."""

from __future__ import annotations

import json
from typing import Any

import asyncpg

from alerts.rule_names import rule_name
from alerts.times import iso_text

ALERT_COLUMNS = """a.alert_id, a.vehicle_id, v.plate, v.vehicle_class, a.rule, a.level, a.start_at,
    a.found_at, a.end_at, a.longitude_deg, a.latitude_deg, a.evidence, a.rulebook_version, a.detail,
    a.revision, a.seq, a.acknowledged_at, a.acknowledged_by, a.acknowledgement_note"""
ALERT_TABLES = "alerts a LEFT JOIN vehicles v USING (vehicle_key)"

CHANGES_QUERY = """
    SELECT r.seq, r.alert_id, r.revision, r.kind, r.at, r.actor, r.body, v.plate, v.vehicle_class
    FROM alert_revisions r JOIN alerts a USING (alert_id) LEFT JOIN vehicles v USING (vehicle_key)
"""


def alert_json(row: asyncpg.Record) -> dict[str, Any]:
    """`models.Alert` of a row of `ALERT_COLUMNS`."""
    return {
        "alert_id": str(row["alert_id"]),
        "vehicle_id": row["vehicle_id"],
        "plate": row["plate"] or None,
        "vehicle_class": row["vehicle_class"],
        "rule": row["rule"],
        "rule_name": rule_name(row["rule"]),
        "level": row["level"],
        "start": iso_text(row["start_at"]),
        "found": iso_text(row["found_at"]),
        "end": _iso_or_none(row["end_at"]),
        "longitude_deg": row["longitude_deg"],
        "latitude_deg": row["latitude_deg"],
        "evidence": row["evidence"],
        "rulebook_version": row["rulebook_version"],
        "detail": json.loads(row["detail"]),
        "revision": row["revision"],
        "seq": row["seq"],
        "acknowledged_at": _iso_or_none(row["acknowledged_at"]),
        "acknowledged_by": row["acknowledged_by"],
        "acknowledgement_note": row["acknowledgement_note"],
    }


def change_json(row: asyncpg.Record) -> dict[str, Any]:
    """`models.AlertChange` of a row of `CHANGES_QUERY`."""
    body = json.loads(row["body"])
    return {
        "alert_id": str(row["alert_id"]),
        "vehicle_id": body.pop("vehicle_id"),
        "plate": row["plate"] or None,
        "vehicle_class": row["vehicle_class"],
        "rule": body["rule"],
        "rule_name": rule_name(body.pop("rule")),
        **body,
        "revision": row["revision"],
        "seq": row["seq"],
        "kind": row["kind"],
        "at": iso_text(row["at"]),
        "actor": row["actor"],
    }


def _iso_or_none(time: Any) -> str | None:
    return None if time is None else iso_text(time)
