"""Binary COPY rows against what the database reads back."""

from __future__ import annotations

import asyncpg
import numpy as np
import pytest

from rules.blocks import decode_block
from rules.reports import Reports, digest
from stream.worker import tracks
from tests.worker.records import block, row

pytestmark = pytest.mark.stack


async def test_copied_rows_read_back_as_they_were(database: str) -> None:
    rows = [row("V1", 0, 61.5), row("V2", 30, 0.0)]
    rows[1] |= {"longitude_deg": -70.25, "altitude_m": -154, "alarm_bits": 0xFFFFFFFF, "heading_deg": 359}
    reports = decode_block(block(rows)).reports
    connection = await asyncpg.connect(database)
    try:
        data = tracks.copy_rows(reports, np.array([0, 3], np.uint8))
        await connection.copy_to_table("tracks", source=data, columns=tracks.COLUMNS, format="binary")
        found = await connection.fetch("SELECT * FROM tracks ORDER BY time")
    finally:
        await connection.close()
    assert [one["vehicle_key"] for one in found] == reports.vehicle_key.tolist()
    assert [one["time"].timestamp() * 1000 for one in found] == reports.time_ms.tolist()
    assert [one["received_at"].timestamp() * 1000 for one in found] == reports.received_ms.tolist()
    assert [one["longitude_deg"] for one in found] == [118.0, -70.25]
    assert [one["altitude_m"] for one in found] == [10, -154]
    assert [one["alarm_bits"] for one in found] == [0, 0xFFFFFFFF]
    assert [one["speed_kmh"] for one in found] == [61.5, 0.0]
    assert [one["digest"] for one in found] == digest(reports).tolist()
    assert [one["disposition"] for one in found] == [0, 3]


def test_no_rows_are_a_valid_copy() -> None:
    data = bytes(tracks.copy_rows(Reports.empty(), np.empty(0, np.uint8)))
    assert data.startswith(b"PGCOPY\n\xff\r\n\x00")
    assert data.endswith(b"\xff\xff")
