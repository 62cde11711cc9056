"""JT/T 808 decoding: the bulk path and the single path against a plain Python loop with struct.

Frames are 0x0200 with items 01, 03, 30 and 31, some with escapes, all different, the same in every run. All
three paths read the same: escapes, check code, header, base, time in ms, items 01 and 03.
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

from benchmarks import decode_809
from stream.jt808.bulk import decode_frames, decode_positions
from stream.jt808.frame import decode_frame, encode_frame
from stream.jt808.messages import Item, PositionReport, decode_message

FRAMES = 5_000
SMALL_BATCHES = (1, 5, 50, 500)
TURNS, CALLS_A_TURN = 7, 5
_SEED = 808
_GMT8 = timezone(timedelta(hours=8))


def make_frames(count: int) -> list[bytes]:
    """Contents between flags of `count` different positions, the same ones every time."""
    rng = random.Random(_SEED)
    start = datetime(2026, 3, 15, 8, 0, tzinfo=_GMT8)
    return [_make_frame(rng, start + timedelta(seconds=k % 86_400), k) for k in range(count)]


def _make_frame(rng: random.Random, moment: datetime, number: int) -> bytes:
    speed = rng.randrange(1000)
    report = PositionReport(
        alarm_bits=rng.choice((0, 0, 0, 2)),
        status_bits=3,
        latitude_deg=rng.randrange(30_750_000, 35_100_000) / 1e6,
        longitude_deg=rng.randrange(116_300_000, 121_900_000) / 1e6,
        altitude_m=rng.randrange(0, 60),
        speed_kmh=speed / 10,
        heading_deg=rng.randrange(360),
        time=moment,
        items=(
            Item(0x01, rng.randrange(10_000_000).to_bytes(4)),
            Item(0x03, speed.to_bytes(2)),
            Item(0x30, bytes([rng.randrange(32)])),
            Item(0x31, bytes([rng.randrange(24)])),
        ),
    )
    phone = str(13_900_000_000 + number)
    return encode_frame(report.message_id, phone, number & 0xFFFF, report.encode())[1:-1]


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
        year, month, day, hour, minute, second = (byte // 16 * 10 + byte % 16 for byte in base[7])
        moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=_GMT8)
        mileage = recorder_speed = None
        position, end = 40, len(data) - 1
        while position + 2 <= end:
            kind, size = data[position], data[position + 1]
            if kind == 1:
                mileage = struct.unpack_from(">I", data, position + 2)[0] / 10
            elif kind == 3:
                recorder_speed = struct.unpack_from(">H", data, position + 2)[0] / 10
            position += 2 + size
        decoded.append(
            (message_id, phone.hex(), serial, base[0], base[1], base[2] / 1e6, base[3] / 1e6, base[4],
             base[5] / 10, base[6], int(moment.timestamp()) * 1000, mileage, recorder_speed)
        )  # fmt: skip
    return decoded


def decode_in_bulk(frames: Sequence[bytes]) -> int:
    """The path of the gateway; returns how many positions were read."""
    batch = decode_frames(frames)
    rows = np.flatnonzero((batch.error == 0) & (batch.message_id == 0x0200))
    return int(np.count_nonzero(decode_positions(batch, rows).ok))


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


def run() -> dict[str, Any]:
    """Frames per second of one core, medians, and ratios to the plain loop of the same run."""
    frames = make_frames(FRAMES)
    assert decode_in_bulk(frames) == len(decode_plainly(frames)) == FRAMES
    baseline, bulk, single = _seconds((decode_plainly, decode_in_bulk, decode_singly), frames)
    small = {size: _seconds([decode_in_bulk], frames[:size])[0] for size in SMALL_BATCHES}
    return {
        "stage": "decode",
        "frames": FRAMES,
        "frame_bytes": len(frames[0]) + 2,
        "frames_per_s": round(FRAMES / bulk),
        "baseline_frames_per_s": round(FRAMES / baseline),
        "ratio": round(baseline / bulk, 1),
        "single_frames_per_s": round(FRAMES / single),
        "single_ratio": round(baseline / single, 2),
        "small_batches_us": {str(size): round(seconds * 1e6, 1) for size, seconds in small.items()},
        "jt809": decode_809.measure(_seconds),
    }
