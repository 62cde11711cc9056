"""Positions written in bulk, against fields packed one by one."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.exchange.position_data import Outgoing, gnss_2011, gnss_2019

_GMT8 = timezone(timedelta(hours=8))

_ROW = st.fixed_dictionaries(
    {
        "time_s": st.integers(0, 4_000_000_000),
        "longitude_e6": st.integers(-180_000_000, 180_000_000),
        "latitude_e6": st.integers(-90_000_000, 90_000_000),
        "tenth_kmh": st.integers(0, 2500),
        "recorder": st.none() | st.integers(0, 250),
        "mileage": st.none() | st.integers(0, 5_000_000),
        "heading_deg": st.integers(0, 359),
        "altitude_m": st.integers(-500, 9000),
        "alarm_bits": st.integers(0, 2**32 - 1),
        "status_bits": st.integers(0, 2**32 - 1),
        "items": st.sampled_from([b"", b"\x01\x04\x00\x00\x10\x00", b"\x30\x01\x1f"]),
    }
)


def _outgoing(rows: list[dict[str, Any]]) -> Outgoing:
    def numbers(name: str, dtype: str, scale: float = 1) -> Any:
        return (np.array([np.nan if row[name] is None else row[name] for row in rows]) * scale).astype(dtype)

    return Outgoing(
        time_ms=numbers("time_s", "i8", 1000),
        longitude_deg=numbers("longitude_e6", "f8", 1) / 1e6,
        latitude_deg=numbers("latitude_e6", "f8", 1) / 1e6,
        speed_kmh=numbers("tenth_kmh", "f8", 1) / 10,
        recorder_speed_kmh=numbers("recorder", "f8"),
        mileage_km=numbers("mileage", "f8"),
        heading_deg=numbers("heading_deg", "u2"),
        altitude_m=numbers("altitude_m", "i2"),
        alarm_bits=np.array([row["alarm_bits"] for row in rows], "u4"),
        status_bits=np.array([row["status_bits"] for row in rows], "u4"),
        items=[row["items"] for row in rows],
    )


@settings(max_examples=50)
@given(st.lists(_ROW, min_size=1, max_size=5))
def test_2011(rows: list[dict[str, Any]]) -> None:
    for row, data in zip(rows, gnss_2011(_outgoing(rows)), strict=True):
        at = datetime.fromtimestamp(row["time_s"], UTC).astimezone(_GMT8)
        assert data.tobytes() == struct.pack(
            ">BBBHBBBIIHHIHhII",
            *(0, at.day, at.month, at.year, at.hour, at.minute, at.second),
            *(abs(row["longitude_e6"]), abs(row["latitude_e6"]), round(row["tenth_kmh"] / 10)),
            *(row["recorder"] or 0, row["mileage"] or 0, row["heading_deg"], row["altitude_m"]),
            *(row["status_bits"], row["alarm_bits"]),
        )


@settings(max_examples=50)
@given(st.lists(_ROW, min_size=1, max_size=5))
def test_2019(rows: list[dict[str, Any]]) -> None:
    for row, data in zip(rows, gnss_2019(_outgoing(rows), b"32000000001"), strict=True):
        at = datetime.fromtimestamp(row["time_s"], UTC).astimezone(_GMT8)
        status = row["status_bits"] & ~0xC
        status |= (4 if row["latitude_e6"] < 0 else 0) | (8 if row["longitude_e6"] < 0 else 0)
        base = struct.pack(
            ">IIIIhHH",
            *(row["alarm_bits"], status, abs(row["latitude_e6"]), abs(row["longitude_e6"])),
            *(row["altitude_m"], row["tenth_kmh"], row["heading_deg"]),
        ) + bytes.fromhex(at.strftime("%y%m%d%H%M%S"))
        items = row["items"]
        if not items and row["mileage"] is not None:
            items += struct.pack(">BBI", 1, 4, row["mileage"] * 10)
        if not row["items"] and row["recorder"] is not None:
            items += struct.pack(">BBH", 3, 2, row["recorder"] * 10)
        body = base + items
        assert data == b"\0" + struct.pack(">I", len(body)) + body + struct.pack(
            ">11sI30x", b"32000000001", row["alarm_bits"]
        )
