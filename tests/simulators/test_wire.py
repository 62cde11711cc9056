"""Bodies the terminals send, read back by the codec; the fleet on paper; the device clock."""

import csv
import subprocess
import sys
from argparse import ArgumentParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulators
from alerts.registry_rows import read_registry
from simulators.clock import DeviceClock
from simulators.fleet import build_fleet
from simulators.options import from_namespace
from simulators.reports import batch, batch_capacity, bodies
from simulators.zones import SHIPPED_ZONES, Zone, load
from stream.jt808.messages import decode_message
from tests.simulators.fleets import drive, plans


@pytest.mark.parametrize("edition", ["2011", "2013", "2019"])
def test_the_codec_reads_what_was_meant(edition):
    samples = drive(plans(1, 3)[0], 10, 0.2)
    sent = bodies(samples, edition)
    assert len(sent) == len(samples)
    for row, body in enumerate(sent):
        report = decode_message(0x0200, body, edition)
        assert report.time.timestamp() * 1000 == samples.time_ms[row]
        assert round(report.longitude_deg * 1e6) == samples.longitude_udeg[row]
        assert round(report.latitude_deg * 1e6) == samples.latitude_udeg[row]
        assert round(report.speed_kmh * 10) == samples.speed_dkmh[row]
        assert report.heading_deg == samples.heading_deg[row] < 360
        assert report.altitude_m == samples.altitude_m[row]
        assert report.status_bits & 0b1111 == 0b0011
        assert report.alarm_bits == 0
        values = {item.id: int.from_bytes(item.value) for item in report.items}
        assert values[0x01] == samples.mileage_hm[row]
        assert values[0x03] == samples.recorder_speed_dkmh[row]
        assert set(values) == ({0x01, 0x03} if edition == "2011" else {0x01, 0x03, 0x30, 0x31})


def test_a_full_batch_fits_one_body():
    sent = bodies(drive(plans(1, 3)[0], 10, 0.2), "2013")[: batch_capacity("2013")]
    body = batch(1, sent)
    assert len(body) <= 1023 < len(body) + 46
    assert len(decode_message(0x0704, body, "2013").positions) == len(sent)


def test_the_registry_file_is_one_the_registry_takes(tmp_path):
    path = tmp_path / "fleet.csv"
    simulators.write_registry(path, 500, 3)
    rows = read_registry(path.read_bytes())
    assert len(rows.vehicles) == 500
    assert not rows.broken
    with path.open(encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert [row["plate"] for row in written] == [vehicle.plate for vehicle in build_fleet(500, 3)]


@given(st.integers(0, 2**30), st.integers(0, 100_000), st.integers(1, 400))
def test_no_two_vehicles_share_a_plate_or_a_phone(seed, first, count):
    fleet = build_fleet(first + count, seed)[first:] if first < 300 else build_fleet(count, seed)
    assert len({vehicle.plate for vehicle in fleet}) == len(fleet)
    assert len({vehicle.terminal_phone for vehicle in fleet}) == len(fleet)
    assert all(len(vehicle.plate) == 7 for vehicle in fleet)


@given(
    history_s=st.floats(0, 1e6),
    speedup=st.floats(0.01, 10_000),
    passed=st.lists(st.floats(0, 1e6), min_size=2, max_size=2).map(sorted),
)
def test_the_device_clock_runs_forward_and_never_ahead(history_s, speedup, passed):
    clock = DeviceClock(1.7e9, history_s, speedup)
    first, second = (clock.device_s(1.7e9 + each) for each in passed)
    assert first <= second
    assert second <= 1.7e9 + passed[1]
    assert abs(clock.device_s(clock.wall_s(second)) - second) < 1e-3 * max(1.0, speedup)
    if clock.caught_up_s < 1.7e9 + passed[1]:
        assert abs(second - (1.7e9 + passed[1])) < 1e-3


def test_holes_are_outside():
    ring = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    hole = [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]
    shipped = load(SHIPPED_ZONES)[0]
    import numpy as np

    zone = Zone(
        **{name: getattr(shipped, name) for name in Zone.__slots__}
        | {"rings": (np.array(ring, float), np.array(hole, float)), "box": (0, 0, 4, 4)}
    )
    inside = zone.contains(np.array([0.5, 2.0, 3.5, 5.0]), np.array([0.5, 2.0, 3.9, 2.0]))
    assert inside.tolist() == [True, False, True, False]


def parse(*words: str):
    parser = ArgumentParser()
    simulators.add_arguments(parser)
    return from_namespace(parser.parse_args(words))


def test_options_default_to_a_live_fleet_of_300():
    options = parse()
    assert (options.vehicles, options.interval, options.speedup, options.history_s) == (300, 10, 1.0, 0.0)
    assert parse("--speedup", "60").history_s == 6 * 3600
    assert parse("--speedup", "60", "--history", "2").history_s == 2 * 3600
    clock = parse("--speedup", "60", "--begin", "2026-03-01T20:30").device_clock(1.8e9 + 0.123)
    assert clock.first_s == parse("--begin", "2026-03-01T12:30:00Z").begin == 1_772_368_200
    assert parse("--edition", "2019").chosen_edition == "2019"
    assert parse().chosen_edition is None


@pytest.mark.parametrize(
    "words",
    [("--vehicles", "0"), ("--vehicles", "x"), ("--interval", "300"), ("--port", "70000"), ("--speedup", "0"),
     ("--history", "-1"), ("--edition", "2025"), ("--duration", "nan")],
)  # fmt: skip
def test_impossible_options_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        parse(*words)
    assert stopped.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_writing_the_registry_connects_to_nothing(tmp_path, capsys):
    parser = ArgumentParser()
    simulators.add_arguments(parser)
    path = tmp_path / "fleet.csv"
    assert simulators.run(parser.parse_args(["--write-registry", str(path), "--vehicles", "7"])) == 0
    assert len(path.read_text(encoding="utf-8").splitlines()) == 8
    assert simulators.run(parser.parse_args(["--write-registry", str(tmp_path / "no" / "x.csv")])) == 2
    assert "no/x.csv" in capsys.readouterr().err


def test_the_simulator_knows_no_rules():
    code = (
        "import sys, simulators.simulate\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('rules', 'alerts')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
