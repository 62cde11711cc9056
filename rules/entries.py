"""Entries: the evaluated reports of a batch as records, by vehicle and time, each with what came before it.

This is what every rule family steps over. An entry stands for a report that counts; the report's other
columns are found through `report`, its place among the reports of the batch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from geo.bits import prefetch
from geo.distance import EARTH_RADIUS_M
from geo.kernel import inlined, kernel
from rules.parameters import Plan
from rules.records import AHEAD, NONE, Layout, record_type

LAYOUT: Layout = {
    "row": ("i4", 0),  # of the vehicle
    "report": ("i4", 0),  # place among the reports of the batch
    "time_ms": ("i8", 0),
    "before_ms": ("i8", NONE),  # the vehicle's report before; NONE if there is none
    "speed_kmh": ("f8", 0.0),
    "before_speed_kmh": ("f8", 0.0),
    "vehicle_class": ("u1", 0),
    "known": ("?", False),  # there is a report before, so an interval ends here
    "gap": ("?", False),  # the interval is a gap
    "driving": ("?", False),  # the interval is driving; otherwise stopped or rest
    "positioned": ("?", False),
    "fix_gap": ("?", False),  # a gap lies between the fix before and this one
    "road_class": ("u1", 0),  # rules.road_class; 0 where the road is not known
    "tail": ("?", False),  # the vehicle's last entry of the batch
    "driver_key": ("i8", 0),  # as said by the report; 0 is not said
    "longitude_deg": ("f8", np.nan),  # newest fix as of this report; NaN before the first
    "latitude_deg": ("f8", np.nan),
    "moved_m": ("f8", np.nan),  # from the newest fix before; NaN without both
    "before_fix_ms": ("i8", NONE),  # time of the newest fix before
    "odometer_mm": ("i8", 0),  # the way of all fixes, in whole millimetres: no cut changes a sum by rounding
    "limit_kmh": ("f8", np.nan),  # posted, as the report says
    "road_limit_kmh": ("f8", np.inf),  # these five are written by families before speeding
    "segment_limit_kmh": ("f8", np.inf),
    "segment_night_kmh": ("f8", np.inf),
    "zone_limit_kmh": ("f8", np.inf),
    "weather_limit_kmh": ("f8", np.inf),
    "wheel_ms": ("i8", 0),  # continuous driving up to here, written by the fatigue family
    "said_longitude_deg": ("f8", 0.0),  # the report's own coordinates, fix or not
    "said_latitude_deg": ("f8", 0.0),
    "received_ms": ("i8", 0),
    "recorder_speed_kmh": ("f8", np.nan),
    "mileage_km": ("f8", np.nan),
    "alarm_bits": ("u4", 0),
    "before_alarm_bits": ("u4", 0),
    "status_bits": ("u4", 0),
    "heading_deg": ("u2", 0),
    "altitude_m": ("i2", 0),
}
ENTRY = record_type(LAYOUT)

PLAN: Plan = {
    "gap_ms": ("i8", "gap_s"),
    "stopped_kmh": ("f8", "stopped_speed_kmh"),
    "rest_m": ("f8", "rest_displacement_m"),
}

VEHICLE_LAYOUT: Layout = {
    "time_ms": ("i8", NONE),
    "speed_kmh": ("f8", 0.0),
    "fix_ms": ("i8", NONE),  # newest report with a position
    "longitude_deg": ("f8", np.nan),
    "latitude_deg": ("f8", np.nan),
    "odometer_mm": ("i8", 0),
    "digest_0": ("i8", 0),  # contents of the reports of the newest time, oldest first; 0 is none
    "digest_1": ("i8", 0),
    "digest_2": ("i8", 0),
    "digest_3": ("i8", 0),
    "alarm_bits": ("u4", 0),
    "vehicle_class": ("u1", 0),
}
"""What is kept of every vehicle whatever the rules: its newest report. Four contents are kept of reports of
one time, so that their exact copies are recognised; more than two are a broken terminal."""

_NEAR = 0.004  # radians, of half a difference of coordinates

FRESH, TIE, DUPLICATE, LATE = range(4)  # rules.change.Disposition


@kernel
def haversine_m(x: float, y: float, other_x: float, other_y: float) -> float:
    """Great-circle distance of two positions in degrees; NaN where a coordinate is NaN."""
    p, q = np.radians(y), np.radians(other_y)
    half_north, half_east = (q - p) * 0.5, np.radians(other_x - x) * 0.5
    if abs(half_north) < _NEAR and abs(half_east) < _NEAR:
        return _near_m((p + q) * 0.5, half_north, half_east)
    north, east = np.sin(half_north), np.sin(half_east)
    chord = north * north + np.cos(p) * np.cos(q) * (east * east)
    return 2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(min(chord, 1.0)))  # type: ignore[no-any-return]


@inlined
def _near_m(middle: float, half_north: float, half_east: float) -> float:
    """The same for positions under 50 km apart, 10 ns instead of 40: of four sines and cosines one is left.

    The series end where what follows is under the last bit: 0.004 ** 6 / 5040 and 0.006 ** 8 / 33. The
    product of the cosines of two latitudes is cos(middle) ** 2 - sin(half their difference) ** 2.
    """
    north, east = _sine(half_north), _sine(half_east)
    squared, cosine = north * north, np.cos(middle)
    chord = squared + (cosine * cosine - squared) * (east * east)
    series = 1.0 + chord * (1.0 / 6.0 + chord * (3.0 / 40.0 + chord * (15.0 / 336.0)))
    return 2.0 * EARTH_RADIUS_M * np.sqrt(chord) * series  # type: ignore[no-any-return]


@inlined
def _sine(small: float) -> float:
    squared = small * small
    return small * (1.0 - squared * (1.0 / 6.0 - squared * (1.0 / 120.0)))


@kernel
def fate(vehicle: Any, time_ms: int, content: int) -> int:
    """What becomes of a report, and the memory of the contents of its vehicle's newest time."""
    if vehicle.time_ms == NONE or time_ms > vehicle.time_ms:
        vehicle.digest_0, vehicle.digest_1 = content, 0
        vehicle.digest_2, vehicle.digest_3 = 0, 0
        return FRESH
    if time_ms < vehicle.time_ms:
        return LATE
    if content == vehicle.digest_0 or content == vehicle.digest_1:
        return DUPLICATE
    if content == vehicle.digest_2 or content == vehicle.digest_3:
        return DUPLICATE
    if vehicle.digest_1 == 0:
        vehicle.digest_1 = content
    elif vehicle.digest_2 == 0:
        vehicle.digest_2 = content
    elif vehicle.digest_3 == 0:
        vehicle.digest_3 = content
    else:
        vehicle.digest_0, vehicle.digest_1 = vehicle.digest_1, vehicle.digest_2
        vehicle.digest_2, vehicle.digest_3 = vehicle.digest_3, content
    return TIE


