"""`haulwatch replay`: what it prints, and how it takes files that are not as they should be."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from stream import replay
from stream.cli import main
from stream.command_times import parse_time

HEADER = "vehicle_id,time,longitude_deg,latitude_deg,speed_kmh"


def clock(second: int) -> str:
    return f"2026-06-01T{8 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}+08:00"


def speeding_rows(vehicle: str = "a", seconds: Iterable[int] = range(0, 50, 10)) -> list[str]:
    """Over the limit but for the last row."""
    times = list(seconds)
    return [
        f"{vehicle},{clock(second)},{118 + second / 10_000:.4f},32.0,{60 if second == times[-1] else 110}"
        for second in times
    ]


class Result:
    def __init__(self, path: Path, **options: Any) -> None:
        stdout, stderr = io.StringIO(), io.StringIO()
        self.code = replay.run(path, stdout=stdout, stderr=stderr, **options)
        self.text, self.errors = stdout.getvalue(), stderr.getvalue()
        self.lines = [json.loads(line) for line in self.text.splitlines()]


def replayed(tmp_path: Path, *lines: str | bytes, header: str = HEADER, **options: Any) -> Result:
    path = tmp_path / "tracks.csv"
    content = [line if isinstance(line, bytes) else line.encode() for line in (header, *lines)]
    path.write_bytes(b"\n".join(content) + b"\n")
    return Result(path, **options)


def test_an_episode_in_full(tmp_path: Path) -> None:
    result = replayed(tmp_path, *speeding_rows("苏A12345"))
    assert (result.code, result.errors) == (0, "")
    (found,) = result.lines
    assert list(found)[:9] == [
        "alert_id", "vehicle_id", "rule", "level", "start", "found", "end", "evidence", "rulebook_version"
    ]  # fmt: skip
    assert found["vehicle_id"] == "苏A12345"
    assert (found["rule"], found["level"], found["evidence"]) == ("speeding", 3, "complete")
    assert found["start"] == "2026-06-01T08:00:00+08:00"
    assert found["found"] == found["end"] == "2026-06-01T08:00:30+08:00"
    assert (found["max_speed_kmh"], found["limit_kmh"], found["limit_source"]) == (110, 100, "class")
    assert found["distance_m"] == pytest.approx(30 * 9.43, abs=1)


def test_open_at_the_end_of_the_input(tmp_path: Path) -> None:
    (found,) = replayed(tmp_path, *speeding_rows()[:-1]).lines
    assert found["end"] is None


def test_who_is_silent_is_told_as_of_the_time_that_is_asked_for(tmp_path: Path) -> None:
    rows = [f"b,{clock(second)},{118 + second / 10_000:.4f},32,60" for second in range(0, 3601, 200)]
    rows.append(f"a,{clock(0)},118,32,60")
    assert replayed(tmp_path, *rows).lines == []
    until_ms = parse_time("--until", "2026-06-01T09:00:00+08:00")
    (found,) = replayed(tmp_path, *rows, until_ms=until_ms).lines
    assert (found["vehicle_id"], found["rule"], found["end"]) == ("a", "silent_driving", None)
    assert found["found"] == "2026-06-01T08:30:00+08:00"


def test_milliseconds_and_other_offsets(tmp_path: Path) -> None:
    times = ["2026-06-01T00:00:00.250Z", "2026-06-01 02:00:30.25+02:00", "2026-06-01T00:00:31Z"]
    rows = [f"a,{time},118,32,{speed}" for time, speed in zip(times, (110, 110, 60), strict=True)]
    (found,) = replayed(tmp_path, *rows).lines
    assert (found["start"], found["end"]) == (
        "2026-06-01T08:00:00.250+08:00",
        "2026-06-01T08:00:30.250+08:00",
    )


def test_any_column_order_mark_blank_lines_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "tracks.csv"
    rows = [row.split(",") for row in speeding_rows()]
    text = "\r\n\r\nSpeed_kmh , note,latitude_deg,longitude_deg,time,vehicle_id\r\n"
    text += "".join(f'{v},"x, y",{lat},{lon},{time},{vehicle}\r\n\r\n' for vehicle, time, lon, lat, v in rows)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    result = Result(path)
    assert (result.code, len(result.lines)) == (0, 1)
    assert result.errors == f"{path}: column 'note' is not known and passed over\n"
    assert result.text == replayed(tmp_path, *speeding_rows()).text


def test_optional_columns(tmp_path: Path) -> None:
    header = f"{HEADER},heading_deg,altitude_m,alarm_bits,status_bits,limit_kmh,driver_id,vehicle_class"
    rows = [f"{row},90,12,0x0,3,80,D1,hazmat" for row in speeding_rows()]
    rows += [f"{row},,,,,,," for row in speeding_rows("b")]
    rows += [f"{row},90.0,-3.0,1.0,2.0,nan,,unknown" for row in speeding_rows("c")]
    result = replayed(tmp_path, *rows, header=header)
    assert result.errors == ""
    limits = {
        found["vehicle_id"]: (found["limit_kmh"], found["limit_source"])
        for found in result.lines
        if "limit_kmh" in found
    }
    assert limits == {"a": (80, "posted"), "b": (100, "class"), "c": (100, "class")}


def test_registry_gives_the_class(tmp_path: Path) -> None:
    registry = tmp_path / "registry.csv"
    registry.write_text(
        "id,terminal_phone,plate,plate_colour,class,total_mass_kg,enterprise,driver\n"
        "a,13800138000,苏A1,2,hazmat,20000,x,D1\n"
        "b,,,,,,,\n"
    )
    result = replayed(tmp_path, *speeding_rows("a"), *speeding_rows("b"), registry=registry)
    assert [(one["vehicle_id"], one["limit_kmh"]) for one in result.lines] == [("a", 80), ("b", 100)]
    assert f"{registry}:3:" in result.errors


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a,2026-06-01T08:00:00,118,32,60", "has no offset"),
        ("a,yesterday,118,32,60", "not ISO 8601"),
        ("a,2026-06-01T08:00:60+08:00,118,32,60", "not ISO 8601"),
        ("a,,118,32,60", "time is missing"),
        ("a,1780272000,118,32,60", "a count since 1970 must be converted"),
        ("a,1780272000000,118,32,60", "a count since 1970 must be converted"),
        (",2026-06-01T08:00:00+08:00,118,32,60", "vehicle_id is missing"),
        ("a,2026-06-01T08:00:00+08:00,,32,60", "longitude_deg is missing"),
        ("a,2026-06-01T08:00:00+08:00,118,32,fast", "speed_kmh 'fast' is not a number"),
        ("a,2026-06-01T08:00:00+08:00,118,32,nan", "speed_kmh 'nan' is not a number"),
        ("a,2026-06-01T08:00:00+08:00,118,inf,60", "latitude_deg 'inf' is not a number"),
        ("a,2026-06-01T08:00:00+08:00,118,32", "has 4 columns"),
        ("a,2026-06-01T08:00:00+08:00,118,32,60,7", "has 6 columns"),
        ('"a,2026-06-01T08:00:00+08:00,118,32,60', "no CSV row"),
        (b"\xff\xfe,2026-06-01T08:00:00+08:00,118,32,60", "not UTF-8"),
        (f"{'x' * 300},2026-06-01T08:00:00+08:00,118,32,60", "300 characters"),
        ("a\x00,2026-06-01T08:00:00+08:00,118,32,60", "control characters"),
        ("garbage", "has 1 columns"),
    ],
)
def test_a_broken_row_is_told_and_the_rest_goes_on(tmp_path: Path, row: str | bytes, reason: str) -> None:
    good = speeding_rows()
    result = replayed(tmp_path, *good[:2], row, *good[2:])
    assert result.code == 0
    first, last = result.errors.splitlines()
    assert "tracks.csv:4: " in first
    assert reason in first
    assert "of 6 rows 1 broken" in last
    assert result.text == replayed(tmp_path, *good).text


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("vehicle_class", "spaceship", "'spaceship' is not known"),
        ("heading_deg", "361", "not within 0 to 360"),
        ("alarm_bits", "-1", "not within"),
        ("status_bits", "0xzz", "status_bits"),
        ("limit_kmh", "-5", "below 0"),
        ("altitude_m", "high", "not a number"),
    ],
)
def test_a_broken_optional_value(tmp_path: Path, column: str, value: str, reason: str) -> None:
    row = speeding_rows()[0]
    result = replayed(tmp_path, f"{row},{value}", header=f"{HEADER},{column}")
    assert (result.code, result.text) == (0, "")
    assert reason in result.errors.splitlines()[0]


def test_impossible_reports_are_set_aside_and_counted(tmp_path: Path) -> None:
    good = speeding_rows()
    bad = ["a,1999-12-31T00:00:00+08:00,118,32,60", "a,2101-01-01T00:00:00+08:00,118,32,60"]
    bad += [f"a,{clock(15)},181,32,110", f"a,{clock(15)},118,-91,110", f"a,{clock(15)},118,32,-1"]
    result = replayed(tmp_path, *good, *bad)
    assert (result.code, result.text) == (0, replayed(tmp_path, *good).text)
    assert "5 impossible set aside" in result.errors


def test_copies_are_found_among_many_reports_of_one_time(tmp_path: Path) -> None:
    rows = [f"a,{clock(0)},{118 + place / 100},32.0,50" for place in range(10)]
    assert "of 20 rows 10 exact duplicates dropped" in replayed(tmp_path, *rows, *rows).errors


def test_a_report_with_another_posted_limit_is_no_copy(tmp_path: Path) -> None:
    rows = [f"a,{clock(second)},118,32,70,60" for second in range(0, 70, 10)]
    (going_on,) = replayed(tmp_path, *rows, header=f"{HEADER},limit_kmh").lines
    rows.insert(4, f"a,{clock(30)},118,32,70,80")
    (broken,) = replayed(tmp_path, *rows, header=f"{HEADER},limit_kmh").lines
    assert (going_on["end"], broken["end"]) == (None, clock(30))


def test_exact_duplicates_are_dropped_and_counted(tmp_path: Path) -> None:
    good = speeding_rows()
    result = replayed(tmp_path, *good, *good[1:3])
    assert (result.code, result.text) == (0, replayed(tmp_path, *good).text)
    assert "2 exact duplicates dropped" in result.errors


@pytest.mark.parametrize("header", ["", "vehicle_id,time", "a;b;c", f"{HEADER},time"])
def test_a_file_that_is_none(tmp_path: Path, header: str) -> None:
    result = replayed(tmp_path, header=header)
    assert (result.code, result.text) == (2, "")
    assert len(result.errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (HEADER.replace(",", ";").encode(), "separated by semicolons: save the file with commas"),
        (HEADER.replace(",", "\t").encode(), "separated by tabs"),
        (gzip.compress(HEADER.encode(), mtime=0), "compressed: unpack it"),
        (HEADER.encode("utf-16"), "save the file as UTF-8"),
    ],
)
def test_a_file_in_another_form_says_what_to_do(tmp_path: Path, content: bytes, remedy: str) -> None:
    path = tmp_path / "tracks.csv"
    path.write_bytes(content + b"\n")
    result = Result(path)
    assert (result.code, len(result.errors.splitlines())) == (2, 1)
    assert remedy in result.errors


SQUARE = {"type": "Polygon", "coordinates": [[[117, 31], [119, 31], [119, 33], [117, 33]]]}


def test_names_that_nobody_reads_are_told(tmp_path: Path) -> None:
    zones, registry = tmp_path / "zones.geojson", tmp_path / "registry.csv"
    zone = {"type": "Feature", "geometry": SQUARE, "properties": {"id": "z", "speed_limit_kmh": 60}}
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": [zone]}))
    registry.write_text("id,terminal_phone,class,colour\na,13800138000,hazmat,red\n")
    rows = [f"{row},90" for row in speeding_rows()]
    result = replayed(tmp_path, *rows, header=f"{HEADER},course", zones=zones, registry=registry)
    assert {one["rule"] for one in result.lines} >= {"speeding", "zone_enter"}
    assert result.errors.splitlines() == [
        f"zones {zones}: property of 1 zone 'speed_limit_kmh' is not known and passed over; "
        "did you mean limit_kmh?",
        f"{registry}: column 'colour' is not known and passed over; did you mean plate_colour?",
        f"{tmp_path / 'tracks.csv'}: column 'course' is not known and passed over; did you mean heading_deg?",
    ]
    checked = io.StringIO()
    with contextlib.redirect_stderr(checked), contextlib.redirect_stdout(io.StringIO()):
        assert main(["zones", "check", str(zones)]) == 0
    assert "did you mean limit_kmh?" in checked.getvalue()


def test_columns_under_other_names_are_named(tmp_path: Path) -> None:
    result = replayed(tmp_path, header="vehicle_id,timestamp,lon,lat,speed")
    assert result.code == 2
    renamed = "timestamp to time, lon to longitude_deg, lat to latitude_deg, speed to speed_kmh"
    assert f"perhaps rename {renamed}\n" in result.errors


def test_a_zone_of_an_unknown_class_is_told_with_its_file(tmp_path: Path) -> None:
    zones = tmp_path / "zones.geojson"
    zone = {"type": "Feature", "geometry": SQUARE, "properties": {"id": "z", "vehicle_classes": ["truck"]}}
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": [zone]}))
    result = replayed(tmp_path, zones=zones)
    assert (result.code, result.errors.count(str(zones)), result.errors.count("'truck'")) == (2, 1, 1)


def test_a_faulty_zone_is_told_with_its_file(tmp_path: Path) -> None:
    zones = tmp_path / "zones.geojson"
    zones.write_text('{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null}]}')
    result = replayed(tmp_path, zones=zones)
    assert (result.code, len(result.errors.splitlines())) == (2, 1)
    assert str(zones) in result.errors


def test_a_closed_console_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tracks.csv"
    path.write_text("\n".join([HEADER, *speeding_rows()]) + "\n")
    monkeypatch.setattr("sys.stdout", None)
    assert main(["replay", str(path)]) == 0


def test_missing_files_are_one_line(tmp_path: Path) -> None:
    good = tmp_path / "tracks.csv"
    good.write_text(HEADER + "\n")
    for path, options in (
        (tmp_path / "none.csv", {}),
        (tmp_path, {}),
        (good, {"rulebook": tmp_path / "none.toml"}),
        (good, {"zones": tmp_path / "none.geojson"}),
        (good, {"registry": tmp_path / "none.csv"}),
    ):
        result = Result(path, **options)
        assert (result.code, result.text, len(result.errors.splitlines())) == (2, "", 1)


def test_only_a_header(tmp_path: Path) -> None:
    result = replayed(tmp_path)
    assert (result.code, result.text, result.errors) == (0, "", "")


def test_zones_and_rulebook(tmp_path: Path) -> None:
    square = [[[117.9, 31.9], [118.002, 31.9], [118.002, 32.1], [117.9, 32.1], [117.9, 31.9]]]
    properties = {
        "id": "z1",
        "name": "区域",
        "name_en": "Zone",
        "rules": ["enter", "exit", "stay"],
        "max_stay_s": 5,
    }
    zones = tmp_path / "zones.geojson"
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    rulebook = tmp_path / "book.toml"
    rulebook.write_text('version = "mine"\nspeeding_min_s = 1000')
    result = replayed(tmp_path, *speeding_rows(), zones=zones, rulebook=rulebook)
    assert [one["rule"] for one in result.lines] == ["zone_enter", "zone_stay", "zone_exit"]
    assert {one["rulebook_version"] for one in result.lines} == {"mine"}
    names = {(one["zone_id"], one["zone_name"], one["zone_name_en"]) for one in result.lines}
    assert names == {("z1", "区域", "Zone")}


def fleet_rows() -> dict[str, list[str]]:
    """Some vehicles that speed, stop and drive long, with gaps and reports of one time."""
    dice = random.Random(7)
    rows: dict[str, list[str]] = {}
    for number in range(4):
        second, track = 0, []
        for _ in range(150):
            second += dice.choice([0, 10, 30, 60, 300, 400])
            speed = dice.choice([0, 0, 60, 101, 115, 121])
            track.append(f"v{number},{clock(second % 54_000)},{118 + dice.random():.4f},32.0,{speed}")
        rows[f"v{number}"] = track
    return rows


def test_same_bytes_for_any_block_size_and_order_of_vehicles(tmp_path: Path) -> None:
    rows = fleet_rows()
    wanted = replayed(tmp_path, *(row for track in rows.values() for row in track)).text
    assert len(wanted.splitlines()) > 10
    for block_size in (1, 7, 100):
        turned = [row for name in reversed(rows) for row in rows[name]]
        assert replayed(tmp_path, *turned, block_size=block_size).text == wanted
    interleaved = [row for group in zip(*rows.values(), strict=True) for row in group]
    assert replayed(tmp_path, *interleaved).text == wanted


def test_sorted_by_start_vehicle_and_rule(tmp_path: Path) -> None:
    lines = replayed(tmp_path, *(row for track in fleet_rows().values() for row in track)).lines
    places = [(one["start"], one["vehicle_id"], one["rule"]) for one in lines]
    assert places == sorted(places)
