"""What is no position: kept on topic `messages`, answered when it is there; pictures in packages; cards."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from stream.jt808.frame import encode_frame, encode_packages
from stream.jt808.messages import PlatformGeneralResponse, PositionBatch, RawMessage
from stream.jt808.messages.driver import CARD_INSERTED, CARD_REMOVED, DriverIdentity
from stream.jt808.messages.media import MediaData, MediaEvent, MediaResponse
from stream.jt808.messages.packages import PlatformResendRequest, TerminalResendRequest
from stream.jt808.messages.session import ServerTime, ServerTimeQuery
from tests.gateway.conftest import RunningGateway, started
from tests.gateway.terminal import TestTerminal, position, whole_second

pytestmark = pytest.mark.stack

PHOTO = bytes(n % 253 for n in range(200_000))


def photo(media_id: int) -> bytes:
    """The body of a 0x0801 with a picture of 200 KB."""
    taken = position(whole_second())
    return MediaData(MediaEvent(media_id, 0, 0, 0, 1), taken, PHOTO).encode("2013")


@pytest.mark.parametrize("edition", ["2013", "2019"])
async def test_a_photo_with_a_lost_package_is_asked_for_and_kept_once(
    gateway: RunningGateway, edition: str
) -> None:
    terminal = TestTerminal("013900000001".rjust(20 if edition == "2019" else 12, "0"), edition)
    await terminal.join(gateway.port)
    body = photo(77)
    packages = encode_packages(0x0801, terminal.phone, 1000, body, edition)
    for number, data in enumerate(packages, 1):
        if number not in (3, 150):
            terminal.write(data)
    asked = await terminal.hear(PlatformResendRequest)
    assert (asked.first_serial, asked.packages) == (1000, (3, 150))
    for number in asked.packages:
        terminal.write(packages[number - 1])
    answer = await terminal.hear(MediaResponse)
    assert (answer.media_id, answer.missing) == (77, ())
    answers = [await terminal.hear(PlatformGeneralResponse) for _ in packages]
    assert sorted(one.reply_serial for one in answers) == list(range(1000, 1000 + len(packages)))
    assert {(one.reply_id, one.result) for one in answers} == {(0x0801, 0)}
    terminal.write(packages[10])  # its answer was lost, the terminal thinks
    assert (await terminal.answer_to(1010)).result == 0
    (kept,) = await gateway.messages(1)
    assert (kept.vehicle_id, kept.message_id, kept.edition) == ("V1", 0x0801, edition)
    assert kept.body == body


async def test_other_messages_are_kept_and_unknown_ones_too(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000002")
    await terminal.join(gateway.port)
    sent = {0x0900: bytes([0x41, 1, 2]), 0x0701: bytes(7), 0x0F13: b"\x01\x02", 0x0800: b"\x00"}
    for serial, (message_id, body) in enumerate(sent.items(), 300):
        terminal.write(encode_frame(message_id, terminal.phone, serial, body))
    results = [(await terminal.answer_to(serial)).result for serial in range(300, 304)]
    assert results == [0, 0, 3, 2]
    kept = await gateway.messages(4)
    assert {message.message_id: message.body for message in kept} == sent
    assert {message.terminal_phone for message in kept} == {"13900000002"}


@pytest.mark.parametrize("gateway", [{"local_time": False}, {"local_time": True}], indirect=True)
async def test_a_terminal_asks_for_the_time(gateway: RunningGateway, request: pytest.FixtureRequest) -> None:
    terminal = TestTerminal("013900000001".rjust(20, "0"), "2019")
    await terminal.join(gateway.port)
    terminal.send(ServerTimeQuery())
    answer = await terminal.hear(ServerTime)
    shift = timedelta(hours=8 if request.node.callspec.params["gateway"]["local_time"] else 0)
    assert abs(answer.time - shift - datetime.now(UTC)) < timedelta(minutes=1)


async def test_lost_packages_of_ours_are_sent_again(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001".rjust(20, "0"), "2019")
    await terminal.join(gateway.port)
    terminal.send(TerminalResendRequest(0, (1,)))
    answer = await terminal.hear(PlatformGeneralResponse)
    assert (answer.reply_id, answer.result) == (0x0005, 1)


def card(status: int, time: datetime, certificate: str = "") -> DriverIdentity:
    inserted = status == CARD_INSERTED
    return DriverIdentity(
        status, time, 0 if inserted else None, "Li", certificate, "Nanjing", "20300101" if inserted else ""
    )


async def test_a_card_names_the_driver_over_connections_and_restarts(
    gateway: RunningGateway,
) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.join(gateway.port)
    now = whole_second()
    put_in = now - timedelta(minutes=2)
    assert (await terminal.answer_to(terminal.send(card(CARD_INSERTED, put_in, "CERT-1")))).result == 0
    before = PositionBatch(1, (position(put_in - timedelta(minutes=5), 1.0),))
    for report in (before, position(now, 2.0)):
        assert (await terminal.answer_to(terminal.send(report))).result == 0
    async with started(gateway.database, gateway.bootstrap_servers) as another:
        again = TestTerminal("013900000001")
        await again.join(another.port)
        assert (await again.answer_to(again.send(position(now, 3.0)))).result == 0
        assert (await again.answer_to(again.send(card(CARD_REMOVED, now)))).result == 0
        assert (await again.answer_to(again.send(position(now, 4.0)))).result == 0
    drivers = {}
    for block in await gateway.blocks(4):
        rows = zip(block.table["speed_kmh"].to_pylist(), block.table["driver_id"].to_pylist(), strict=True)
        drivers.update(rows)
    assert drivers == {1.0: "D1", 2.0: "CERT-1", 3.0: "CERT-1", 4.0: "D1"}
    assert [message.message_id for message in await gateway.messages(2)] == [0x0702, 0x0702]


async def test_a_card_that_cannot_be_read_leaves_the_registrys_driver(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000002")
    await terminal.join(gateway.port)
    now = whole_second()
    terminal.send(card(CARD_INSERTED, now - timedelta(seconds=9), "CERT-2"))
    locked = DriverIdentity(CARD_INSERTED, now - timedelta(seconds=5), 2)
    assert (await terminal.answer_to(terminal.send(locked))).result == 0
    assert (await terminal.answer_to(terminal.send(position(now)))).result == 0
    (block,) = await gateway.blocks(1)
    assert block.table["driver_id"].to_pylist() == ["D2"]


async def test_a_raw_message_too_big_for_everything_is_refused_in_time(gateway: RunningGateway) -> None:
    """5 MB in packages is more than any message may have; the connection lives on."""
    terminal = TestTerminal("013900000002")
    await terminal.join(gateway.port)
    packages = encode_packages(0x0801, terminal.phone, 0, bytes(5_000_000), "2013")
    for start in range(0, len(packages), 100):
        terminal.write(b"".join(packages[start : start + 100]))
        await asyncio.sleep(0)
    refused = await terminal.hear(PlatformGeneralResponse)
    while refused.result != 1:
        refused = await terminal.hear(PlatformGeneralResponse)
    assert (await terminal.answer_to(terminal.send(RawMessage(0x0002, b"")))).result == 0


async def test_the_answer_to_media_has_the_layout_of_2011(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001", "2011")
    await terminal.join(gateway.port)
    terminal.write(encode_frame(0x0801, terminal.phone, 9, b"\0\0\0\x05" + bytes(40)))
    body = (await terminal.hear_frame(MediaResponse)).body
    assert body == b"\0\x09" + b"\0\0\0\x05" + b"\0"
