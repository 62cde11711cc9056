"""Raw frames of chosen vehicles, both ways."""

from __future__ import annotations

import hashlib
import time

import pytest

from alerts.frames import DOWN, UP, ArchivedFrame
from rules.identity import vehicle_key
from stream.gateway import archive
from stream.gateway.archive import Archive, FrameBuilder
from stream.gateway.publisher import Publisher
from stream.gateway.server import Gateway
from stream.jt808.frame import decode_frame, encode_frame
from stream.jt808.framing import FrameSplitter
from tests.gateway.conftest import RunningGateway
from tests.gateway.terminal import TestTerminal, position, whole_second

LATER_MS = 60_000


@pytest.fixture
def gateways(monkeypatch: pytest.MonkeyPatch) -> list[Gateway]:
    """Gateways as they are made, so that a test can give them orders."""
    made: list[Gateway] = []
    begin = Gateway.__init__

    def note(self: Gateway, *arguments: object, **options: object) -> None:
        made.append(self)
        begin(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Gateway, "__init__", note)
    return made


@pytest.mark.stack
async def test_frames_of_a_vehicle_under_order_are_kept_both_ways(
    gateways: list[Gateway], gateway: RunningGateway
) -> None:
    chosen, other = TestTerminal("013900000001"), TestTerminal("013900000002")
    await chosen.join(gateway.port)
    await other.join(gateway.port)
    assert gateways[0].archive(vehicle_key("V1"), int(time.time() * 1000) + LATER_MS)
    report = position(whole_second()).encode("2013")
    sent = encode_frame(0x0200, chosen.phone, 7, report)
    chosen.write(sent + b"\x7ebroken\x7e")
    other.write(encode_frame(0x0200, other.phone, 7, report))
    for terminal in (chosen, other):
        await terminal.answer_to(7)
    assert gateways[0].archive(vehicle_key("V1"), None)
    await chosen.answer_to(chosen.send(position(whole_second())))
    kept = await gateway.frames(3)
    assert [(one.vehicle_id, one.direction, one.message_id, one.serial) for one in kept][:2] == [
        ("V1", UP, 0x0200, 7),
        ("V1", UP, 0, 0),
    ]
    assert len(kept) == 3
    up, broken, down = kept
    assert (up.frame, broken.frame) == (sent, b"\x7ebroken\x7e")
    answer = decode_frame(FrameSplitter().feed(down.frame)[0])
    assert (down.direction, answer.header.message_id, answer.body[:2]) == (DOWN, 0x8001, b"\0\x07")
    for one in kept:
        assert one.sha256 == hashlib.sha256(one.frame).digest()
        assert one.sm3 == hashlib.new("sm3", one.frame).digest()


def test_orders_are_bounded_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_VEHICLES", 2)
    publisher: Publisher[ArchivedFrame, None] = Publisher(
        None, "frames", [FrameBuilder()], full=1, limit=1, linger_s=0  # type: ignore[arg-type]
    )  # fmt: skip
    orders = Archive(publisher)
    later_ms = int(time.time() * 1000) + LATER_MS
    assert orders.order(1, later_ms)
    assert orders.order(2, later_ms)
    assert not orders.order(3, later_ms)
    assert orders.order(2, later_ms + 1)
    assert orders.order(1, 0)
    assert orders.order(3, later_ms)
