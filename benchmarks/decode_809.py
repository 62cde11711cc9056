"""JT/T 809 positions of a link: the bulk path and the single path against a plain Python loop with struct.

Frames are 0x1202 of thousands of vehicles, some with escapes, all different, the same in every run: of 2011
in clear and encrypted, and of 2019. All paths read the same: escapes, check code, header, vehicle, position.
"""

from __future__ import annotations

import random
import struct
from binascii import crc_hqx
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from stream.jt808.messages import Item, PositionReport
from stream.jt809.bulk import decode_frames
from stream.jt809.cipher import Cipher
from stream.jt809.frame import decode_frame, encode_frame
from stream.jt809.header import Edition, Header
from stream.jt809.messages import read_message
from stream.jt809.messages.gnss import Gnss, Gnss2019
from stream.jt809.messages.vehicles import RealTimePosition
from stream.jt809.positions import decode_positions
from stream.jt809.warm_up import warm_up

FRAMES = 5_000
# The single path is so much slower that it gets fewer, to take no longer than the others.
FEW_FRAMES = 500
CIPHER = Cipher(30000000, 20000000, 20000000)
_SEED = 809
_GMT8 = timezone(timedelta(hours=8))

Measure = Callable[[Sequence[Callable[[Sequence[bytes]], object]], Sequence[bytes]], list[float]]


def make_frames(count: int, edition: Edition = "2011", *, encrypt: bool = False) -> list[bytes]:
    """Contents between flags of `count` different positions, the same ones every time."""
    rng = random.Random(_SEED)
    start = datetime(2026, 3, 15, 8, 0, tzinfo=_GMT8)
    return [
        _make_frame(rng, start + timedelta(seconds=k % 86_400), k, edition, encrypt) for k in range(count)
    ]


def _make_frame(rng: random.Random, moment: datetime, number: int, edition: Edition, encrypt: bool) -> bytes:
    longitude = rng.randrange(116_300_000, 121_900_000) / 1e6
    latitude = rng.randrange(30_750_000, 35_100_000) / 1e6
    speed = rng.randrange(100)
    gnss: Gnss | Gnss2019 = Gnss(
        time=moment,
        longitude_deg=longitude,
        latitude_deg=latitude,
        speed_kmh=speed,
        recorder_speed_kmh=speed,
        mileage_km=rng.randrange(1_000_000),
        heading_deg=rng.randrange(360),
        status_bits=3,
    )
    if edition == "2019":
        items = (Item(0x01, rng.randrange(10_000_000).to_bytes(4)), Item(0x03, (speed * 10).to_bytes(2)))
        gnss = Gnss2019(report=PositionReport(0, 3, latitude, longitude, 10, float(speed), 90, moment, items))
    message = RealTimePosition(plate=f"苏A{number:05d}", color=2, position=gnss)
    header = Header(
        message_id=message.message_id,
        sequence=number,
        gnss_center_id=33010,
        encrypt_flag=int(encrypt),
        encrypt_key=number + 1,
        time=moment if edition == "2019" else None,
        edition_2019=edition == "2019",
    )
    return encode_frame(header, message.encode(edition), CIPHER)[1:-1]


def decode_plainly(frames: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """What one writes first, for 2011 in clear: a loop over frames, struct, the CRC of the library."""
    decoded = []
    for raw in frames:
        data = raw.replace(b"\x5e\x01", b"\x5d").replace(b"\x5e\x02", b"\x5e")
        data = data.replace(b"\x5a\x01", b"\x5b").replace(b"\x5a\x02", b"\x5a")
        if crc_hqx(data, 0xFFFF):
            continue
        length, sequence, message_id, center = struct.unpack_from(">IIHI", data)
        if length != len(data) + 2 or message_id != 0x1200:
            continue
        plate, color, sub_type, size = struct.unpack_from(">21sBHI", data, 22)
        if sub_type != 0x1202 or size != 36:
            continue
        gnss = struct.unpack_from(">BBBHBBBIIHHIHHII", data, 50)
        encrypt, day, month, year, hour, minute, second = gnss[:7]
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_GMT8)
        text = plate.rstrip(b"\x00").decode("gbk")
        decoded.append(
            (sequence, center, text, color, encrypt, int(moment.timestamp()) * 1000,
             gnss[7] / 1e6, gnss[8] / 1e6, *gnss[9:])
        )  # fmt: skip
    return decoded


def _in_bulk(edition: Edition) -> Callable[[Sequence[bytes]], int]:
    def decode(frames: Sequence[bytes]) -> int:
        positions, _ = decode_positions(decode_frames(frames, edition, CIPHER))
        return len(positions.plates())

    return decode


def decode_singly(frames: Sequence[bytes]) -> int:
    """The path of tools and of single messages: one dataclass a frame."""
    for raw in frames:
        frame = decode_frame(raw, "2011")
        read_message(frame.header.message_id, frame.body, "2011")
    return len(frames)


def measure(seconds_of: Measure) -> dict[str, Any]:
    """Frames per second of one core and the ratio of bulk to the plain loop; `seconds_of` takes the times."""
    warm_up()
    old = make_frames(FRAMES)
    bulk_2011, bulk_2019 = _in_bulk("2011"), _in_bulk("2019")
    assert bulk_2011(old) == len(decode_plainly(old)) == FRAMES
    baseline, bulk = seconds_of((decode_plainly, bulk_2011), old)
    [single] = seconds_of((decode_singly,), old[:FEW_FRAMES])
    [encrypted] = seconds_of((bulk_2011,), make_frames(FRAMES, encrypt=True))
    [newest] = seconds_of((bulk_2019,), make_frames(FRAMES, "2019"))
    return {
        "frames_per_s": round(FRAMES / bulk),
        "baseline_frames_per_s": round(FRAMES / baseline),
        "ratio": round(baseline / bulk, 1),
        "single_frames_per_s": round(FEW_FRAMES / single),
        "encrypted_frames_per_s": round(FRAMES / encrypted),
        "frames_2019_per_s": round(FRAMES / newest),
    }
