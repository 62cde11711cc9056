"""Blocks: written and read, and refused with a reason when they are something else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.blocks import SCHEMA, BlockError, decode_block, encode_block
from rules.identity import driver_key, vehicle_key
from rules.reports import Reports, digest
from rules.safety import NO_TIME, TYRES_UNTOLD
from tests.properties import PROPERTY

TIMES = [1_780_000_000_000, 1_780_000_030_500]


def columns(**changed: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "vehicle_key": [vehicle_key("苏A12345"), vehicle_key("b")],
        "vehicle_id": ["苏A12345", "b"],
        "vehicle_class": [1, 4],
        "driver_id": ["", "D7"],
        "time": TIMES,
        "received": np.array(TIMES) + 900,
        "longitude_deg": [118.7, 118.8],
        "latitude_deg": [32.0, 32.1],
        "speed_kmh": [60.5, 0.0],
        "heading_deg": [90, 359],
        "altitude_m": [-3, 25],
        "alarm_bits": [0, 1 << 31],
        "status_bits": [3, 1],
        "mileage_km": [np.nan, 1234.5],
        "source": [0, 2],
        "serial": [7, 65535],
        "items": [b"", b"\x01\x04\x00\x00\x00\x05"],
    }
    return plain | changed


def test_written_and_read() -> None:
    block = decode_block(encode_block(columns()))
    reports = block.reports
    assert block.rows == 2
    assert reports.time_ms.tolist() == TIMES
    assert (reports.received_ms - reports.time_ms).tolist() == [900, 900]
    assert reports.vehicle_key.tolist() == [vehicle_key("苏A12345"), vehicle_key("b")]
    assert reports.driver_key.tolist() == [0, driver_key("D7")]
    assert reports.positioned.tolist() == [True, False]
    assert reports.alarm_bits.tolist() == [0, 1 << 31]
    assert np.isnan(reports.limit_kmh).all()
    assert block.table.column("mileage_km").to_pylist() == [None, 1234.5]
    assert block.table.column("recorder_speed_kmh").to_pylist() == [None, None]
    assert block.table.column("items").to_pylist()[1] == b"\x01\x04\x00\x00\x00\x05"


def test_readable_with_plain_pyarrow() -> None:
    table = pa.ipc.open_stream(encode_block(columns())).read_all()
    assert table.schema.metadata == {b"haulwatch.schema": b"telemetry", b"haulwatch.version": b"1"}
    assert table.column("time")[1].as_py().isoformat() == "2026-05-28T20:27:10.500000+00:00"


def test_times_as_datetime64() -> None:
    stamps = np.array(TIMES, "datetime64[ms]").astype("datetime64[us]")
    assert decode_block(encode_block(columns(time=stamps))).reports.time_ms.tolist() == TIMES


def test_no_rows() -> None:
    assert decode_block(encode_block({name: value[:0] for name, value in columns().items()})).rows == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"vehicle_class": [1, 300]}, "vehicle_class"),
        ({"heading_deg": [1]}, "one length"),
        ({"vehicle_id": [1, 2]}, "vehicle_id"),
        ({"time": ["x", "y"]}, "time"),
    ],
)
def test_columns_that_do_not_fit(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(BlockError, match=words):
        encode_block(columns(**changed))


def test_missing_column() -> None:
    lacking = columns()
    del lacking["speed_kmh"]
    with pytest.raises(BlockError, match="speed_kmh"):
        encode_block(lacking)


def rewritten(metadata: dict[str, str], schema: pa.Schema | None = None) -> bytes:
    table = pa.ipc.open_stream(encode_block(columns())).read_all()
    if schema is not None:
        table = table.cast(schema)
    sink = pa.BufferOutputStream()
    table = table.replace_schema_metadata(metadata)
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    value: bytes = sink.getvalue().to_pybytes()
    return value


def test_a_newer_version_is_named() -> None:
    with pytest.raises(BlockError, match="version '2'"):
        decode_block(rewritten({"haulwatch.schema": "telemetry", "haulwatch.version": "2"}))


def test_another_schema() -> None:
    with pytest.raises(BlockError, match="alerts"):
        decode_block(rewritten({"haulwatch.schema": "alerts", "haulwatch.version": "1"}))


def test_another_type() -> None:
    place = SCHEMA.get_field_index("speed_kmh")
    schema = SCHEMA.set(place, pa.field("speed_kmh", pa.float32(), nullable=False))
    with pytest.raises(BlockError, match="speed_kmh is float"):
        decode_block(rewritten({"haulwatch.schema": "telemetry", "haulwatch.version": "1"}, schema))


@pytest.mark.parametrize("value", [b"", b"\x00" * 100, b"ARROW1", b"\xff\xff\xff\xff\x10\x00\x00\x00"])
def test_garbage(value: bytes) -> None:
    with pytest.raises(BlockError):
        decode_block(value)


@PROPERTY
@given(st.data())
def test_damaged_blocks_are_read_or_refused(data: Any) -> None:
    value = bytearray(encode_block(columns()))
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(value)))
    with contextlib.suppress(BlockError):
        assert decode_block(bytes(value[:cut])).rows >= 0


@dataclass(frozen=True)
class Alarm:
    """As a codec would give it."""

    peripheral: int = 0x65
    dialect: int = 0
    event: int = 2
    terminal_alarm_id: int = 2**32 - 1
    flag: int = 1
    level: int = 2
    degree: int = 0
    speed_kmh: int = 77
    longitude_deg: float = 118.7
    latitude_deg: float = 32.0
    time_ms: int | None = TIMES[0]
    identifier: bytes = bytes(16)
    attachments: int = 3


class TestAlarms:
    ALARMS = ([Alarm(identifier=b"\x00" * 16), Alarm(event=3, identifier=b"b" * 40, time_ms=None)], [])

    def test_written_and_read(self) -> None:
        block = decode_block(encode_block(columns(alarms=self.ALARMS)))
        alarms = block.reports.safety
        assert alarms.row.tolist() == [0, 0]
        assert alarms.identifier.tolist() == [b"\x00" * 16, b"b" * 40]
        assert alarms.time_ms.tolist() == [TIMES[0], NO_TIME]
        assert alarms.terminal_alarm_id.tolist() == [2**32 - 1] * 2
        assert block.table.column("alarms")[0].as_py()[1]["event"] == 3
        assert np.isnan(block.reports.mileage_km[0])
        assert block.reports.mileage_km[1] == 1234.5

    @staticmethod
    def rewritten(change: Callable[[dict[str, pa.Array]], dict[str, pa.Array]]) -> bytes:
        """A block whose writer knew other fields of an alarm."""
        table = pa.ipc.open_stream(encode_block(columns(alarms=TestAlarms.ALARMS))).read_all()
        lists = table.column("alarms").combine_chunks()
        structs = lists.flatten()
        fields = change({field.name: structs.field(field.name) for field in structs.type})
        made = pa.StructArray.from_arrays(list(fields.values()), names=list(fields))
        again = pa.ListArray.from_arrays(lists.offsets, made)
        table = table.set_column(table.schema.get_field_index("alarms"), "alarms", again)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return bytes(sink.getvalue())

    def test_of_an_older_writer(self) -> None:
        def older(fields: dict[str, pa.Array]) -> dict[str, pa.Array]:
            return {name: array for name, array in fields.items() if not name.startswith("tyre")}

        alarms = decode_block(self.rewritten(older)).reports.safety
        assert alarms.tyre_bits.tolist() == [TYRES_UNTOLD] * 2
        assert alarms.identifier.tolist() == [b"\x00" * 16, b"b" * 40]

    def test_of_a_newer_writer(self) -> None:
        def newer(fields: dict[str, pa.Array]) -> dict[str, pa.Array]:
            return {"more": pa.array(["x", "y"]), **fields, "most": pa.array([1, 2])}

        assert decode_block(self.rewritten(newer)).reports.safety.event.tolist() == [2, 3]

    @pytest.mark.parametrize("name", ["level", "identifier", "time"])
    def test_a_field_that_must_be_there(self, name: str) -> None:
        def lacking(fields: dict[str, pa.Array]) -> dict[str, pa.Array]:
            return {one: array for one, array in fields.items() if one != name}

        def other(fields: dict[str, pa.Array]) -> dict[str, pa.Array]:
            return fields | {name: pa.array([1.0, 2.0])}

        for change in (lacking, other):
            with pytest.raises(BlockError, match="alarms"):
                decode_block(self.rewritten(change))

    def test_no_alarms_no_column(self) -> None:
        for none in ([[], []], None):
            table = decode_block(encode_block(columns(alarms=none))).table
            assert "alarms" not in table.column_names

    def test_follows_its_report(self) -> None:
        one = decode_block(encode_block(columns(alarms=self.ALARMS))).reports
        other = decode_block(encode_block(columns(alarms=([], [Alarm()])))).reports
        joined = Reports.concat([one, other])
        assert joined.safety.row.tolist() == [0, 0, 3]
        assert joined.take(slice(1, None)).safety.row.tolist() == [2]
        assert joined.take(np.array([3, 0])).safety.row.tolist() == [0, 1, 1]
        assert joined.take(np.array([False, True, False, True])).safety.event.tolist() == [2]

    def test_an_alarm_tells_two_reports_apart(self) -> None:
        plain = decode_block(encode_block(columns())).reports
        alarmed = decode_block(encode_block(columns(alarms=self.ALARMS))).reports
        assert (digest(plain) == digest(alarmed)).tolist() == [False, True]

    @pytest.mark.parametrize("alarms", [[[]], [[Alarm(level=300)], []], [[object()], []]])
    def test_alarms_that_do_not_fit(self, alarms: Any) -> None:
        with pytest.raises(BlockError, match="alarms"):
            encode_block(columns(alarms=alarms))

    @PROPERTY
    @given(st.data())
    def test_damaged_blocks_are_read_or_refused(self, data: Any) -> None:
        value = bytearray(encode_block(columns(alarms=self.ALARMS)))
        for _ in range(data.draw(st.integers(1, 4))):
            value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
        with contextlib.suppress(BlockError):
            reports = decode_block(bytes(value)).reports
            assert reports.safety.row.max(initial=-1) < len(reports)
