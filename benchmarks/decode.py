"""JT/T 808 decoding: the bulk path and the single path against a plain Python loop with struct.

Frames are 0x0200 with three lists of items, some with escapes, all different, the same in every run. All
paths read the same: escapes, check code, header, base, time in ms, items 01 and 03, and of 0x64 the alarm.
"""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from statistics import median
from typing import Any

import numpy as np

from stream.jt808.bulk import decode_frames, decode_positions
from stream.jt808.frame import decode_frame, encode_frame
from stream.jt808.messages import Item, PositionReport, decode_message
from stream.jt808.safety_alarms import safety_alarms
from stream.jt808.warm_up import warm_up

FRAMES = 5_000
SMALL_BATCHES = (1, 5, 50, 500)
TURNS, CALLS_A_TURN = 7, 3
_SEED = 808
_GMT8 = timezone(timedelta(hours=8))
#: Items by the name of the workload.
WORKLOADS = {
    "01_03_30_31": (0x01, 0x03, 0x30, 0x31),
    "typical": (0x01, 0x02, 0x03, 0x25, 0x30, 0x31),
    "typical_and_64": (0x01, 0x02, 0x03, 0x25, 0x30, 0x31, 0x64),
}
_SIZES = {0x01: 4, 0x02: 2, 0x03: 2, 0x25: 4, 0x30: 1, 0x31: 1}
_FIRST = "01_03_30_31"


def make_frames(count: int, items: Sequence[int] = WORKLOADS[_FIRST]) -> list[bytes]:
    """Contents between flags of `count` different positions, the same ones every time."""
    rng = random.Random(_SEED)
    start = datetime(2026, 3, 15, 8, 0, tzinfo=_GMT8)
    return [_make_frame(rng, start + timedelta(seconds=k % 86_400), k, items) for k in range(count)]


def _make_frame(rng: random.Random, moment: datetime, number: int, items: Sequence[int]) -> bytes:
    report = PositionReport(
        alarm_bits=rng.choice((0, 0, 0, 2)),
        status_bits=3,
        latitude_deg=rng.randrange(30_750_000, 35_100_000) / 1e6,
        longitude_deg=rng.randrange(116_300_000, 121_900_000) / 1e6,
        altitude_m=rng.randrange(0, 60),
        speed_kmh=rng.randrange(1000) / 10,
        heading_deg=rng.randrange(360),
        time=moment,
        items=tuple(Item(item, _value(rng, item, moment)) for item in items),
    )
    phone = str(13_900_000_000 + number)
    return encode_frame(report.message_id, phone, number & 0xFFFF, report.encode())[1:-1]


def _value(rng: random.Random, item: int, moment: datetime) -> bytes:
    if item in _SIZES:
        return rng.randrange(1 << 8 * _SIZES[item] - 1).to_bytes(_SIZES[item])
    digits = bytes.fromhex(moment.strftime("%y%m%d%H%M%S"))
    head = struct.pack(">IBBBBBBBB", rng.randrange(1 << 32), 0, rng.randrange(1, 8), 2, 40, 27, 0, 0, 0)
    where = struct.pack(">BHII6sH", rng.randrange(100), 25, 32_041_544, 118_767_413, digits, 0x0411)
    return head + where + b"A1B2C3D" + digits + bytes((0, 2, 0))


