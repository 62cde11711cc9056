"""Hypothesis strategies for wire bytes and messages."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from stream.jt808.frame import encode_frame
from stream.jt808.messages import Item, PositionReport

GMT8 = timezone(timedelta(hours=8))

# Bytes around which framing goes wrong, far more often than chance would have them.
wire_byte = st.sampled_from([0x7D, 0x7E, 0x01, 0x02, 0x00, 0xFF]) | st.integers(0, 255)
wire_bytes = st.lists(wire_byte, max_size=60).map(bytes)

editions = st.sampled_from(["2011", "2013", "2019"])
phones = st.text("0123456789", min_size=1, max_size=12)
serials = st.integers(0, 0xFFFF)


@st.composite
def frames(draw: st.DrawFn, body: st.SearchStrategy[bytes] = wire_bytes) -> bytes:
    """A sound frame with its flags."""
    message_id = draw(st.sampled_from([0x0002, 0x0100, 0x0200, 0x0704]) | st.integers(0, 0xFFFF))
    return encode_frame(message_id, draw(phones), draw(serials), draw(body), draw(editions))


items = st.builds(
    Item, st.sampled_from([1, 2, 3, 0x30, 0x64, 0xEB]) | st.integers(0, 255), st.binary(max_size=12)
)
times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(
    lambda time: time.replace(microsecond=0, tzinfo=GMT8)
)


@st.composite
def position_reports(draw: st.DrawFn) -> PositionReport:
    """A report whose hemisphere bits agree with its signs, as `encode` writes it."""
    latitude, longitude = (
        draw(st.integers(-(2**31) + 1, 2**31 - 1)),
        draw(st.integers(-(2**31) + 1, 2**31 - 1)),
    )
    status = draw(st.integers(0, 0xFFFFFFFF))
    for bit, value in ((2, latitude), (3, longitude)):
        if value:
            status = status & ~(1 << bit) | (value < 0) << bit
    return PositionReport(
        alarm_bits=draw(st.integers(0, 0xFFFFFFFF)),
        status_bits=status,
        latitude_deg=latitude / 1e6,
        longitude_deg=longitude / 1e6,
        altitude_m=draw(st.integers(-(2**15), 2**15 - 1)),
        speed_kmh=draw(serials) / 10,
        heading_deg=draw(serials),
        time=draw(times),
        items=tuple(draw(st.lists(items, max_size=6))),
    )


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Frame contents that started sound and were cut, lengthened or changed, the flags taken off."""
    data = bytearray(draw(frames(body=st.binary(max_size=50) | wire_bytes))[1:-1])
    for _ in range(draw(st.integers(0, 3))):
        if not data:
            break
        at = draw(st.integers(0, len(data) - 1))
        kind = draw(st.sampled_from(["change", "cut", "insert"]))
        if kind == "change":
            data[at] = draw(wire_byte)
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 4))]
        else:
            data.insert(at, draw(wire_byte))
    return bytes(byte for byte in data if byte != 0x7E)