@kernel
def judge_interval(e: Any, p: Any) -> None:
    """Driving, stopped, or gap: the interval from the report before to this one."""
    e.gap = e.known and e.time_ms - e.before_ms > p.gap_ms
    if e.gap:
        # Without a fix at both ends the distance is NaN, which proves no rest.
        e.driving = not e.moved_m < p.rest_m
    else:
        e.driving = e.known and (e.before_speed_kmh > p.stopped_kmh or e.speed_kmh > p.stopped_kmh)


@kernel
def follow(e: Any, vehicle: Any, p: Any) -> None:
    """Give an entry what came before it, and make it the newest of its vehicle."""
    e.before_ms, e.before_speed_kmh = vehicle.time_ms, vehicle.speed_kmh
    e.before_alarm_bits = vehicle.alarm_bits
    e.known = vehicle.time_ms != NONE
    e.before_fix_ms = vehicle.fix_ms
    e.fix_gap = vehicle.fix_ms != NONE and e.time_ms - vehicle.fix_ms > p.gap_ms
    e.moved_m = np.nan
    if e.positioned:
        x, y = e.said_longitude_deg, e.said_latitude_deg
        if vehicle.fix_ms != NONE:
            e.moved_m = haversine_m(vehicle.longitude_deg, vehicle.latitude_deg, x, y)
            vehicle.odometer_mm += np.int64(np.rint(e.moved_m * 1000.0))
        vehicle.longitude_deg, vehicle.latitude_deg, vehicle.fix_ms = x, y, e.time_ms
    elif vehicle.fix_ms != NONE:
        e.moved_m = 0.0
    e.longitude_deg, e.latitude_deg = vehicle.longitude_deg, vehicle.latitude_deg
    e.odometer_mm = vehicle.odometer_mm
    vehicle.time_ms, vehicle.speed_kmh, vehicle.alarm_bits = e.time_ms, e.speed_kmh, e.alarm_bits
    vehicle.vehicle_class = e.vehicle_class
    judge_interval(e, p)


