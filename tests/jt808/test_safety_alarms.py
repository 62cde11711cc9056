"""Alarms of active safety for the stream: all dialects, all codes, and never an error."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt808.active_safety import SAFETY_ITEMS
from stream.jt808.alarm_identifier import (
    TERMINAL_ID_BYTES,
    AlarmIdentifier,
    Dialect,
    read_identifier,
    write_identifier,
)
from stream.jt808.items import read_item
from stream.jt808.messages import Item, split_items
from stream.jt808.reader import Reader
from stream.jt808.safety_alarms import safety_alarms
from stream.jt808.safety_events import ADAS, BSD, DSM, event_name, platform_level
from tests.jt808.strategies import GMT8

TIME = datetime(2026, 3, 15, 14, 25, 30, tzinfo=GMT8)
WHERE = bytes.fromhex("3e 0019 01e8ea48 07143f35 260315142530 0411")
DIALECTS = [(16, "JIANGSU"), (40, "GUANGDONG"), (38, "HEILONGJIANG"), (39, "SICHUAN"), (32, "HUNAN")]


def _item(number: int, head: bytes, identifier: bytes, tail: bytes = b"") -> bytes:
    value = head + WHERE + identifier + tail
    return bytes((number, len(value))) + value


@pytest.mark.parametrize(("size", "dialect"), DIALECTS)
def test_identifiers_of_all_provinces(size: int, dialect: str) -> None:
    told = AlarmIdentifier(Dialect[dialect], "A1B2C3D", TIME, 3, 2)
    raw = write_identifier(told)
    assert len(raw) == size
    assert read_identifier(raw) == told
    adas = _item(0x64, bytes.fromhex("000003e9 00 01 02 281b000000"), raw)
    dsm = _item(0x65, bytes.fromhex("000003ea 01 01 01 07 00000000"), raw)
    bsd = _item(0x67, bytes.fromhex("000003eb 02 03"), raw)
    tyre = bytes.fromhex("04 0002 02bc 0030 005a")
    tpms = _item(0x66, bytes.fromhex("000003ec 00"), raw, b"\x02" + tyre * 2)
    alarms = safety_alarms(b"\x01\x04\0\0\0\x0a" + adas + dsm + bsd + tpms)
    assert [alarm.peripheral for alarm in alarms] == [0x64, 0x65, 0x67, 0x66]
    assert {(alarm.dialect, alarm.identifier, alarm.attachments) for alarm in alarms} == {
        (Dialect[dialect], raw, 2)
    }
    assert {(alarm.speed_kmh, alarm.longitude_deg, alarm.latitude_deg) for alarm in alarms} == {
        (62, 118.767413, 32.041544)
    }
    assert {alarm.time_ms for alarm in alarms} == {int(TIME.timestamp()) * 1000}
    assert [alarm.terminal_alarm_id for alarm in alarms] == [1001, 1002, 1003, 1004]
    assert [(alarm.event, alarm.flag, alarm.level, alarm.degree) for alarm in alarms] == [
        (1, 0, 2, 0), (1, 1, 1, 7), (3, 2, 0, 0), (0, 0, 0, 0),
    ]  # fmt: skip
    assert [alarm.platform_level for alarm in alarms] == [1, 2, 0, 0]
    assert [(alarm.tyre_bits, alarm.tyres) for alarm in alarms] == [(0, 0)] * 3 + [(2, 1 << 4)]


@pytest.mark.parametrize("size", TERMINAL_ID_BYTES)
@pytest.mark.parametrize("place_bytes", [1, 2])
@pytest.mark.parametrize(
    ("tyres", "told"),
    [
        ([], (0, 0)),
        ([(0, 0x0001), (1, 0x0001)], (1, 0)),
        ([(0, 0x0001), (3, 0x0005)], (5, 1 << 3)),
        ([(2, 0x0040), (40, 0x8000)], (0x8040, 1 << 2 | 1 << 31)),
    ],
)
def test_events_of_tyres(
    size: int, place_bytes: int, tyres: list[tuple[int, int]], told: tuple[int, int]
) -> None:
    entries = [place.to_bytes(place_bytes) + event.to_bytes(2) + bytes(6) for place, event in tyres]
    [alarm] = safety_alarms(_item(0x66, bytes(5), bytes(size), bytes([len(tyres)]) + b"".join(entries)))
    assert (alarm.tyre_bits, alarm.tyres) == told


CODES = {
    (ADAS, Dialect.JIANGSU): {
        1: "forward_collision",
        7: "obstacle",
        0x10: "road_sign_recognition_event",
        0x12: None,
    },
    (ADAS, Dialect.GUANGDONG): {2: "lane_departure", 0x12: "solid_line_change", 0x13: "aisle_passenger"},
    (DSM, Dialect.JIANGSU): {1: "fatigue", 5: "driver_abnormal", 6: None, 0x11: "driver_change_event"},
    (DSM, Dialect.GUANGDONG): {
        **{6: "lens_covered", 8: "driving_overtime", 0x0A: "seat_belt", 0x0B: "infrared_sunglasses"},
        **{0x0C: "both_hands_off", 0x0D: "playing_with_phone", 4: "distracted"},
    },
    (BSD, Dialect.HUNAN): {1: "rear_approach", 2: "left_rear_approach", 3: "right_rear_approach", 4: None},
}


@pytest.mark.parametrize(("where", "codes"), CODES.items())
def test_event_codes(where: tuple[int, Dialect], codes: dict[int, str | None]) -> None:
    assert {code: event_name(where[0], code, where[1]) for code in codes} == codes


def test_the_graver_level_is_1_for_the_platform() -> None:
    assert [platform_level(ADAS, 1, level) for level in (0, 1, 2, 3)] == [0, 2, 1, 0]


def test_events_have_no_level_for_the_platform() -> None:
    for peripheral in (ADAS, DSM):
        for event in (0x10, 0x11):
            assert {platform_level(peripheral, event, level) for level in (0, 1, 2)} == {0}
            value = bytearray(31 + 16)
            value[5], value[6] = event, 2
            raw = bytes((peripheral, len(value))) + value
            [alarm] = safety_alarms(raw)
            assert (alarm.level, alarm.platform_level) == (2, 0)
            shown = SAFETY_ITEMS[peripheral][1].read(Reader(bytes(value)), "2013").show("2013")
            assert (shown["level"], shown["platform_level"]) == (2, 0)


def test_what_is_no_alarm() -> None:
    sound = _item(0x64, bytes(12), bytes(16))
    assert len(safety_alarms(sound)) == 1
    assert safety_alarms(b"\x64\x2e" + sound[2:-1]) == []
    assert safety_alarms(sound[:-1]) == []
    assert safety_alarms(sound)[0].time_ms > 0
    assert safety_alarms(b"") == safety_alarms(b"\x64") == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0x64, 0x65, 0x66, 0x67, 1]),
            st.integers(0, 120).flatmap(lambda size: st.binary(min_size=size, max_size=size))
            | st.sampled_from(
                [bytes(head + size + n) for head in (25, 31) for size in TERMINAL_ID_BYTES for n in (0, 9)]
            ),
        ),
        max_size=4,
    )
)
def test_never_an_error_and_the_same_alarms_as_decode_shows(parts: list[tuple[int, bytes]]) -> None:
    raw = b"".join(bytes((number, len(value))) + value for number, value in parts)
    names = [read_item(Item(item.id, item.value))[0] for item in split_items(raw)[0]]
    shown = [name for name in names if name in ("adas", "dsm", "tpms", "bsd")]
    kinds = {0x64: "adas", 0x65: "dsm", 0x66: "tpms", 0x67: "bsd"}
    assert [kinds[alarm.peripheral] for alarm in safety_alarms(raw)] == shown
