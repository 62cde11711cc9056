"""Typed parameters: all ids of the standard, the blocks of video and active safety, what is not known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt808.errors import EncodeError
from stream.jt808.layout import Record
from stream.jt808.messages.parameters import Parameter, SetParameters
from stream.jt808.parameter_blocks import (
    VideoChannel,
    VideoChannelList,
    VideoChannels,
    VideoParameters,
    WakeUp,
)
from stream.jt808.parameter_table import PARAMETER_IDS, read_value, write_value
from stream.jt808.safety_blocks import AdasParameters, BsdParameters, DsmParameters, TpmsParameters
from stream.jt808.view import from_view
from tests.jt808.generated import records

NUMBERS = [
    *range(0x0001, 0x0008), *range(0x0018, 0x001A), *range(0x0020, 0x0023), *range(0x0027, 0x002A),
    *range(0x002C, 0x0031), *range(0x0045, 0x0048), *range(0x0050, 0x005B), *range(0x0070, 0x0075),
    *(0x0064, 0x0065, 0x0093, 0x0095, 0x0100, 0x0102),
]  # fmt: skip
WORDS = [0x0031, 0x005C, 0x005E, 0x0081, 0x0082, 0x0101, 0x0103]
TEXTS = [
    *range(0x0010, 0x0018),
    0x001A,
    0x001D,
    *range(0x0023, 0x0027),
    *range(0x0040, 0x0045),
    0x0048,
    0x0049,
]


@pytest.mark.parametrize(("ids", "size"), [(NUMBERS, 4), (WORDS, 2), ([0x0084, 0x0090, 0x0094], 1)])
def test_numbers(ids: list[int], size: int) -> None:
    for number in ids:
        name, value = read_value(number, (7).to_bytes(size)) or ("", None)
        assert value == 7, hex(number)
        assert write_value(number, 7, "x") == (7).to_bytes(size)
        assert PARAMETER_IDS[name] == number
        assert read_value(number, bytes(size + 1)) is None


def test_texts_and_tenths_and_bytes() -> None:
    for number in [*TEXTS, 0x0083]:
        assert read_value(number, "苏A1".encode("gbk")) is not None
    assert read_value(0x0080, (12345).to_bytes(4)) == ("mileage_km", 1234.5)
    assert read_value(0x005B, (55).to_bytes(2)) == ("overspeed_warning_margin_kmh", 5.5)
    assert read_value(0x0110, bytes(8)) == ("can_id_0110", "00" * 8)
    assert read_value(0x01FF, bytes(7)) is None
    assert read_value(0xF000, b"1") is None


def test_the_forbidden_period_of_the_standards_example() -> None:
    assert read_value(0x0032, bytes.fromhex("16320a1e")) == (
        "forbidden_driving_period",
        {"start_hour": 22, "start_minute": 50, "end_hour": 10, "end_minute": 30},
    )


BLOCKS: dict[int, tuple[type[Record], int]] = {
    0xF364: (AdasParameters, 56),
    0xF365: (DsmParameters, 49),
    0xF366: (TpmsParameters, 36),
    0xF367: (BsdParameters, 2),
    0x0075: (VideoParameters, 21),
    0x007C: (WakeUp, 20),
}


@pytest.mark.parametrize(("number", "block"), BLOCKS.items())
@given(source=st.data())
def test_blocks(number: int, block: tuple[type[Record], int], source: st.DataObject) -> None:
    record = source.draw(records(block[0], "2019"))
    raw = record.encode("2019")
    assert len(raw) == block[1]
    name, view = read_value(number, raw) or ("", None)
    assert write_value(PARAMETER_IDS[name], view, "x") == raw


def test_offsets_of_the_adas_block() -> None:
    view = _view(0xF364, bytes(range(56)))
    assert (view["obstacle"]["grading_speed_kmh"], view["lane_change"]["grading_speed_kmh"]) == (21, 27)
    assert (view["lane_departure"]["grading_speed_kmh"], view["forward_collision"]["grading_speed_kmh"]) == (
        31,
        36,
    )
    assert (view["pedestrian"]["enable_speed_kmh"], view["too_close"]["grading_speed_kmh"]) == (41, 46)
    assert (view["alarm_enable_bits"], view["road_sign_photos"]) == (0x0B0C0D0E, 50)


def test_a_dsm_block_without_its_last_two_bytes() -> None:
    view = _view(0xF365, bytes(range(47)))
    assert (view["fatigue"]["grading_speed_kmh"], view["identity_trigger"], view["reserved_end"]) == (
        26,
        46,
        "",
    )
    assert write_value(0xF365, view, "x") == bytes(range(47))


def _view(number: int, value: bytes) -> Any:
    found = read_value(number, value)
    assert found is not None
    return found[1]


def test_video_channels() -> None:
    channels = VideoChannelList(1, 0, 1, (VideoChannel(1, 1, 0, 0), VideoChannel(2, 2, 2, 1)))
    assert _view(0x0076, channels.encode())["channels"][1]["cradle"] == 1
    assert read_value(0x0076, channels.encode()[:-1]) is None
    assert _view(0x0077, VideoChannels(()).encode()) == {"channels": []}
    with pytest.raises(EncodeError):
        VideoChannelList(3, 0, 0, ()).encode()


def test_setting_by_name_by_number_and_raw() -> None:
    view = {
        "parameters": [
            {"name": "max_speed_kmh", "value": 80},
            {"parameter_id": "0x0056", "value": 10},
            {"parameter_id": 0xF000, "raw": "0a78"},
        ]
    }
    assert from_view(0x8103, view) == SetParameters(
        (Parameter(0x55, (80).to_bytes(4)), Parameter(0x56, (10).to_bytes(4)), Parameter(0xF000, b"\x0a\x78"))
    )


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ({"name": "no_such_name", "value": 1}, "no_such_name"),
        ({"parameter_id": 0x55}, "neither value nor raw"),
        ({"parameter_id": 0x55, "value": "fast"}, "no whole number"),
        ({"parameter_id": 0x55, "value": 1 << 40}, "does not fit"),
        ({"parameter_id": 0xF000, "value": 1}, "no type"),
        ("0x55", "object"),
    ],
)
def test_what_cannot_be_set_is_told(parameter: object, told: str) -> None:
    with pytest.raises(EncodeError, match=told):
        from_view(0x8103, {"parameters": [parameter]})