class Said(NamedTuple):
    """The columns of reports that go into entries; see `rules.reports`."""

    time_ms: Any
    received_ms: Any
    longitude_deg: Any
    latitude_deg: Any
    speed_kmh: Any
    heading_deg: Any
    altitude_m: Any
    alarm_bits: Any
    status_bits: Any
    limit_kmh: Any
    driver_key: Any
    vehicle_class: Any
    positioned: Any
    recorder_speed_kmh: Any
    mileage_km: Any


@inlined
def hear(e: Any, said: Any, report: int) -> None:
    """What a report says, put into an entry."""
    e.report = report
    e.time_ms, e.received_ms = said.time_ms[report], said.received_ms[report]
    e.said_longitude_deg, e.said_latitude_deg = said.longitude_deg[report], said.latitude_deg[report]
    e.speed_kmh, e.recorder_speed_kmh = said.speed_kmh[report], said.recorder_speed_kmh[report]
    e.heading_deg, e.altitude_m = said.heading_deg[report], said.altitude_m[report]
    e.alarm_bits, e.status_bits = said.alarm_bits[report], said.status_bits[report]
    e.limit_kmh, e.mileage_km = said.limit_kmh[report], said.mileage_km[report]
    e.driver_key, e.vehicle_class = said.driver_key[report], said.vehicle_class[report]
    e.positioned = said.positioned[report]
    e.road_class, e.wheel_ms, e.tail = 0, 0, False
    e.road_limit_kmh = e.segment_limit_kmh = e.segment_night_kmh = np.inf
    e.zone_limit_kmh = e.weather_limit_kmh = np.inf


@kernel
def fill(
    order: Any,
    rows: Any,
    columns: Any,
    contents: Any,
    vehicles: Any,
    parameters: Any,
    fates: Any,
    entries: Any,
) -> int:
    """Make entries of the reports of a batch, taken in `order`; returns how many.

    `columns` are those of `Said` (numba reads a plain tuple in a tenth of the time), `rows` and `contents`
    the reports' vehicles and digests; `fates` gets what became of each.
    """
    said = Said(*columns)
    count, last = 0, len(order) - 1
    for i in range(len(order)):
        prefetch(vehicles, rows[order[min(i + AHEAD, last)]])
        report = order[i]
        vehicle = vehicles[rows[report]]
        fates[report] = fate(vehicle, said.time_ms[report], contents[report])
        if fates[report] > TIE:
            continue
        e = entries[count]
        hear(e, said, report)
        e.row = rows[report]
        follow(e, vehicle, parameters[e.vehicle_class])
        if count and entries[count - 1].row != e.row:
            entries[count - 1].tail = True
        count += 1
    if count:
        entries[count - 1].tail = True
    return count
