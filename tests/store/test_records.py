"""Records of topics alerts and commands: plain pyarrow reads them, anything else is refused."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.arrow import RecordError
from alerts.commands import Command, decode_commands, encode_commands
from alerts.records import decode_alerts, encode_alerts
from alerts.revision import AlertRevision
from tests.commands.records import text_of_version_1

TIMES = st.integers(0, 4_000_000_000_000)
KEYS = st.integers(-(2**63), 2**63 - 1)
REVISIONS = st.builds(
    AlertRevision,
    seq=st.integers(1, 2**62),
    alert_id=st.uuids().map(str),
    revision=st.integers(1, 1000),
    kind=st.sampled_from(["open", "update", "close", "acknowledge"]),
    vehicle_id=st.text(),
    vehicle_key=KEYS,
    rule=st.text(),
    level=st.integers(1, 3),
    start_ms=TIMES,
    found_ms=TIMES,
    end_ms=st.none() | TIMES,
    longitude_deg=st.floats(-180, 180),
    latitude_deg=st.floats(-90, 90),
    evidence=st.text(),
    rulebook_version=st.text(),
    detail=st.dictionaries(
        st.text(), st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
    ),
)
COMMANDS = st.builds(
    Command,
    command_id=st.uuids().map(str),
    vehicle_id=st.text(),
    vehicle_key=KEYS,
    terminal_phone=st.text(),
    kind=st.just("text"),
    body=st.dictionaries(st.text(), st.integers() | st.text() | st.booleans(), max_size=3),
    operator=st.text(),
    created_ms=TIMES,
    expires_ms=TIMES,
)


@given(st.lists(REVISIONS, max_size=5))
def test_alerts_round_trip(revisions: list[AlertRevision]) -> None:
    assert decode_alerts(encode_alerts(revisions)) == revisions


@given(st.lists(COMMANDS, max_size=5))
def test_commands_round_trip(commands: list[Command]) -> None:
    assert decode_commands(encode_commands(commands)) == commands


def test_texts_of_version_1_are_read() -> None:
    """A desk of an older release may still write them while the gateways are new."""
    command_id, value = text_of_version_1("V1", "139", "您已超速", flags=12)
    (command,) = decode_commands(value)
    assert (command.command_id, command.vehicle_id, command.kind) == (command_id, "V1", "text")
    assert (command.terminal_phone, command.operator) == ("139", "")
    assert command.body == {"text": "您已超速", "urgent": False, "display": True, "speak": True}
    assert command.expires_ms - command.created_ms == 60_000


def test_plain_pyarrow_reads_it() -> None:
    revision = AlertRevision(
        *(7, "0" * 32, 1, "open", "苏A1", 5, "speeding", 1, 1000, 2000, None, 118.0, 32.0, "complete", "1"),
        {"limit_kmh": 80},
    )
    table = pa.ipc.open_stream(encode_alerts([revision])).read_all()
    assert table.schema.metadata[b"haulwatch.schema"] == b"alerts"
    (row,) = table.to_pylist()
    assert row["start"].isoformat() == "1970-01-01T00:00:01+00:00"
    assert row["end"] is None
    assert json.loads(row["detail"]) == {"limit_kmh": 80}


@pytest.mark.parametrize(
    "value",
    [b"", b"garbage", b"\xff" * 400, encode_alerts([])[:-20], encode_alerts([])[:50]],
)
def test_garbage_is_refused(value: bytes) -> None:
    with pytest.raises(RecordError):
        decode_commands(value)


@given(st.binary(max_size=300))
def test_any_bytes_give_only_record_error(value: bytes) -> None:
    with pytest.raises(RecordError):
        decode_alerts(value)


def test_newer_version_is_named() -> None:
    table = pa.ipc.open_stream(encode_alerts([])).read_all()
    newer = table.replace_schema_metadata({"haulwatch.schema": "alerts", "haulwatch.version": "2"})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, newer.schema) as writer:
        writer.write_table(newer)
    with pytest.raises(RecordError, match="version b'2'"):
        decode_alerts(sink.getvalue().to_pybytes())
