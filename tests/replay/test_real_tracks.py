"""Real tracks, read where they lie; skipped where they do not.

Twizy: N. Malek Youssef et al., RSK Twizy EV dataset, CC-BY-4.0. Buses: CapMetrics, MIT.
"""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stream import replay

DATA = Path(os.environ.get("HAULWATCH_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
HEADER = "vehicle_id,time,longitude_deg,latitude_deg,speed_kmh,limit_kmh\n"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there")


def twizy(tmp_path: Path) -> Path:
    """All drives in one file. Rows lie a second apart; 170 dates are broken, so the rows are counted."""
    path = tmp_path / "twizy.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for drive in sorted((DATA / "twizy_speedlimit").glob("*.csv")):
            start = datetime(2021, 4, 1, 9, tzinfo=UTC)
            for second, row in enumerate(csv.DictReader(drive.open(encoding="utf-8"))):
                stamp = (start + timedelta(seconds=second)).isoformat()
                # Three rows have a broken longitude; the position plays no part here.
                file.write(f"{drive.stem},{stamp},-6.8,34.0,{row['Speed']},{row['SpeedLimit']}\n")
    return path


def episodes(path: Path, rulebook: Path | None = None, block_size: int = 20_000) -> tuple[list[dict], str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    options = {"rulebook": rulebook, "block_size": block_size}
    assert replay.run(path, stdout=stdout, stderr=stderr, **options) == 0
    return [json.loads(line) for line in stdout.getvalue().splitlines()], stderr.getvalue()


@needs_data
@pytest.mark.parametrize(("samples", "runs"), [(1, 200), (10, 85), (30, 21), (60, 1)])
def test_twizy_runs_over_the_posted_limit(tmp_path: Path, samples: int, runs: int) -> None:
    """The independent count takes n reports at 1 Hz as n seconds; from first to last they are n - 1."""
    rulebook = tmp_path / "rulebook.toml"
    rulebook.write_text(f'version = "x"\nspeeding_min_s = {samples - 1}\nspeeding_join_s = 0\n')
    found, errors = episodes(twizy(tmp_path), rulebook)
    found = [one for one in found if one["rule"] == "speeding"]
    assert (len(found), errors) == (runs, "")
    assert {one["limit_source"] for one in found} == {"posted"}


@needs_data
def test_buses(tmp_path: Path) -> None:
    path = tmp_path / "buses.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for day in sorted((DATA / "capmetro_bus").glob("*.csv")):
            for row in csv.DictReader(day.open(encoding="utf-8")):
                place = f"{row['longitude']},{row['latitude']}"
                speed_kmh = float(row["speed"]) * 1.609344
                file.write(f"{row['vehicle_id']},{row['timestamp']},{place},{speed_kmh},\n")
    found, errors = episodes(path)
    assert "145 exact duplicates dropped" in errors
    assert {"continuous_driving", "driving_day"} <= {one["rule"] for one in found}
    assert all(one["driving_s"] > 14_400 for one in found if one["rule"] == "continuous_driving")
    assert episodes(path, block_size=777) == (found, errors)
