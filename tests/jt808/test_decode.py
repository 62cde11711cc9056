"""`haulwatch decode`: hex in, JSON out, nothing else whatever comes in."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stream.decode import run
from stream.jt808.frame import encode_frame, encode_packages, seal
from tests.jt808.strategies import mutated

POSITION = "7e0200001c0139123456780001000000020000000301e8ea4807143f350019028a005a260315142530867e"


def _run(text: str | bytes, **options: bool) -> tuple[int, list[dict[str, Any]]]:
    source = io.StringIO(text) if isinstance(text, str) else io.BytesIO(text)
    out = io.StringIO()
    code = run(source, out, **options)
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


def _errors(text: str | bytes, **options: bool) -> list[str]:
    code, results = _run(text, **options)
    errors = [result["error"]["code"] for result in results if "error" in result]
    assert code == bool(errors)
    return errors


def test_a_position() -> None:
    assert _run(POSITION + "\n") == (
        0,
        [
            {
                "message_id": "0x0200",
                "protocol": "2013",
                "terminal_phone": "013912345678",
                "serial": 1,
                "body": {
                    "alarm_bits": 2,
                    "alarms": ["overspeed"],
                    "status_bits": 3,
                    "status": ["acc_on", "positioned"],
                    "latitude_deg": 32.041544,
                    "longitude_deg": 118.767413,
                    "altitude_m": 25,
                    "speed_kmh": 65.0,
                    "heading_deg": 90,
                    "time": "2026-03-15T14:25:30+08:00",
                    "items": {},
                },
            }
        ],
    )


def test_blanks_comments_case_and_several_frames_a_line() -> None:
    spaced = " ".join(POSITION[k : k + 2] for k in range(0, len(POSITION), 2)).upper()
    lines = ["# a comment", "", f"  {spaced}  # why\r", POSITION * 2, POSITION + POSITION[2:], POSITION[2:-2]]
    code, results = _run("\n".join(lines))
    assert code == 0
    assert [result["serial"] for result in results] == [1] * 6
    assert _run("\ufeff" + POSITION)[0] == 0


def test_junk_before_the_first_flag_is_passed_over() -> None:
    assert [result["serial"] for result in _run("0d0a" + POSITION)[1]] == [1]


def test_what_is_no_frame_gives_an_error_on_its_line_and_the_rest_goes_on() -> None:
    text = f"zz\nabc\n7e7e\n{POSITION[:-2]}\n{POSITION[2:]}\n{POSITION[:-4]}877e\n{POSITION}\n"
    code, results = _run(text)
    assert code == 1
    assert [result["error"]["code"] for result in results[:-1]] == [
        "hex",
        "hex",
        "truncated",
        "truncated",
        "truncated",
        "checksum",
    ]
    assert [result["error"]["line"] for result in results[:-1]] == [1, 2, 3, 4, 5, 6]
    assert results[-1]["serial"] == 1


def test_binary_garbage() -> None:
    assert _errors(b"\xff\xfe\x00\x80\n\x7e\x00\n" + POSITION.encode()) == ["hex", "hex"]
    assert _errors("７ｅ\n") == ["hex"]


@given(st.binary(max_size=200))
def test_any_bytes_give_objects_only(data: bytes) -> None:
    _errors(data)


@settings(max_examples=40)
@given(st.lists(mutated(), max_size=5))
def test_any_frames_give_one_object_each(contents: list[bytes]) -> None:
    contents = [content for content in contents if content]
    text = "\n".join("7e" + content.hex() + "7e" for content in contents)
    code, results = _run(text)
    assert len(results) == len(contents)
    assert all("error" in result or "body" in result for result in results)
    assert code == any("error" in result for result in results)


def test_a_body_that_cannot_be_read_keeps_its_header() -> None:
    code, [result] = _run(encode_frame(0x0200, "1", 9, bytes(20)).hex())
    assert code == 1
    assert result["error"]["code"] == "truncated"
    assert (result["message_id"], result["serial"], result["body"]) == ("0x0200", 9, {"raw": "00" * 20})


def test_a_body_the_platform_does_not_act_upon_is_shown_raw() -> None:
    code, [result] = _run(encode_frame(0x8001, "1", 9).hex())
    assert code == 0
    assert result["body"]["raw"] == ""
    assert result["body"]["unread"]["code"] == "truncated"


def test_unknown_message_ids_and_encrypted_bodies_are_shown_raw() -> None:
    assert _run(encode_frame(0x5501, "1", 9, b"\x01\x02").hex())[1][0]["body"] == {"raw": "0102"}
    encrypted = seal(bytes.fromhex("0200 0401 000000000001 0001 ff"))
    code, [result] = _run(encrypted.hex())
    assert code == 0
    assert result["body"]["raw"] == "ff"
    assert result["body"]["unread"]["code"] == "encrypted"


def test_strict_by_default_and_lenient_on_request() -> None:
    dangling = "7e 0002 0000 000000000679 0000 7d 7e"
    assert _errors(dangling) == ["escape"]
    assert _errors(dangling, lenient=True) == []


def test_the_package_that_completes_a_message_carries_its_fields() -> None:
    body = bytes(28) + bytes.fromhex("01040000000a")
    frames = encode_packages(0x0200, "1", 7, body, "2019", 20)
    code, [first, second] = _run(f"{frames[1].hex()}\n{frames[0].hex()}\n")
    assert code == 0
    assert (first["package"], first["packages"], first["missing"]) == (2, 2, [1])
    assert first["body"] == {"raw": body[20:].hex()}
    assert (second["missing"], second["first_serial"]) == ([], 7)
    assert second["body"]["items"] == {"mileage_km": 1.0}


def test_2011_registration_is_recognised() -> None:
    body = bytes.fromhex("001f006e") + b"cd123www.808.7654321\x01" + "苏A12345".encode("gbk")
    [result] = _run(encode_frame(0x0100, "1", 0, body).hex())[1]
    assert result["protocol"] == "2011"
    assert result["body"]["plate"] == "苏A12345"


def test_output_is_flushed_line_by_line_and_a_closed_pipe_is_quiet() -> None:
    command = [sys.executable, "-c", "import sys; from stream.decode import run; run(sys.stdin, sys.stdout)"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        for _ in range(2):
            process.stdin.write(POSITION.encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["serial"] == 1
        process.stdout.close()
        process.stdin.write(POSITION.encode() + b"\n")
        process.stdin.close()
        assert process.stderr.read() == b""
