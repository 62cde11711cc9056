"""Hypothesis strategies for wire bytes, headers and every message of JT/T 809."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from stream.jt808 import kind_lists, kinds
from stream.jt808.layout import Kind, Scope, wire_fields
from stream.jt808.messages import PositionReport
from stream.jt808.messages.areas import SetRoute
from stream.jt809.header import Edition, Header
from stream.jt809.messages import MESSAGES, Message
from stream.jt809.messages.base import AlarmMessage, VehicleMessage
from stream.jt809.messages.gnss import Gnss, Gnss2019, GnssKind, GnssTime, ReportKind
from stream.jt809.messages.static import RouteKind
from stream.jt809.messages.supervision import Photo, PhotoKind
from stream.jt809.words import Seconds
from tests.jt808 import generated as areas
from tests.jt808.strategies import position_reports

GMT8 = timezone(timedelta(hours=8))
EDITIONS: tuple[Edition, ...] = ("2011", "2019")

# Bytes around which framing goes wrong, far more often than chance would have them.
wire_byte = st.sampled_from([0x5A, 0x5B, 0x5D, 0x5E, 0x01, 0x02, 0x00, 0xFF]) | st.integers(0, 255)
wire_bytes = st.lists(wire_byte, max_size=60).map(bytes)
u32 = st.integers(0, 0xFFFF_FFFF)
# Of GBK, some whose bytes are sound UTF-8 by chance.
text = st.text("苏豫联通危险驾驶A1 b", max_size=3)
plates = st.text("苏豫京粤AB0123456789", min_size=1, max_size=8)
colors = st.integers(0, 255) | st.sampled_from([93, 94])
times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(
    lambda time: time.replace(microsecond=0, tzinfo=GMT8)
)


@st.composite
def headers(draw: st.DrawFn, edition: Edition, message_id: int | None = None) -> Header:
    """Any header of an edition."""
    return Header(
        message_id=draw(st.integers(0, 0xFFFF)) if message_id is None else message_id,
        sequence=draw(u32),
        gnss_center_id=draw(u32),
        version=(draw(wire_byte), draw(wire_byte), draw(wire_byte)),
        encrypt_flag=0,
        encrypt_key=draw(u32),
        time=draw(times) if edition == "2019" else None,
        edition_2019=edition == "2019",
    )


def _gnss(draw: st.DrawFn) -> Gnss:
    u16 = st.integers(0, 0xFFFF)
    return Gnss(
        encrypt=draw(st.integers(0, 1)),
        time=draw(times | st.none()),
        longitude_deg=draw(u32) / 1e6,
        latitude_deg=draw(u32) / 1e6,
        speed_kmh=draw(u16),
        recorder_speed_kmh=draw(u16),
        mileage_km=draw(u32),
        heading_deg=draw(u16),
        altitude_m=draw(st.integers(-500, 9000)),
        status_bits=draw(u32),
        alarm_bits=draw(u32),
    )


def _distinct_items(report: PositionReport) -> PositionReport:
    """JSON has items by name, so that repeated ones come together."""
    return replace(report, items=tuple({item.id: item for item in report.items}.values()))


def _value(draw: st.DrawFn, kind: Kind[Any], scope: Scope) -> Any:
    """A value a kind can write and reads back the same."""
    match kind:
        case GnssKind():
            newest = scope.variant == "2019"
            return draw(records(Gnss2019, scope.edition, scope.variant)) if newest else _gnss(draw)
        case ReportKind():
            return draw(position_reports().map(_distinct_items) | st.binary(max_size=27))
        case RouteKind():
            return draw(areas.records(SetRoute, "2013"))
        case PhotoKind():
            size_type, code = draw(st.integers(0, 8)), draw(st.integers(0, 4))
            return Photo(size_type=size_type, format=code, data=draw(wire_bytes))
        case Seconds() | GnssTime():
            return draw(times)
        case kinds.Number():
            return draw(st.integers(0, (1 << 8 * kind.size) - 1))
        case kinds.FixedText():
            return draw(text)
        case kinds.Text():
            return draw(st.text("苏豫联通危险驾驶A1 b:=;", max_size=20))
        case kinds.FixedData():
            size = kind.size if isinstance(kind.size, int) else kind.size(scope)
            return draw(st.binary(min_size=size, max_size=size))
        case kinds.Data():
            return draw(wire_bytes)
        case kind_lists.Nested():
            return draw(records(kind.record, scope.edition, scope.variant))
        case kind_lists.ListOf():
            return tuple(_value(draw, kind.element, scope) for _ in range(draw(st.integers(0, 3))))
    raise TypeError(f"no strategy for {kind}")


@st.composite
def records(draw: st.DrawFn, record: type[Any], edition: Edition, variant: str) -> Any:
    """A record as one variant of its layout has it."""
    values: dict[str, Any] = {}
    scope = Scope(values, edition, variant)
    for item in wire_fields(record, variant):
        if item.holds is None or item.holds(scope):
            values[item.name] = _value(draw, item.kind, scope)
    if issubclass(record, VehicleMessage) or (issubclass(record, AlarmMessage) and edition == "2011"):
        values |= {"plate": draw(plates), "color": draw(colors)}
    return record(**values)


# Variants that say the same as the standard's own in another size; what is written is the standard's.
ONLY_READ = {"2011 short model", "2011 short e-mail", "2019 short e-mail", "2019 short object"}
CASES: list[tuple[type[Message], Edition, str]] = [
    (kind, edition, variant)
    for kind in MESSAGES.values()
    for edition in EDITIONS
    for variant in kind.VARIANTS[edition]
    if variant not in ONLY_READ
]


@st.composite
def messages(draw: st.DrawFn) -> tuple[Edition, Message]:
    """Any message of any edition and variant."""
    kind, edition, variant = draw(st.sampled_from(CASES))
    return edition, draw(records(kind, edition, variant))
