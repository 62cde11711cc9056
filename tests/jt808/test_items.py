"""Additional items of 0x0200 by id and length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt808.flags import alarm_names, status_names
from stream.jt808.items import describe_items, read_item
from stream.jt808.messages import Item


@pytest.mark.parametrize(
    ("item_id", "value", "expected"),
    [
        (0x01, "00000064", ("mileage_km", 10.0)),
        (0x02, "007d", ("fuel_l", 12.5)),
        (0x03, "0280", ("recorder_speed_kmh", 64.0)),
        (0x04, "0001", ("manual_confirmation_event_id", 1)),
        (0x05, "3737ff" + "ff" * 27, ("tyre_pressures", [0x37, 0x37] + [None] * 28)),
        (0x06, "0019", ("carriage_temperature_c", 25)),
        (0x06, "8005", ("carriage_temperature_c", -5)),
        (0x06, "fffb", ("carriage_temperature_c", -5)),
        (0x11, "00", ("overspeed_area", {"area_type": 0})),
        (0x11, "0100000002", ("overspeed_area", {"area_type": 1, "area_id": 2})),
        (0x12, "040000000d01", ("area_crossing", {"area_type": 4, "area_id": 13, "direction": 1})),
        (0x13, "00000002002201", ("segment_time", {"segment_id": 2, "driving_s": 34, "result": 1})),
        (0x14, "00000064", ("video_alarm_bits", 100)),
        (0x15, "00000001", ("video_signal_loss_bits", 1)),
        (0x16, "00000002", ("video_occlusion_bits", 2)),
        (0x17, "0064", ("storage_fault_bits", 100)),
        (0x18, "0003", ("abnormal_driving", {"behaviour_bits": 3})),
        (0x18, "006458", ("abnormal_driving", {"behaviour_bits": 100, "fatigue_degree": 88})),
        (0x25, "00000005", ("vehicle_signal_bits", 5)),
        (0x2A, "0004", ("io_status_bits", 4)),
        (0x2B, "00020001", ("analog", {"ad0": 1, "ad1": 2})),
        (0x30, "1f", ("signal_strength", 31)),
        (0x31, "0b", ("satellites", 11)),
        (0x01, "0064", ("0x01", "0064")),
        (0x31, "", ("0x31", "")),
        (0xEB, "00ff", ("0xeb", "00ff")),
    ],
)
def test_items_of_the_table(item_id: int, value: str, expected: tuple[str, object]) -> None:
    assert read_item(Item(item_id, bytes.fromhex(value))) == expected


@given(st.lists(st.builds(Item, st.integers(0, 255), st.binary(max_size=80)), max_size=10))
def test_no_item_raises_and_none_is_lost(items: list[Item]) -> None:
    described = describe_items(items)
    names = [read_item(item)[0] for item in items]
    assert list(described) == list(dict.fromkeys(names))
    for name in described:
        if names.count(name) > 1:
            values = described[name]
            assert isinstance(values, list)
            assert len(values) == names.count(name)


WHERE = "3e 0019 01e8ea48 07143f35 260315142530 0411"
IDENTIFIER = "41314232433344 260315142530 03 02 00"
ADAS = "000003e9 00 01 02 28 1b 00 00 00" + WHERE


class TestActiveSafety:
    def test_adas(self) -> None:
        name, value = read_item(Item(0x64, bytes.fromhex(ADAS + IDENTIFIER)))
        assert name == "adas"
        assert value == {
            "alarm_id": 1001,
            "flag": 0,
            "event_type": 1,
            "event": "forward_collision",
            "level": 2,
            "platform_level": 1,
            "front_speed_kmh": 40,
            "front_distance_s": 2.7,
            "departure": 0,
            "sign_kind": 0,
            "sign_value": 0,
            "speed_kmh": 62,
            "altitude_m": 25,
            "latitude_deg": 32.041544,
            "longitude_deg": 118.767413,
            "time": "2026-03-15T14:25:30+08:00",
            "vehicle_status_bits": 0x0411,
            "alarm_identifier": {
                "terminal_id": "A1B2C3D",
                "time": "2026-03-15T14:25:30+08:00",
                "sequence": 3,
                "attachments": 2,
                "raw": IDENTIFIER.replace(" ", ""),
            },
            "dialect": "jiangsu",
        }

    def test_guangdong_has_a_longer_identifier_and_more_events(self) -> None:
        longer = b"A1B2C3D".ljust(30, b"\0") + bytes.fromhex("260315142530 03 02 0000")
        name, value = read_item(
            Item(0x64, bytes.fromhex(ADAS.replace("00 01 02 28", "00 12 02 28")) + longer)
        )
        assert name == "adas"
        assert isinstance(value, dict)
        assert value["event"] == "solid_line_change"
        assert value["alarm_identifier"]["terminal_id"] == "A1B2C3D"

    def test_another_length_is_another_vendors_item(self) -> None:
        value = bytes.fromhex(ADAS + IDENTIFIER)[:-1]
        assert read_item(Item(0x64, value)) == ("0x64", value.hex())

    def test_dsm(self) -> None:
        value = bytes.fromhex("000007d1 00 0a 01 07 00000000" + WHERE + IDENTIFIER)
        name, found = read_item(Item(0x65, value))
        assert name == "dsm"
        assert isinstance(found, dict)
        assert (found["event"], found["fatigue_degree"]) == (None, 7)

    def test_bsd(self) -> None:
        name, found = read_item(Item(0x67, bytes.fromhex("00000bb9 02 01" + WHERE + IDENTIFIER)))
        assert name == "bsd"
        assert isinstance(found, dict)
        assert (found["event"], found["flag"]) == ("rear_approach", 2)

    @pytest.mark.parametrize("position", ["04", "0004"])
    def test_tpms_with_entries_of_9_and_of_10_bytes(self, position: str) -> None:
        tyre = position + "0002 02bc ffd0 005a"
        value = bytes.fromhex("00000fa0 00" + WHERE + IDENTIFIER + "02" + tyre * 2)
        name, found = read_item(Item(0x66, value))
        assert name == "tpms"
        assert isinstance(found, dict)
        assert (
            found["tyres"]
            == [
                {
                    "position": 4,
                    "event_bits": 2,
                    "pressure_kpa": 700,
                    "temperature_c": 0xFFD0,
                    "battery_percent": 90,
                }
            ]
            * 2
        )


def test_bit_names() -> None:
    assert alarm_names(1 << 0 | 1 << 1 | 1 << 31, "2013") == ["emergency", "overspeed", "illegal_door_open"]
    assert alarm_names(1 << 15, "2013") == ["reserved_15"]
    assert alarm_names(1 << 15 | 1 << 3, "2019") == ["dangerous_driving", "forbidden_period_driving"]
    assert status_names(0b11, "2013") == ["acc_on", "positioned"]
    assert status_names(0x300, "2013") == ["full"]
    assert status_names(1 << 22, "2019") == ["moving"]
    assert len(alarm_names(0xFFFFFFFF, "2019")) == 32
