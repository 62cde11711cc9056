"""Additional items of 0x0200 (JT/T 808-2013, table 27; 2019, table 27; JT/T 1078-2016, table 13).

Dispatch is on (id, length): vendors use every unused id, and used ones with other lengths. Whatever does not
match stays raw; nothing here raises for any value that was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from stream.jt808.active_safety import SAFETY_ITEMS, TpmsAlarm
from stream.jt808.alarm_identifier import TERMINAL_ID_BYTES
from stream.jt808.errors import EncodeError, ProtocolError
from stream.jt808.header import Edition
from stream.jt808.item_list import Item
from stream.jt808.kind_lists import Nested
from stream.jt808.kinds import U8, U16, U32, Number, Scaled, hex_bytes, whole_number
from stream.jt808.layout import IfLeft, Json, Kind, Record, Scope
from stream.jt808.oddities import Oddity
from stream.jt808.position_kernel import KNOWN, REUSED, TYRES, UNKNOWN
from stream.jt808.reader import Reader

_UNUSED_TYRE = 0xFF
_TYRES = 30
# A carriage is never colder or hotter than this, which tells the two readings of item 06 apart.
_PLAUSIBLE_TEMPERATURE_C = 300

_AREA_TYPES = {0: "no particular area", 1: "circle", 2: "rectangle", 3: "polygon", 4: "route or segment"}
_VIDEO_ALARMS = {
    **{0: "signal lost", 1: "covered", 2: "storage fault", 3: "other device fault", 4: "overload"},
    **{5: "abnormal driving", 6: "recording threshold"},
}
_SIGNALS = {
    **{0: "low_beam", 1: "high_beam", 2: "right_turn", 3: "left_turn", 4: "brake", 5: "reverse", 6: "fog"},
    **{7: "marker", 8: "horn", 9: "air_conditioning", 10: "neutral", 11: "retarder", 12: "abs"},
    **{13: "heater", 14: "clutch"},
}


class _Wheels(Kind[tuple[int | None, ...]]):
    """Item 05: one byte a wheel, None where there is none."""

    def read(self, reader: Reader, name: str, scope: Scope) -> tuple[int | None, ...]:
        return tuple(None if wheel == _UNUSED_TYRE else wheel for wheel in reader.take(_TYRES, name))

    def write(self, value: Sequence[int | None], name: str, scope: Scope) -> bytes:
        try:
            return bytes(_UNUSED_TYRE if wheel is None else wheel for wheel in value).ljust(_TYRES, b"\xff")
        except (TypeError, ValueError):
            raise EncodeError(f"{name}: a list of up to 30 pressures of 0-254 is wanted") from None

    def show(self, value: Sequence[int | None], edition: Edition) -> Json:
        return list(value)

    def parse(self, view: Json, name: str, edition: Edition) -> tuple[int | None, ...]:
        if not isinstance(view, list):
            raise EncodeError(f"{name}: a list of pressures is wanted, not {view!r}")
        return tuple(view)


class _Temperature(Number):
    """Item 06: the standard says "top bit 1 = negative", terminals also send two's complement: the plausible
    one is read, the standard's is written.
    """

    def read(self, reader: Reader, name: str, scope: Scope) -> int:
        raw = reader.u16(name)
        if not raw & 0x8000:
            return raw
        magnitude = raw & 0x7FFF
        return -magnitude if magnitude <= _PLAUSIBLE_TEMPERATURE_C else raw - 0x10000

    def write(self, value: int, name: str, scope: Scope) -> bytes:
        if value < -_PLAUSIBLE_TEMPERATURE_C:
            return Number(2, signed=True).write(value, name, scope)
        return super().write(-value | 0x8000 if value < 0 else value, name, scope)


class _Sparse(Record):
    """A record whose view leaves out what is not there."""

    __slots__ = ()

    def show(self, edition: Edition) -> dict[str, Json]:
        """Without the fields that are None."""
        return {name: value for name, value in super().show(edition).items() if value is not None}


@dataclass(frozen=True, slots=True)
class OverspeedArea(_Sparse):
    """Item 11. area_id: None for area type 0."""

    area_type: Annotated[int, Number(1, names=_AREA_TYPES)]
    area_id: Annotated[int | None, U32, IfLeft()] = None


@dataclass(frozen=True, slots=True)
class AreaCrossing(Record):
    """Item 12. direction: 0 in, 1 out."""

    area_type: Annotated[int, Number(1, names=_AREA_TYPES)]
    area_id: Annotated[int, U32]
    direction: Annotated[int, Number(1, names={0: "in", 1: "out"})]


@dataclass(frozen=True, slots=True)
class SegmentTime(Record):
    """Item 13. result: 0 too short, 1 too long."""

    segment_id: Annotated[int, U32]
    driving_s: Annotated[int, U16]
    result: Annotated[int, Number(1, names={0: "too short", 1: "too long"})]


@dataclass(frozen=True, slots=True)
class AbnormalDriving(_Sparse):
    """Item 18 of JT/T 1078: its table says 2 bytes, its detail table 3; both occur."""

    behaviour_bits: Annotated[int, Number(2, bits={0: "fatigue", 1: "phone", 2: "smoking"})]
    fatigue_degree: Annotated[int | None, U8, IfLeft()] = None


@dataclass(frozen=True, slots=True)
class Analog(Record):
    """Item 2B."""

    ad1: Annotated[int, U16]
    ad0: Annotated[int, U16]


_TABLE: dict[int, tuple[str, Kind[Json], tuple[int, ...]]] = {
    0x01: ("mileage_km", Scaled(4, 10), (4,)),
    0x02: ("fuel_l", Scaled(2, 10), (2,)),
    0x03: ("recorder_speed_kmh", Scaled(2, 10), (2,)),
    0x04: ("manual_confirmation_event_id", U16, (2,)),
    0x05: ("tyre_pressures", _Wheels(), (_TYRES,)),
    0x06: ("carriage_temperature_c", _Temperature(2), (2,)),
    0x11: ("overspeed_area", Nested(OverspeedArea), (1, 5)),
    0x12: ("area_crossing", Nested(AreaCrossing), (6,)),
    0x13: ("segment_time", Nested(SegmentTime), (7,)),
    0x14: ("video_alarm_bits", Number(4, bits=_VIDEO_ALARMS), (4,)),
    0x15: ("video_signal_loss_bits", U32, (4,)),
    0x16: ("video_occlusion_bits", U32, (4,)),
    0x17: ("storage_fault_bits", U16, (2,)),
    0x18: ("abnormal_driving", Nested(AbnormalDriving), (2, 3)),
    0x25: ("vehicle_signal_bits", Number(4, bits=_SIGNALS), (4,)),
    0x2A: ("io_status_bits", Number(2, bits={0: "deep sleep", 1: "sleep"}), (2,)),
    0x2B: ("analog", Nested(Analog), (4,)),
    0x30: ("signal_strength", U8, (1,)),
    0x31: ("satellites", U8, (1,)),
    # T/GDRTA 002-2020
    0xF1: ("installation_fault_bits", U32, (4,)),
    0xF2: ("algorithm_fault_bits", U32, (4,)),
}
_READERS = {(number, size): (name, kind) for number, (name, kind, sizes) in _TABLE.items() for size in sizes}
#: What writes an item, by name; the safety items decide by their own length when they are read.
_BY_NAME: dict[str, tuple[int, Kind[Json]]] = {
    name: (number, kind) for number, (name, kind, _) in _TABLE.items()
} | {name: (number, Nested(record)) for number, (name, record) in SAFETY_ITEMS.items()}
# E0 and above are for vendors, who may use F1 and F2 as they like.
_STANDARD_IDS = frozenset(number for number in _TABLE if number < 0xE0) | frozenset(SAFETY_ITEMS)


def _kind_of(item: Item) -> tuple[str, Kind[Json]] | None:
    """Name and kind of an item by id and length; None for one not known."""
    safety = SAFETY_ITEMS.get(item.id)
    return (safety[0], Nested(safety[1])) if safety else _READERS.get((item.id, len(item.value)))


def read_item(item: Item, edition: Edition = "2019") -> tuple[str, Json]:
    """Name and value of one item; one not known by id and length is ("0x7f", its bytes in hex)."""
    known = _kind_of(item)
    if known:
        name, kind = known
        try:
            return name, kind.show(kind.read(Reader(item.value), name, _scope(edition)), edition)
        except ProtocolError:
            pass  # another use of the same id: raw, as below
    return f"0x{item.id:02x}", item.value.hex()


def write_item(name: str, view: Json, where: str, edition: Edition = "2019") -> Item:
    """The item that `read_item` shows so. Raises `EncodeError`."""
    if name.startswith("0x"):
        return Item(whole_number(name, where), hex_bytes(view, f"{where}.{name}"))
    if name not in _BY_NAME:
        raise EncodeError(f"{where}: no item {name!r}; give its bytes in hex under its id, such as 0xe4")
    number, kind = _BY_NAME[name]
    return Item(number, kind.write(kind.parse(view, f"{where}.{name}", edition), name, _scope(edition)))


def _scope(edition: Edition) -> Scope:
    return Scope({}, edition, edition)


def describe_items(items: Sequence[Item]) -> dict[str, Json]:
    """All items of a report by name; of an item that is repeated, a list in order."""
    described: dict[str, Json] = {}
    repeated: set[str] = set()
    for item in items:
        name, value = read_item(item)
        if name not in described:
            described[name] = value
        elif name in repeated:
            described[name].append(value)
        else:
            described[name] = [described[name], value]
            repeated.add(name)
    return described


def item_names() -> list[tuple[int, str, str]]:
    """Id, lengths and name of every item known here, for documents."""
    found = [(number, " or ".join(map(str, sizes)), name) for number, (name, _, sizes) in _TABLE.items()]
    found += [(number, "by the alarm identifier", name) for number, (name, _) in SAFETY_ITEMS.items()]
    return sorted(found)


def item_table() -> NDArray[np.uint8]:
    """What an item is, by id and length: `UNKNOWN`, `REUSED`, `KNOWN` or `TYRES` of the position kernel."""
    return _ITEM_TABLE


def _make_table() -> NDArray[np.uint8]:
    table = np.full((256, 256), UNKNOWN, np.uint8)
    table[sorted(_STANDARD_IDS)] = REUSED
    for number, size in _READERS:
        table[number, size] = KNOWN
    for size in TERMINAL_ID_BYTES:
        table[[0x64, 0x65], 31 + size] = KNOWN
        table[0x67, 25 + size] = KNOWN
    table[0x66] = TYRES
    return table


_ITEM_TABLE = _make_table()
# The same for one item at a time, and numbers without a class, which are ten times as fast to look at.
_ITEM_BYTES = _ITEM_TABLE.tobytes()
_TRUNCATED, _REPEATED = int(Oddity.TRUNCATED_ITEM), int(Oddity.REPEATED_ITEM)
_UNKNOWN, _REUSED = int(Oddity.UNKNOWN_ITEM), int(Oddity.REUSED_ITEM)


def item_oddities(items: Sequence[Item], rest: bytes) -> int:
    """What is odd about the items of one report, as bits of `Oddity`."""
    found = _TRUNCATED if rest else 0
    seen = set()
    for item in items:
        seen.add(item.id)
        kind = _ITEM_BYTES[item.id << 8 | len(item.value)]
        if kind == KNOWN:
            continue
        if kind == UNKNOWN:
            found |= _UNKNOWN
        elif kind == REUSED or not _has_tyres(item.value):
            found |= _REUSED
    return found if len(seen) == len(items) else found | _REPEATED


def _has_tyres(value: bytes) -> bool:
    """Whether an item 0x66 is of active safety, not another vendor's use of its id."""
    try:
        TpmsAlarm.variant_of(Reader(value), "2013")
    except ProtocolError:
        return False
    return True


