"""What the plan promises of every fleet: deterministic, plausible, and clean but for what is planted."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.limits import COACHES, DAY_LIMIT_KMH, LONGEST_DRIVING_S, VEHICLE_CLASSES
from simulators.routes import CLEARANCE_M
from simulators.source import Source
from simulators.zones import SHIPPED_ZONES, load
from tests.simulators.fleets import BOOK, EVENING_S, MORNING_S, drive, fleet_events, plans, send

seeds = st.integers(0, 2**40)
# Any second of two years, so that night, ban and midnight fall anywhere.
begins = st.integers(1_735_689_600, 1_798_761_600)
intervals = st.sampled_from([5, 10, 30, 60, 120])
# Who passes 4 h at the wheel.
LONG_HAUL = ("returning", "enduring", "hands_over", "takes_over")


@given(seed=seeds, begin_s=begins)
@settings(max_examples=10, deadline=None)
def test_the_same_seed_drives_the_same_reports(seed, begin_s):
    for first, second in zip(plans(3, seed, begin_s), plans(3, seed, begin_s), strict=True):
        assert first == second
        one, other = drive(first, 10, 0.3), drive(second, 10, 0.3)
        assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in type(one).__slots__)


def test_another_seed_drives_others():
    assert [plan.path.goal for plan in plans(20, 1)] != [plan.path.goal for plan in plans(20, 2)]


@given(seed=seeds, begin_s=begins, interval_s=intervals)
@settings(max_examples=12, deadline=None)
def test_only_what_is_planted_happens(seed, begin_s, interval_s):
    """By an oracle of its own: straight over the arrays, with shapely for the zones."""
    zones = [(zone, shapely.Polygon(zone.rings[0], zone.rings[1:])) for zone in load(SHIPPED_ZONES)]
    for plan in plans(14, seed, begin_s, interval_s):
        samples = drive(plan, interval_s, 3.0)
        vehicle_class = plan.vehicle.vehicle_class
        time_s, speed_kmh = samples.time_ms // 1000, samples.speed_dkmh / 10
        of_day_h = (time_s + 8 * 3600) % 86_400 / 3600
        limit = np.full(len(samples), 80.0 if vehicle_class == "hazmat" else 100.0)
        if vehicle_class in COACHES:
            limit[(of_day_h >= 22) | (of_day_h < 6)] = 80.0
        if plan.role != "speeder":
            assert (speed_kmh < limit - 5).all(), "nobody else comes near a limit"
        if plan.role not in ("visitor", "liner"):
            points = shapely.points(samples.longitude_udeg / 1e6, samples.latitude_udeg / 1e6)
            for zone, polygon in zones:
                if zone.applies_to(vehicle_class):
                    assert not shapely.intersects(polygon, points).any(), (plan.role, zone.zone_id)
        if plan.role not in LONG_HAUL:
            assert longest_drive_s(time_s, speed_kmh) <= LONGEST_DRIVING_S
        if vehicle_class in COACHES and plan.role != "overnight":
            banned = (of_day_h >= 2) & (of_day_h < 5)
            assert (speed_kmh[banned] < 5).all(), "coaches stand from 2 to 5"


def longest_drive_s(time_s, speed_kmh):
    """The longest span without a stop of 20 min, counted over stops."""
    moving = np.flatnonzero((speed_kmh[1:] > 5) | (speed_kmh[:-1] > 5))
    if not len(moving):
        return 0
    breaks = np.flatnonzero(time_s[moving[1:]] - time_s[moving[:-1] + 1] >= 1_200)
    starts, ends = np.append(0, breaks + 1), np.append(breaks, len(moving) - 1)
    return int((time_s[moving[ends] + 1] - time_s[moving[starts]]).max())


@given(seed=seeds, begin_s=begins, interval_s=intervals)
@settings(max_examples=8, deadline=None)
def test_planted_speeding_is_beyond_doubt(seed, begin_s, interval_s):
    for plan, _, events in fleet_events(10, seed, begin_s, interval_s, 3.0):
        # What is too fast in a zone only is the zone's doing, not the plan's.
        limit_kmh = DAY_LIMIT_KMH[plan.vehicle.vehicle_class]
        speeding = [event for event in events if event.rule == "speeding"]
        episodes = [event for event in speeding if event.detail["limit_kmh"] >= min(limit_kmh, 80)]
        assert not episodes or plan.role == "speeder"
        for event in episodes:
            assert event.detail["max_speed_kmh"] > event.detail["limit_kmh"] * 1.05
            assert event.end_ms is None or event.end_ms - event.start_ms >= 30_000
        for before, after in itertools.pairwise(episodes):
            assert after.start_ms - before.end_ms > 120_000


@pytest.mark.parametrize("interval_s", [60])
def test_every_role_does_what_it_is_there_for(interval_s):
    done: dict[str, set[str]] = {}
    for plan in plans(120, 4, MORNING_S, interval_s):
        source = Source(plan, interval_s, BOOK, with_truth=True)
        sent, events = send(source, plan.stored_until_s + 5.5 * 3600)
        found = {event.rule for event in events + source.finish(len(sent)) if not event.fact}
        done.setdefault(plan.role, set()).update(found)
    assert done["plain"] == done["rested"] == done["overnight"] == set()
    assert done["speeder"] == {"speeding", "speeding_pre"}
    long = {"continuous_driving", "continuous_driving_pre"}
    assert done["returning"] - {"driving_day", "driving_day_pre"} == done["enduring"] == long
    assert done["hands_over"] == {"continuous_driving_pre"}
    assert done["visitor"] >= {"zone_enter", "zone_exit", "zone_speed", "zone_stay"}
    assert done["overworked"] >= {"driving_24h", "driving_24h_pre"}
    assert done["alarming"] == {"emergency", "terminal_alarm"}
    assert done["jumping"] == {"position_jump"}
    assert done["drifting"] == {"position_drift"}
    assert done["frozen"] == {"position_frozen", "position_jump"}
    assert done["silent"] == {"silent_driving", "offline_displacement"}
    assert done["odd_speed"] == {"speed_source_suspect", "speed_source_check"}
    assert done["odd_height"] == {"invalid_data"}
    assert done["liner"] >= {"route_deviation", "route_wrong_direction", "route_stop"}


def test_the_rested_stopped_once_for_just_long_enough():
    for plan, _, events in fleet_events(200, 9, MORNING_S, 10, 0.5):
        if plan.role == "rested":
            assert plan.stored_until_s - plan.begin_s > 3.5 * 3600
            periods = [event for event in events if event.rule == "driving_period"]
            assert len(periods) == 2
            stop_s = (periods[1].start_ms - periods[0].end_ms) / 1000
            assert 1_200 <= stop_s <= 1_350


def test_the_first_minute_has_something_to_see():
    found_s: dict[str, list[float]] = {}
    for _, _, events in fleet_events(300, 1, MORNING_S, 10, 0.5):
        for event in events:
            if not event.fact and event.found_ms >= MORNING_S * 1000:
                found_s.setdefault(event.rule, []).append(event.found_ms / 1000 - MORNING_S)
    for rule in ("speeding", "continuous_driving", "zone_enter"):
        assert 0 < min(found_s[rule]) < 60
    per_minute = np.bincount([int(when // 60) for each in found_s.values() for when in each])
    assert per_minute.max() < 20, "no avalanche"
    assert (per_minute[:10] > 0).all(), "something new every minute"


@pytest.mark.parametrize("begin_s", [MORNING_S, EVENING_S])
def test_motion_is_plausible(begin_s):
    for _, samples, _ in fleet_events(25, 8, begin_s, 1, 1.0):
        speed_mps = samples.speed_dkmh / 36
        assert np.abs(np.diff(speed_mps)).max() < 1.8, "neither jumps nor crashes"
        north_m = np.diff(samples.latitude_udeg) / 1e6 * 111_195
        east_m = np.diff(samples.longitude_udeg) / 1e6 * 111_195 * np.cos(np.radians(32.5))
        moved_m = np.hypot(north_m, east_m)
        mean_mps = (speed_mps[1:] + speed_mps[:-1]) / 2
        assert np.abs(moved_m - mean_mps).max() < 12, "positions and speeds tell one story"
        assert (np.diff(samples.mileage_hm) >= 0).all()
        assert ((samples.longitude_udeg > 116e6) & (samples.longitude_udeg < 122.2e6)).all()
        assert ((samples.latitude_udeg > 30.7e6) & (samples.latitude_udeg < 35.3e6)).all()


def test_most_vehicles_are_on_the_road():
    rolling = [samples.moving[-60:].mean() for _, samples, _ in fleet_events(200, 3, MORNING_S, 10, 1.0)]
    assert np.mean(rolling) > 0.6


@pytest.mark.parametrize("vehicle_class", VEHICLE_CLASSES)
@pytest.mark.parametrize("road_class", ["expressway", "national"])
def test_everyone_can_get_about_without_touching_a_zone(road_class, vehicle_class):
    network = BOOK.network
    places = {road.first for road in network.roads if road.road_class == road_class}
    assert all(BOOK.trips(place, road_class, vehicle_class) for place in places)
    for crossing in BOOK.crossings(road_class, vehicle_class):
        assert crossing.entry_m > CLEARANCE_M


def test_every_zone_has_a_road_through_it_and_two_names():
    visited = set()
    for vehicle_class in VEHICLE_CLASSES:
        for road_class in ("expressway", "national"):
            for crossing in BOOK.crossings(road_class, vehicle_class):
                path = crossing.path
                for zone in BOOK.zones:
                    if zone.contains(path.longitude_deg, path.latitude_deg).any():
                        visited.add(zone.zone_id)
    assert visited == {zone.zone_id for zone in BOOK.zones}
    assert len({zone.name for zone in BOOK.zones}) == len(BOOK.zones)
