"""Additional items of 0x0200 (JT/T 808-2013, table 27; 2019, table 27; JT/T 1078-2016, table 13).

Dispatch is on (id, length): vendors use every unused id, and used ones with other lengths. Whatever does not
match stays raw; nothing here raises for any value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stream.jt808.active_safety import read_adas, read_bsd, read_dsm, read_tpms
from stream.jt808.errors import ProtocolError
from stream.jt808.messages.position import Item

Json = object
_UNUSED_TYRE = 0xFF
# A carriage is never colder or hotter than this, which tells the two readings of item 06 apart.
_PLAUSIBLE_TEMPERATURE_C = 300


def _number(value: bytes) -> Json:
    return int.from_bytes(value)


def _tenths(value: bytes) -> Json:
    return int.from_bytes(value) / 10


def _tyre_pressures(value: bytes) -> Json:
    return [None if wheel == _UNUSED_TYRE else wheel for wheel in value]


def _temperature(value: bytes) -> Json:
    """The standard says "top bit 1 = negative", terminals also send two's complement: the plausible one."""
    raw = int.from_bytes(value)
    if not raw & 0x8000:
        return raw
    magnitude = raw & 0x7FFF
    return -magnitude if magnitude <= _PLAUSIBLE_TEMPERATURE_C else raw - 0x10000


def _overspeed_area(value: bytes) -> Json:
    area: dict[str, Json] = {"area_type": value[0]}
    if len(value) > 1:
        area["area_id"] = int.from_bytes(value[1:5])
    return area


def _area_crossing(value: bytes) -> Json:
    return {"area_type": value[0], "area_id": int.from_bytes(value[1:5]), "direction": value[5]}


def _segment_time(value: bytes) -> Json:
    return {
        "segment_id": int.from_bytes(value[0:4]),
        "driving_s": int.from_bytes(value[4:6]),
        "result": value[6],
    }


def _abnormal_driving(value: bytes) -> Json:
    found: dict[str, Json] = {"behaviour_bits": int.from_bytes(value[0:2])}
    if len(value) > 2:
        found["fatigue_degree"] = value[2]
    return found


def _analog(value: bytes) -> Json:
    return {"ad0": int.from_bytes(value[2:4]), "ad1": int.from_bytes(value[0:2])}


_READERS: dict[tuple[int, int], tuple[str, Callable[[bytes], Json]]] = {
    (0x01, 4): ("mileage_km", _tenths),
    (0x02, 2): ("fuel_l", _tenths),
    (0x03, 2): ("recorder_speed_kmh", _tenths),
    (0x04, 2): ("manual_confirmation_event_id", _number),
    (0x05, 30): ("tyre_pressures", _tyre_pressures),
    (0x06, 2): ("carriage_temperature_c", _temperature),
    (0x11, 1): ("overspeed_area", _overspeed_area),
    (0x11, 5): ("overspeed_area", _overspeed_area),
    (0x12, 6): ("area_crossing", _area_crossing),
    (0x13, 7): ("segment_time", _segment_time),
    (0x14, 4): ("video_alarm_bits", _number),
    (0x15, 4): ("video_signal_loss_bits", _number),
    (0x16, 4): ("video_occlusion_bits", _number),
    (0x17, 2): ("storage_fault_bits", _number),
    (0x18, 2): ("abnormal_driving", _abnormal_driving),
    (0x18, 3): ("abnormal_driving", _abnormal_driving),
    (0x25, 4): ("vehicle_signal_bits", _number),
    (0x2A, 2): ("io_status_bits", _number),
    (0x2B, 4): ("analog", _analog),
    (0x30, 1): ("signal_strength", _number),
    (0x31, 1): ("satellites", _number),
}

# T/JSATL 12-2017: these decide by their own length, which depends on the province's alarm identifier.
_ACTIVE_SAFETY: dict[int, tuple[str, Callable[[bytes], dict[str, Json]]]] = {
    0x64: ("adas", read_adas),
    0x65: ("dsm", read_dsm),
    0x66: ("tpms", read_tpms),
    0x67: ("bsd", read_bsd),
}


def read_item(item: Item) -> tuple[str, Json]:
    """Name and value of one item; one not known by id and length is ("0x7f", its bytes in hex)."""
    found = _READERS.get((item.id, len(item.value)))
    if found:
        return found[0], found[1](item.value)
    safety = _ACTIVE_SAFETY.get(item.id)
    if safety:
        try:
            return safety[0], safety[1](item.value)
        except ProtocolError:
            pass  # another use of the same id: raw, as below
    return f"0x{item.id:02x}", item.value.hex()


def describe_items(items: Sequence[Item]) -> dict[str, Json]:
    """All items of a report by name; of an item that is repeated, a list in order."""
    described: dict[str, Json] = {}
    repeated: set[str] = set()
    for item in items:
        name, value = read_item(item)
        if name not in described:
            described[name] = value
        elif name in repeated:
            values = described[name]
            assert isinstance(values, list)
            values.append(value)
        else:
            described[name] = [described[name], value]
            repeated.add(name)
    return described