class ItemList(Kind[tuple[Item, ...]]):
    """The items of a position as a field: in JSON an object by name."""

    def show(self, value: Sequence[Item], edition: Edition) -> Json:
        return describe_items(value)

    def parse(self, view: Json, name: str, edition: Edition) -> tuple[Item, ...]:
        """Lists are items that are repeated, but for the one item that is a list."""
        if not isinstance(view, Mapping):
            raise EncodeError(f"{name}: an object of items by name is wanted, not {view!r}")
        found = []
        for key, value in view.items():
            plain = key == "tyre_pressures" and not (value and isinstance(value[0], list))
            several = isinstance(value, list) and not plain
            found += [write_item(key, one, name, edition) for one in (value if several else [value])]
        return tuple(found)

    def meaning(self, value: Sequence[Item], edition: Edition) -> str:
        return ""

    def trace(self, reader: Reader, edition: Edition) -> None:
        """Read items to the end, each with its fields, for a reader that keeps a trace."""
        while reader.left >= 2:
            head = reader.ahead()
            size = head[1]
            if size + 2 > reader.left:
                break
            item = Item(head[0], head[2 : 2 + size])
            name = read_item(item, edition)[0]
            reader.take(2, f"items.{name}")
            reader.explain(f"item 0x{item.id:02x}, {size} bytes")
            self._trace_value(reader, item, f"items.{name}", edition)
        if reader.left:
            reader.rest("items_rest")
            reader.explain("no whole item")

    def _trace_value(self, reader: Reader, item: Item, path: str, edition: Edition) -> None:
        known = _kind_of(item)
        start = reader.position
        part = Reader(reader.skip(len(item.value), path), traced=True)
        try:
            if known is None:
                raise ProtocolError(path)
            value = known[1].read(part, "value", _scope(edition))
            part.explain(known[1].meaning(value, edition))
        except ProtocolError:
            part = Reader(item.value, traced=True)
            part.rest("value")
            part.explain(f"{len(item.value)} bytes, not known by id and length")
        reader.adopt(part.trace or [], start, path)


ITEMS = ItemList()
