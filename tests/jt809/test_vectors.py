"""The shared JT/T 809 vectors; skipped where the folder is absent. Differences: docs/protocols/jt809.md."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from stream.jt809.cipher import Cipher
from stream.jt809.tool import decode_data, encode_object

FOLDER = Path(os.environ.get("HAULWATCH_VECTORS", Path(__file__).parents[3] / "shared" / "vectors"))
GMT8 = timezone(timedelta(hours=8))


def _load() -> list[dict[str, Any]]:
    found = []
    for name in ("809.jsonl", "synthetic.jsonl"):
        path = FOLDER / name
        if path.exists():
            found += [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [one for one in found if one.get("protocol", "809") == "809" and one.get("frame_hex")]


VECTORS = _load()
pytestmark = pytest.mark.skipif(not VECTORS, reason="the shared vectors are not here")

# Our names of what the vectors call otherwise.
NAMES = {
    "user": "user_id",
    "user_id": "user_id",
    "ip": "down_link_ip",
    "port": "down_link_port",
    "gnss_center": "gnss_center_id",
    "verify": "verify_code",
    "code": "result",
    "platform": "platform_id",
    "producer": "producer_id",
    "model": "terminal_model",
    "seconds": "disconnected_s",
    "name": "driver_name",
    "id": "driver_id",
    "org": "issuer",
    "valid": "valid_until",
    "start": "start_time",
    "obj_type": "object_type",
    "obj_id": "object_id",
    "src": "warn_source",
    "src_platform": "platform_id",
    "dst_platform": "destination_id",
    "line": "route_id",
    "src_type": "source_type",
    "src_sn": "source_sequence",
    "msg_id": "msg_sequence",
    "seq": "msg_sequence",
    "level": "supervision_level",
    "who": "supervisor",
    "email": "supervisor_email",
    "text": "content",
}
# The same word for different fields of different messages.
OTHERWISE = {
    "end": ("end_time", "supervision_end_time"),
    "tel": ("supervisor_tel", "monitor_tel"),
    "info": ("waybill", "content"),
}
# What the lengths of the frame say, checked when it is read; one vector takes one for another field.
NOT_SHOWN = {"sub_type", "data_len", "len", "sub", "_sublen_mismatch", "count"}


def _cipher(vector: dict[str, Any]) -> Cipher | None:
    numbers = vector.get("encrypt")
    return Cipher(numbers["M1"], numbers["IA1"], numbers["IC1"]) if numbers else None


def _decode(vector: dict[str, Any]) -> dict[str, Any]:
    [result] = decode_data(bytes.fromhex(vector["frame_hex"]), cipher=_cipher(vector), explain=True)
    return result


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_sound_frames_are_read_and_broken_ones_refused(vector: dict[str, Any]) -> None:
    result = _decode(vector)
    if not vector["valid"]:
        assert "error" in result
        return
    assert "error" not in result, result
    assert result["message_id"] == vector["msg_id"]
    assert result["protocol"] == vector["proto"]
    for name in ("serial", "gnss_center_id", "version", "encrypt_flag", "encrypt_key"):
        if vector.get(name) is not None:
            assert result[name] == vector[name], name
    if vector.get("sub_type"):
        assert result["sub_type"] == vector["sub_type"]
    if vector.get("head_time_utc"):
        assert datetime.fromisoformat(result["time"]).timestamp() == vector["head_time_utc"]
    assert "raw" not in result["body"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_the_steps_of_an_explanation_are_all_bytes_in_order(vector: dict[str, Any]) -> None:
    steps = _decode(vector)["explain"]
    ends = [step["offset"] + len(step["bytes"]) // 2 for step in steps]
    assert [step["offset"] for step in steps] == [0, *ends[:-1]]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_what_is_shown_is_written_again(vector: dict[str, Any]) -> None:
    wire = bytes.fromhex(vector["frame_hex"])
    for cipher in (_cipher(vector), None):
        for shown in decode_data(wire, cipher=cipher):
            if "error" not in shown:
                assert encode_object(json.loads(json.dumps(shown)), cipher=cipher) == wire


@pytest.mark.parametrize(
    "vector", [one for one in VECTORS if one.get("norm")], ids=lambda vector: vector["id"]
)
def test_fields_are_those_of_the_vector(vector: dict[str, Any]) -> None:
    body = _decode(vector)["body"]
    norm = vector["norm"]
    _compare(body, norm)
    if norm.get("sub"):
        _compare(body, norm["sub"])


def _compare(body: dict[str, Any], norm: dict[str, Any]) -> None:
    if "encrypt" in norm and "position" in body:
        _compare_position(body["position"], norm)
        return
    for key, value in norm.items():
        if key == "items":
            for position, one in zip(body["positions"], value, strict=True):
                _compare_position(position, one)
        elif key not in NOT_SHOWN:
            names = OTHERWISE.get(key, (NAMES.get(key, key),))
            [name] = [one for one in names if one in body]
            assert _same(body[name], value), (key, body[name], value)


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, str) and isinstance(expected, int):
        if found.startswith("0x"):
            return int(found, 16) == expected
        return datetime.fromisoformat(found) == datetime.fromtimestamp(expected, UTC)
    return bool(found == expected)


def _compare_position(position: dict[str, Any], norm: dict[str, Any]) -> None:
    assert position["encrypt"] == norm["encrypt"]
    if "gnss_len" in norm:
        _compare_report(position, norm)
        return
    assert position["time"] == norm["time"].replace(" ", "T") + "+08:00"
    assert position["longitude_deg"] == norm["lon_raw"] / 1e6
    assert position["latitude_deg"] == norm["lat_raw"] / 1e6
    ours = ("speed_kmh", "recorder_speed_kmh", "mileage_km", "heading_deg", "altitude_m")
    theirs = ("vec1", "vec2", "vec3", "direction", "altitude")
    assert [position[name] for name in ours] == [norm[name] for name in theirs]
    assert (position["status_bits"], position["alarm_bits"]) == (norm["state"], norm["alarm"])


def _compare_report(position: dict[str, Any], norm: dict[str, Any]) -> None:
    for number, which in enumerate(("monitoring_platform", "city_platform", "provincial_platform"), 1):
        assert position[which]["platform_id"] == norm[f"platform{number}"]
        assert position[which]["alarm_bits"] == norm[f"alarm{number}"]
    if not norm["gnss_len"]:
        assert position["report"] == ""
        return
    report, gnss = position["report"], norm["gnss"]
    assert (report["alarm_bits"], report["status_bits"]) == (gnss["alarm"], gnss["status"])
    assert (report["longitude_deg"], report["latitude_deg"]) == (gnss["lon"], gnss["lat"])
    assert (report["altitude_m"], report["speed_kmh"]) == (gnss["altitude"], gnss["speed"] / 10)
    assert report["time"] == gnss["time"].replace(" ", "T") + "+08:00"


def test_what_spec_built_vectors_expect() -> None:
    found = {vector["id"]: _decode(vector) for vector in VECTORS if vector["id"].startswith("SYN")}
    if "SYN-0187" not in found:
        pytest.skip("another set of vectors")
    position = found["SYN-0187"]["body"]["position"]
    assert round(position["longitude_deg"] * 1e6) == 1532648798
    assert round(position["latitude_deg"] * 1e6) == 1515937373
    assert position["mileage_km"] == 1532844638
    assert [one["speed_kmh"] for one in found["SYN-0188"]["body"]["positions"]] == [0, 1, 2, 3, 4]
    assert found["SYN-0193"]["explain"][-2]["bytes"] == "5e5b"
