"""A simulated enterprise's platform talks JT/T 809 to a simulated ministry's, over real sockets."""

import asyncio
import time

import pytest

from simulators.clock import DeviceClock
from simulators.plan import plan_fleet
from simulators.platform import Platform
from simulators.platform_options import PlatformOptions
from simulators.routes import RoadBook
from simulators.source import Source
from stream.jt809.cipher import Cipher
from tests.services import free_port
from tests.simulators.fleets import build_fleet

CIPHER = Cipher(30_000_000, 20_000_000, 20_000_000)


def lower_platform(options: PlatformOptions, port: int, vehicles: int = 20) -> Platform:
    clock = DeviceClock(time.time(), 0.0, 1.0)
    book = RoadBook()
    plans = plan_fleet(build_fleet(vehicles, 3), 3, int(clock.begin_s), 10, book)
    sources = [Source(plan, 10, book, with_truth=False) for plan in plans]
    return Platform(options, ("127.0.0.1", port), sources, clock)


def upper_platform(options: PlatformOptions, port: int) -> Platform:
    return Platform(options, ("127.0.0.1", port), [], DeviceClock(time.time(), 0.0, 1.0))


async def until(condition, patience_s: float = 60.0) -> None:
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110 (what is awaited has no event)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("edition", ["2011", "2019"])
@pytest.mark.parametrize("cipher", [None, CIPHER])
async def test_positions_go_up_and_questions_are_answered(edition, cipher):
    port = free_port()
    upper = upper_platform(PlatformOptions("upper", edition, cipher=cipher, post_checks_s=0.1), port)
    lower = lower_platform(PlatformOptions("lower", edition, cipher=cipher), port)
    stop = asyncio.Event()
    await upper.start()
    await lower.start()
    running = [asyncio.create_task(each.run(stop)) for each in (upper, lower)]
    # A vehicle that comes out of a dead zone has hours of reports to send: more than a step takes.
    await until(lambda: upper.counts["PostCheckResponse"] >= 3 and upper.counts["positions"] > 1_000)
    stop.set()
    await asyncio.gather(*running)
    await until(lambda: upper.counts["positions"] == lower.counts["positions"])
    assert upper.counts["LinkEstablished"] == lower.counts["LinkEstablished"] == 2
    await lower.stop()
    await upper.stop()


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"user": 1}, {"access_code": 1}])
async def test_a_stranger_is_refused(wrong):
    port = free_port()
    upper = upper_platform(PlatformOptions("upper"), port)
    lower = lower_platform(PlatformOptions("lower", **wrong), port, vehicles=1)
    await upper.start()
    await lower.start()
    await until(lambda: lower.counts["LoginRefused"] > 0)
    assert not upper.link.peer.established
    await lower.stop()
    await upper.stop()
