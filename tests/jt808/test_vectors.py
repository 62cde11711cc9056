"""The shared protocol vectors; skipped where the folder is absent. Differences are in docs/protocols.md."""

from __future__ import annotations

import io
import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stream import encode
from stream.decode import run
from stream.jt808.errors import ProtocolError
from stream.jt808.frame import decode_frame
from stream.jt808.framing import FrameSplitter
from stream.jt808.messages.parameters import ParameterResponse, SetParameters
from stream.jt808.view import from_view
from tests.jt808.norms import differences, expected_view

FOLDER = Path(os.environ.get("HAULWATCH_VECTORS", Path(__file__).parents[3] / "shared" / "vectors"))

# Nothing in these messages tells 2011 from 2013; the vectors know it from their file name.
UNDECIDABLE_2011 = {"0x0002", "0x0102", "0x0704", "0x0802", "0x8001", "0x8100", "0x8800"}
# A wrong item length inside a sound frame costs the item, not the position.
BROKEN_ITEM_ONLY = {"SB-0001"}


def _load() -> list[dict[str, Any]]:
    found = []
    for name in ("808.jsonl", "synthetic.jsonl", "subiao.jsonl"):
        path = FOLDER / name
        if path.exists():
            found += [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [vector for vector in found if vector.get("protocol") != "809"]


VECTORS = _load()
FRAMES = [vector for vector in VECTORS if vector["kind"] in ("frame", "body") and vector.get("frame_hex")]
pytestmark = pytest.mark.skipif(not VECTORS, reason="the shared vectors are not here")


def _decode(*frames: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    run(io.StringIO("\n".join(frames)), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def _raw(frame_hex: str) -> bytes:
    data = bytes.fromhex(frame_hex)
    return data[data.startswith(b"\x7e") : len(data) - data.endswith(b"\x7e")]


@pytest.mark.parametrize("vector", FRAMES, ids=lambda vector: vector["id"])
def test_sound_frames_are_read_and_broken_ones_refused(vector: dict[str, Any]) -> None:
    [result] = _decode(vector["frame_hex"])
    if vector["valid"] or vector["id"] in BROKEN_ITEM_ONLY:
        assert "error" not in result
        assert result["message_id"] == (vector["msg_id"] or result["message_id"])
        assert result["terminal_phone"] == (vector.get("phone") or result["terminal_phone"])
        assert result["serial"] == (result["serial"] if vector.get("serial") is None else vector["serial"])
        if vector["proto"] != "2011" or vector["msg_id"] not in UNDECIDABLE_2011:
            assert result["protocol"] == vector["proto"]
    else:
        assert result["error"]["code"] in ("checksum", "length", "truncated", "escape")


def _same_time(found: str | None, expected: str) -> bool:
    try:
        time = datetime.strptime(expected, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return found is None
    return found == time.isoformat() + "+08:00"


def _compare_position(body: dict[str, Any], norm: dict[str, Any]) -> None:
    assert body["alarm_bits"] == norm["alarm"]
    assert body["status_bits"] == norm["status"]
    for name, raw, bit in (("latitude_deg", "lat_raw", 2), ("longitude_deg", "lon_raw", 3)):
        magnitude = norm[raw] if norm[raw] < 1 << 31 else (1 << 32) - norm[raw]
        negative = norm["status"] >> bit & 1 or norm[raw] >= 1 << 31
        assert body[name] == (-magnitude if negative else magnitude) / 1e6
    assert body["altitude_m"] % 65536 == norm["altitude"] % 65536
    assert body["speed_kmh"] == norm["speed"] / 10
    assert body["heading_deg"] == norm["direction"]
    assert _same_time(body["time"], norm["time"])
    whole = [item for item in norm["items"] if item["value"] != "truncated"]
    described = sum(
        len(value) if isinstance(value, list) and name != "tyre_pressures" else 1
        for name, value in body["items"].items()
    )
    assert described == len(whole)
    for item in whole:
        if item["id"] == "0x01" and item["len"] == 4:
            assert body["items"]["mileage_km"] == item["value"] / 10
    assert ("items_error" in body) == (len(whole) < len(norm["items"]) or bool(norm.get("trailing")))


NORMED = [v for v in FRAMES if v["valid"] and v.get("norm") and not v.get("subpackage")]
_SCALAR_NAMES = {
    "reply_serial": "reply_serial", "result": "result", "auth": "auth_code", "province": "province",
    "city": "city", "maker": "manufacturer", "model": "terminal_model", "terminal_id": "terminal_id",
    "plate_color": "plate_colour", "plate": "plate", "imei": "imei", "software": "software_version",
    "text": "text", "flag": "flags", "text_type": "text_type", "iccid": "iccid",
}  # fmt: skip
_NAMED = {"0x0001", "0x8001", "0x0100", "0x8100", "0x0102", "0x8300", "0x0107"}


@pytest.mark.parametrize("vector", NORMED, ids=lambda vector: vector["id"])
def test_fields_agree_with_the_independent_reading(vector: dict[str, Any]) -> None:
    norm = vector["norm"]
    [result] = _decode(vector["frame_hex"])
    body = result["body"]
    if vector["msg_id"] in ("0x0200", "0x0201"):
        _compare_position(body.get("position", body), norm)
    elif vector["msg_id"] == "0x0704":
        assert body["kind"] == norm["type"]
        assert len(body["positions"]) == norm["count"]
        for found, expected in zip(body["positions"], norm["positions"], strict=True):
            _compare_position(found, expected)
    elif vector["msg_id"] in _NAMED:
        compared = {ours: norm[theirs] for theirs, ours in _SCALAR_NAMES.items() if theirs in norm}
        assert {name: body[name] for name in compared} == compared


# Compared elsewhere in this file, with what is special about each.
_POSITIONS_AND_NAMED = _NAMED | {"0x0200", "0x0201", "0x0704", "0x0801", "0x0802", "0x0104", "0x8103"}
# yezhihao leaves the count of 0x8500 out; the neutral reading takes the control for it.
_READ_OTHERWISE = {"808-0668"}
OTHERS = [v for v in NORMED if v["msg_id"] not in _POSITIONS_AND_NAMED and v["id"] not in _READ_OTHERWISE]


@pytest.mark.parametrize("vector", OTHERS, ids=lambda vector: vector["id"])
def test_all_other_messages_agree_with_the_independent_reading(vector: dict[str, Any]) -> None:
    [result] = _decode(vector["frame_hex"])
    assert differences(result["body"], expected_view(int(vector["msg_id"], 16), vector["norm"])) == []


PARAMETERS = [v for v in NORMED if v["msg_id"] in ("0x0104", "0x8103")]


@pytest.mark.parametrize("vector", PARAMETERS, ids=lambda vector: vector["id"])
def test_parameters_agree_with_the_independent_reading(vector: dict[str, Any]) -> None:
    [result] = _decode(vector["frame_hex"])
    assert len(result["body"]["parameters"]) >= len(vector["norm"]["params"])
    view = {name: value for name, value in result["body"].items() if name != "rest"}
    message = from_view(int(vector["msg_id"], 16), view)
    assert isinstance(message, SetParameters | ParameterResponse)
    found = {f"0x{one.parameter_id:04x}": one.value.hex() for one in message.parameters}
    assert found == vector["norm"]["params"]


MEDIA = [v for v in NORMED if v["msg_id"] in ("0x0801", "0x0802")]


@pytest.mark.parametrize("vector", MEDIA, ids=lambda vector: vector["id"])
def test_media_agree_with_the_independent_reading(vector: dict[str, Any]) -> None:
    norm = vector["norm"]
    [result] = _decode(vector["frame_hex"])
    body = result["body"]
    if vector["msg_id"] == "0x0801" and "media_id" in norm and "media" in body:
        assert body["media"]["media_id"] == norm["media_id"]
        assert body["media"]["channel"] == norm["channel"]
    for found, expected in zip(body.get("media", ()), norm.get("items", ()), strict=False):
        assert (found["media_id"], found["channel"]) == (expected["media_id"], expected["channel"])
        _compare_position(found["position"] | {"items": {}}, expected["location"])


# What other projects' tests expect of video signalling, in their names.
_VIDEO_NAMES = {
    "ip": "server_address", "tcpPort": "tcp_port", "udpPort": "udp_port", "channelNo": "channel",
    "packetLossRate": "packet_loss_percent", "storageType": "storage", "streamType": "stream",
    "responseSerialNo": "reply_serial", "ChannelNo": "channel", "PackageLossRate": "packet_loss_percent",
    "StreamType": "stream", "TcpPort": "tcp_port", "UdpPort": "udp_port", "ServerIp": "server_address",
    "playbackMode": "playback", "playbackSpeed": "speed", "startTime": "start", "endTime": "end",
    "AudioFrameLength": "audio_frame_bytes", "EnterAudioChannelsNumber": "audio_channels",
}  # fmt: skip
VIDEO = [v for v in FRAMES if v["valid"] and re.match("0x(9[123]|1003|1005|120[56])", str(v["msg_id"]))]
VIDEO = [v for v in VIDEO if v["msg_id"] not in ("0x9208", "0x9212")]


@pytest.mark.parametrize("vector", VIDEO, ids=lambda vector: vector["id"])
def test_video_signalling(vector: dict[str, Any]) -> None:
    [result] = _decode(vector["frame_hex"])
    assert "unread" not in result["body"]
    if vector["msg_id"] == "0x9202":
        return
    for theirs, ours in _VIDEO_NAMES.items():
        value = vector["expected"].get(theirs)
        if value is not None and ours in result["body"]:
            found = result["body"][ours]
            if ours in ("start", "end"):
                value = re.sub("[^0-9]", "", value)[-12:]
            assert found == value, theirs


@pytest.mark.parametrize("vector", [v for v in FRAMES if v["valid"]], ids=lambda vector: vector["id"])
def test_encoding_what_was_decoded_is_the_identity(vector: dict[str, Any]) -> None:
    decoded, encoded, told = io.StringIO(), io.StringIO(), io.StringIO()
    run(io.StringIO(vector["frame_hex"]), decoded)
    assert encode.run(io.StringIO(decoded.getvalue()), encoded, told) == 0, told.getvalue()
    assert encoded.getvalue().strip() == vector["frame_hex"].lower()


CHUNKS = [v for v in VECTORS if v["kind"] == "file-stream" and v["id"] != "SYN-0175"]


@pytest.mark.parametrize("vector", CHUNKS, ids=lambda vector: vector["id"])
@pytest.mark.parametrize("protocol", ["jt808", "attachment"])
def test_file_streams(vector: dict[str, Any], protocol: str) -> None:
    decoded, encoded, told = io.StringIO(), io.StringIO(), io.StringIO()
    assert run(io.StringIO(vector["hex"]), decoded, protocol=protocol) == 0
    chunk = json.loads(decoded.getvalue())["chunk"]
    expected = vector.get("norm") or vector["expected"]
    assert [chunk[name] for name in ("name", "offset", "length", "data")] == [
        expected[name] for name in ("name", "offset", "length", "data")
    ]
    assert encode.run(io.StringIO(decoded.getvalue()), encoded, told) == 0
    assert encoded.getvalue().strip() == vector["hex"].lower()


MIXED = [v for v in VECTORS if (v["msg_id"] == "0x1212" and v["kind"] == "stream") or v["kind"] == "session"]


@pytest.mark.parametrize("vector", MIXED, ids=lambda vector: vector["id"])
def test_frames_and_chunks_in_one_stream(vector: dict[str, Any]) -> None:
    decoded = io.StringIO()
    assert run(io.StringIO(vector["hex"]), decoded, protocol="attachment") == 0
    kinds = [
        "chunk" if "chunk" in one else one["message_id"]
        for one in map(json.loads, decoded.getvalue().splitlines())
    ]
    if vector["kind"] == "session":
        assert kinds[:3] == ["0x1210", "0x8001", "0x1211"]
        assert "chunk" in kinds
        assert "0x9212" in kinds
    else:
        assert kinds == ["chunk", "0x1212"]


MADE_FROM_THE_STANDARD = [
    v for v in FRAMES if v["id"].startswith("SYN") and v["msg_id"] == "0x0200" and v["valid"]
]


@pytest.mark.parametrize("vector", MADE_FROM_THE_STANDARD, ids=lambda vector: vector["id"])
def test_positions_made_from_the_standard(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    [result] = _decode(vector["frame_hex"])
    body = result["body"]
    if "item" in expected:
        _compare_active_safety(body["items"], expected)
        return
    assert body["latitude_deg"] == expected["latitude"]
    assert body["longitude_deg"] == expected["longitude"]
    assert body["altitude_m"] == expected["altitude_m"]
    assert body["speed_kmh"] == expected["speed_kmh"]
    assert body["heading_deg"] == expected["direction"]
    assert _same_time(body["time"], expected["time"])
    assert body.get("items_error") == expected.get("items_error")
    for name, value in expected.get("items", {}).items():
        assert body["items"][name] == value


def _compare_active_safety(items: dict[str, Any], expected: dict[str, Any]) -> None:
    if "item_error" in expected:
        assert isinstance(items[expected["item"]], str)
        return
    found = items[{"0x64": "adas", "0x65": "dsm", "0x66": "tpms", "0x67": "bsd"}[expected["item"]]]
    assert found["alarm_id"] == expected["alarm_seq"]
    assert found["speed_kmh"] == expected["speed_kmh"]
    if expected.get("event_name"):
        assert found["event"] == expected["event_name"]
    if "alarm_id" in expected:
        assert found["alarm_identifier"]["terminal_id"] == expected["alarm_id"]["terminal_id"]
        assert found["alarm_identifier"]["attachments"] == expected["alarm_id"]["attachments"]
    if "tyres" in expected:
        assert [tyre["pressure_kpa"] for tyre in found["tyres"]] == [
            tyre["pressure_kpa"] for tyre in expected["tyres"]
        ]


MULTI = [vector for vector in VECTORS if vector["kind"] == "multi"]


@pytest.mark.parametrize("vector", MULTI, ids=lambda vector: vector["id"])
def test_packages(vector: dict[str, Any]) -> None:
    results = _decode(*vector["frames"])
    assert len(results) == len(vector["frames"])
    expected = vector.get("norm") or vector["expected"]
    if "missing" in expected:
        assert results[-1]["missing"] == expected["missing"]
        assert results[-1]["first_serial"] == expected["first_serial"]
    elif "media_id" in expected:
        assert results[-1]["body"]["media"]["media_id"] == expected["media_id"]
    else:
        complete = len(expected["indexes"]) == expected["total"]
        assert (results[-1]["missing"] == []) == complete
        assert [result["package"] for result in results] == expected["indexes"]
    if vector["msg_id"] == "0x1205" and "reassembled_body" in expected:
        assert from_view(0x1205, results[-1]["body"]).encode().hex() == expected["reassembled_body"]


# One project gives up a connection at its first bad frame; here the sound frame behind it is read.
GOES_ON = {"808-0829"}
# Attachment streams are another protocol on another port.
STREAMS = [vector for vector in VECTORS if vector["kind"] == "stream" and vector["msg_id"] != "0x1212"]


@pytest.mark.parametrize("vector", STREAMS, ids=lambda vector: vector["id"])
def test_streams(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    serials, faults = [], 0
    for raw in FrameSplitter().feed(bytes.fromhex(vector["hex"])):
        try:
            serials.append(decode_frame(raw).header.serial)
        except ProtocolError:
            faults += 1
    if "serials" in expected:
        assert serials == expected["serials"]
    if "frames" in expected:
        assert len(serials) == len(expected["frames"])
    if "n_frames" in expected:
        assert len(serials) == expected["n_frames"] + (vector["id"] in GOES_ON)
        assert bool(faults) == expected["decode_error"]
