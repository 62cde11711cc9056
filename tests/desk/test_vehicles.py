"""Vehicles, tracks and the parameters that select them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from alerts.desk import models
from tests.desk.running import RunningDesk, add_tracks, add_vehicle

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module", autouse=True)
def fleet(desk: RunningDesk) -> None:
    for number in range(25):
        add_vehicle(desk.dsn, f"T{number:03d}")
    add_vehicle(desk.dsn, "odd/id %1_ü", plate="沪B99999", enterprise="100% Logistik")
    # Two reports a second, one late, one impossible.
    times = [NOW - timedelta(hours=2) + timedelta(seconds=n // 2) for n in range(50)]
    add_tracks(desk.dsn, "T001", times)
    add_tracks(desk.dsn, "T001", [NOW - timedelta(hours=3)], disposition=3)
    add_tracks(desk.dsn, "T001", [NOW - timedelta(hours=1)], disposition=4)
    add_tracks(desk.dsn, "T001", [NOW - timedelta(days=400)])


def test_vehicles_page_by_page(desk: RunningDesk) -> None:
    found, after = [], ""
    while after is not None:
        page = models.VehiclePage.model_validate(desk.get("/api/vehicles", limit=7, after=after).json())
        assert len(page.vehicles) <= 7
        found += [vehicle.vehicle_id for vehicle in page.vehicles]
        after = page.next
    assert found == sorted([f"T{number:03d}" for number in range(25)] + ["odd/id %1_ü"])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("t00", 10),
        ("苏AT01", 10),
        ("100%", 1),
        ("0_%", 0),
        ("苏运", 25),
        ("沪b", 1),
        ("nothing", 0),
        ("%", 1),
    ],
)
def test_search(desk: RunningDesk, query: str, count: int) -> None:
    assert len(desk.get("/api/vehicles", query=query).json()["vehicles"]) == count


def test_one_vehicle(desk: RunningDesk) -> None:
    vehicle = models.Vehicle.model_validate(desk.get("/api/vehicles/T007").json())
    assert (vehicle.plate, vehicle.plate_colour, vehicle.vehicle_class) == ("苏AT007", 2, "heavy_truck")
    assert vehicle.total_mass_kg == 25000
    assert "auth_code" not in desk.get("/api/vehicles/T007").json()


def test_track_page_by_page(desk: RunningDesk) -> None:
    points, after = [], None
    while True:
        parameters = {"limit": 7} | ({"after": after} if after else {})
        page = desk.get("/api/tracks/T001", **parameters).json()
        models.Track.model_validate(page)
        points += page["points"]
        after = page["next"]
        if after is None:
            break
    assert len(points) == 51
    times = [datetime.fromisoformat(point["time"]) for point in points]
    assert times == sorted(times)
    assert times[0] == NOW - timedelta(hours=3)
    assert len({point["longitude_deg"] for point in points[1:]}) == 50
    assert all(point["time"].endswith("+08:00") for point in points)


def test_track_between_times(desk: RunningDesk) -> None:
    start = NOW - timedelta(hours=2) + timedelta(seconds=5)
    end = start + timedelta(seconds=10)
    inside = {"from": start.isoformat(), "to": end.isoformat()}
    points = desk.get("/api/tracks/T001", **inside).json()["points"]
    assert len(points) == 20
    assert datetime.fromisoformat(points[0]["time"]) == start
    old = {"from": (NOW - timedelta(days=401)).isoformat(), "to": (NOW - timedelta(days=399)).isoformat()}
    assert len(desk.get("/api/tracks/T001", **old).json()["points"]) == 1
    assert desk.get("/api/tracks/T002").json() == {"points": [], "next": None}


def test_plus_sign_lost_in_the_address(desk: RunningDesk) -> None:
    answer = desk.get("/api/tracks/T001?from=2026-01-01T00:00:00+08:00&to=2026-01-02T00:00:00+08:00")
    assert answer.status_code == 200


REFUSED = {
    "/api/vehicles?limit=0": (422, "limit"),
    "/api/vehicles?limit=1001": (422, "limit"),
    "/api/vehicles?limit=many": (422, "limit"),
    "/api/vehicles/unknown": (404, "unknown"),
    "/api/vehicles/%00": (404, "characters"),
    "/api/vehicles?query=%00": (404, "characters"),
    "/api/positions?bbox=1,2,3": (422, "bbox"),
    "/api/positions?bbox=5,2,1,3": (422, "bbox"),
    "/api/positions?bbox=a,b,c,d": (422, "bbox"),
    "/api/positions?bbox=nan,0,1,1": (422, "bbox"),
    "/api/tracks/unknown": (404, "unknown"),
    "/api/tracks/T001?from=yesterday": (422, "from"),
    "/api/tracks/T001?to=2026-13-01": (422, "to"),
    "/api/tracks/T001?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z": (422, "from"),
    "/api/tracks/T001?limit=50001": (422, "limit"),
    "/api/tracks/T001?after=zzz": (422, "after"),
    "/api/tracks/T001?after=99999999999999999999.1": (422, "after"),
    "/api/none": (404, "/api/none"),
    "/none.js": (404, "nothing"),
    "/../pyproject.toml": (404, "nothing"),
    "/..%2f..%2fpyproject.toml": (404, "nothing"),
}


@pytest.mark.parametrize("address", REFUSED)
def test_refusals_have_one_shape(desk: RunningDesk, address: str) -> None:
    status, word = REFUSED[address]
    answer = desk.get(address)
    assert answer.status_code == status, answer.text
    error = models.ErrorBody.model_validate(answer.json()).error
    assert word in error.message_en
    assert error.message_zh


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_wrong_method(desk: RunningDesk, method: str) -> None:
    answer = httpx.request(method, desk.url + "/api/vehicles/T001")
    assert answer.status_code in (404, 405)
    models.ErrorBody.model_validate(answer.json())


def test_dates_at_the_edge_of_the_calendar(desk: RunningDesk) -> None:
    for from_, to in [("0001-01-01", "9999-12-31"), ("0001-01-01T00:00:00+14:00", "0001-01-02")]:
        assert desk.get("/api/tracks/T001", **{"from": from_, "to": to}).status_code == 200
    assert desk.get("/api/tracks/T001", to="0001-01-01").status_code == 200