def decode_plainly(frames: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """What one writes first: a loop over frames, a loop over bytes, struct."""
    decoded = []
    for raw in frames:
        data = raw.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")
        check = 0
        for byte in data:
            check ^= byte
        if check:
            continue
        message_id, properties, phone, serial = struct.unpack_from(">HH6sH", data)
        if len(data) != 12 + (properties & 0x3FF) + 1:
            continue
        base = struct.unpack_from(">IIIIhHH6s", data, 12)
        mileage = recorder_speed = alarm = None
        position, end = 40, len(data) - 1
        while position + 2 <= end:
            kind, size = data[position], data[position + 1]
            if kind == 1:
                mileage = struct.unpack_from(">I", data, position + 2)[0] / 10
            elif kind == 3:
                recorder_speed = struct.unpack_from(">H", data, position + 2)[0] / 10
            elif kind == 0x64 and size == 47:
                alarm = _alarm_plainly(data, position + 2)
            position += 2 + size
        decoded.append(
            (message_id, phone.hex(), serial, base[0], base[1], base[2] / 1e6, base[3] / 1e6, base[4],
             base[5] / 10, base[6], _time_plainly(base[7]), mileage, recorder_speed, alarm)
        )  # fmt: skip
    return decoded


def _alarm_plainly(data: bytes, at: int) -> tuple[Any, ...]:
    head = struct.unpack_from(">IBBB", data, at)
    speed, _, latitude, longitude, digits, _ = struct.unpack_from(">BHII6sH", data, at + 12)
    identifier = data[at + 31 : at + 47]
    return (*head, speed, latitude / 1e6, longitude / 1e6, _time_plainly(digits), identifier, identifier[14])


def _time_plainly(digits: bytes) -> int:
    year, month, day, hour, minute, second = (byte // 16 * 10 + byte % 16 for byte in digits)
    moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=_GMT8)
    return int(moment.timestamp()) * 1000


def decode_in_bulk(frames: Sequence[bytes]) -> int:
    """The path of the gateway; returns how many positions were read."""
    batch = decode_frames(frames)
    rows = np.flatnonzero((batch.error == 0) & (batch.message_id == 0x0200))
    positions = decode_positions(batch, rows)
    return int(np.count_nonzero(positions.ok))


def decode_in_bulk_with_alarms(frames: Sequence[bytes]) -> int:
    """As the gateway does where reports have alarms: theirs are read one by one."""
    batch = decode_frames(frames)
    rows = np.flatnonzero((batch.error == 0) & (batch.message_id == 0x0200))
    positions = decode_positions(batch, rows)
    return sum(len(safety_alarms(positions.items(row))) for row in np.flatnonzero(positions.safety).tolist())


def decode_singly(frames: Sequence[bytes]) -> int:
    """The path of tools and of downlink answers: one dataclass a frame."""
    for raw in frames:
        frame = decode_frame(raw)
        decode_message(frame.header.message_id, frame.body)
    return len(frames)


Decoder = Callable[[Sequence[bytes]], object]


def _seconds(decoders: Sequence[Decoder], frames: Sequence[bytes]) -> list[float]:
    """Median CPU time of one call of each.

    CPU time, because the rate is that of a core and must not depend on who else wants it. The decoders take
    turns of some calls, so that a change of the machine's speed meets all alike and none runs in cold caches.
    """
    taken: list[list[float]] = [[] for _ in decoders]
    for _ in range(TURNS):
        for decode, times in zip(decoders, taken, strict=True):
            decode(frames)
            for _ in range(CALLS_A_TURN):
                start = time.thread_time()
                decode(frames)
                times.append(time.thread_time() - start)
    return [median(times) for times in taken]


def _measure(frames: Sequence[bytes], decoders: dict[str, Decoder]) -> dict[str, Any]:
    """Frames per second of each decoder, and its ratio to the plain loop."""
    baseline, *others = _seconds((decode_plainly, *decoders.values()), frames)
    measured: dict[str, Any] = {
        "frame_bytes": len(frames[0]) + 2,
        "baseline_frames_per_s": round(len(frames) / baseline),
    }
    for name, seconds in zip(decoders, others, strict=True):
        measured[f"{name}_frames_per_s"] = round(len(frames) / seconds)
        measured[f"{name}_ratio"] = round(baseline / seconds, 2)
    return measured


def run() -> dict[str, Any]:
    """Frames per second of one core, medians, and ratios to the plain loop of the same run."""
    warm_up()
    result: dict[str, Any] = {"stage": "decode", "frames": FRAMES}
    workloads = {}
    for name, items in WORKLOADS.items():
        frames = make_frames(FRAMES, items)
        assert decode_in_bulk(frames) == len(decode_plainly(frames)) == FRAMES
        decoders: dict[str, Decoder] = {"bulk": decode_in_bulk, "single": decode_singly}
        if 0x64 in items:
            assert decode_in_bulk_with_alarms(frames) == FRAMES
            decoders["bulk_with_alarms"] = decode_in_bulk_with_alarms
        workloads[name] = _measure(frames, decoders)
    first = workloads[_FIRST]
    frames = make_frames(FRAMES)
    small = {size: _seconds([decode_in_bulk], frames[:size])[0] for size in SMALL_BATCHES}
    return result | {
        "frame_bytes": first["frame_bytes"],
        "frames_per_s": first["bulk_frames_per_s"],
        "baseline_frames_per_s": first["baseline_frames_per_s"],
        "ratio": first["bulk_ratio"],
        "single_frames_per_s": first["single_frames_per_s"],
        "single_ratio": first["single_ratio"],
        "small_batches_us": {str(size): round(seconds * 1e6, 1) for size, seconds in small.items()},
        "workloads": workloads,
    }
