"""Frames that the other platform asks for once more (0x9303, 0x1303)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from stream.jt809.messages import platforms, vehicles
from stream.jt809.sent_frames import SentFrames
from tests.exchange.lower import joined
from tests.exchange.platforms import Place, add_vehicles

VEHICLE = {"plate": "苏A00000", "color": 2}


def keep(kept: SentFrames, sequence: int, sub_type: int = 0x1301, size: int = 10) -> None:
    kept.keep(sub_type & 0xFF00, sub_type, sequence, bytes(size))


def sequences(kept: SentFrames, data_type: int, first: int = 0, last: int = 0xFFFF_FFFF) -> list[int]:
    return [one.sequence for one in kept.find(data_type, first, last)]


def test_frames_are_found_by_type_and_range() -> None:
    kept = SentFrames()
    for number in (0xFFFF_FFFE, 0xFFFF_FFFF, 0, 1, 2):
        keep(kept, number)
    keep(kept, 3, 0x1302)
    keep(kept, 4, 0x1202)
    assert sequences(kept, 0x1301, 1, 9) == [1, 2]
    assert sequences(kept, 0x1300, 1, 9) == [1, 2, 3]
    assert sequences(kept, 0x1301, 0xFFFF_FFFF, 1) == [0xFFFF_FFFF, 0, 1]
    assert sequences(kept, 0x1202) == []
    assert sequences(kept, 0x1200) == []


def test_the_oldest_give_way() -> None:
    kept = SentFrames(max_frames=3, max_bytes=100)
    for number in range(5):
        keep(kept, number)
    assert sequences(kept, 0x1301) == [2, 3, 4]
    keep(kept, 5, size=85)
    assert sequences(kept, 0x1301) == [4, 5]
    keep(kept, 6, size=101)
    assert sequences(kept, 0x1301) == []


async def test_what_was_lost_is_sent_again_unchanged(below: Place, tmp_path: Path) -> None:
    await add_vehicles(below, 1)
    async with joined(below, tmp_path, version="2019") as other:
        for number in range(3):
            other.send(vehicles.ExchangeStart(**VEHICLE, reason=1))
            await other.one(vehicles.ExchangeStartResponse, number)
        other.send(vehicles.ExchangeEnd(**VEHICLE, reason=1))
        await other.one(vehicles.ExchangeEndResponse)
        kind = vehicles.ExchangeStartResponse
        before = [(m, h) for m, h in zip(other.messages, other.headers, strict=True) if isinstance(m, kind)]
        first, last = before[1][1].sequence, before[2][1].sequence
        other.send(
            platforms.UpperResendRequest(
                data_type=0x1205, count=2, first_sequence=first, last_sequence=last, time=datetime.now(UTC)
            )
        )
        await other.one(kind, 4)
        # What comes after them shows that they were all.
        other.send(vehicles.ExchangeEnd(**VEHICLE, reason=1))
        await other.one(vehicles.ExchangeEndResponse, 1)
        after = [(m, h) for m, h in zip(other.messages, other.headers, strict=True) if isinstance(m, kind)]
    assert after[3:] == before[1:]
