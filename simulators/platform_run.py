"""A run of ``haulwatch simulate --protocol jt809``: one platform, its vehicles, its files."""

import asyncio
import contextlib
import signal
import sys
import time

import uvloop

from simulators.clock import DeviceClock
from simulators.fleet import build_fleet
from simulators.options import Options
from simulators.plan import plan_fleet
from simulators.platform import Platform
from simulators.platform_options import PlatformOptions
from simulators.records import Ledger, TruthFile
from simulators.routes import RoadBook
from simulators.source import Source
from simulators.voice import say


def run(options: Options, platform: PlatformOptions) -> int:
    """Run one platform. Returns 0 after a run, 1 when it never got a link, 2 when its port is taken."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(PlatformRun(options, platform).run())


class PlatformRun:
    """Everything of one run."""

    def __init__(self, options: Options, platform: PlatformOptions) -> None:
        self._options = options
        self._ledger = Ledger(options.ledger) if options.ledger else None
        self._truth = TruthFile(options.truth) if options.truth else None
        self._told: dict[int, int] = {}
        self._stop = asyncio.Event()
        clock = options.device_clock(time.time())
        self._sources = self._make_sources(clock) if platform.role == "lower" else []
        address = options.host, options.port
        self._platform = Platform(platform, address, self._sources, clock, settled=self._settled)
        self._role = platform.role

    async def run(self) -> int:
        """From the first connection to the last line."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        try:
            await self._platform.start()
        except OSError as error:
            print(f"simulate: cannot listen: {error.strerror or error}", file=sys.stderr, flush=True)
            return 2
        where = f"{self._options.host}:{self._options.port}"
        say(f"{self._role} platform, {len(self._sources)} vehicles, main link {where}")
        speaking = asyncio.create_task(self._speak())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._options.duration):
                await self._platform.run(self._stop)
        speaking.cancel()
        await self._platform.stop()
        self._finish()
        say(f"ended: {self._state()}")
        return 0 if self._platform.counts["LinkEstablished"] else 1

    def _make_sources(self, clock: DeviceClock) -> list[Source]:
        options, book = self._options, RoadBook()
        fleet = build_fleet(options.vehicles, options.seed, options.chosen_edition)
        plans = plan_fleet(fleet, options.seed, clock.first_s, options.interval, book, with_cards=False)
        return [Source(plan, options.interval, book, with_truth=self._truth is not None) for plan in plans]

    def _settled(self, source: Source, below: int) -> None:
        """Reports before this number left on a link; 809 has no answer to a single one."""
        vehicle = source.plan.vehicle
        if self._ledger:
            for number in range(self._told.get(vehicle.number, 0), below):
                self._ledger.write(vehicle.vehicle_id, number & 0xFFFF, source.sample(number))
            self._told[vehicle.number] = below
        events = source.settle(below)
        if events and self._truth:
            self._truth.write(vehicle.vehicle_id, source.plan.role, events)

    def _finish(self) -> None:
        for index, source in enumerate(self._sources):
            events = source.finish(self._platform.sent_below(index))
            if self._truth:
                self._truth.write(source.plan.vehicle.vehicle_id, source.plan.role, events)
        for file in (self._ledger, self._truth):
            if file:
                file.close()

    async def _speak(self) -> None:
        while self._options.progress:
            await asyncio.sleep(self._options.progress)
            say(self._state())

    def _state(self) -> str:
        counts, peer = self._platform.counts, self._platform.link.peer
        links = ", ".join(f"{name} link {peer.link(name).state.name.lower()}" for name in ("main", "sub"))
        told = "received" if self._role == "upper" else "sent"
        parts = [links, f"{counts['positions']} positions {told}"]
        for kind, words in (
            ("PostCheckRequest", "post checks answered"),
            ("PostCheckResponse", "answers to post checks"),
            ("SupervisionRequest", "supervision orders answered"),
            ("LoginRefused", "logins refused"),
        ):
            if counts[kind]:
                parts.append(f"{counts[kind]} {words}")
        error = self._platform.link.last_error
        if error and not peer.established:
            parts.append(f"cannot reach {error}")
        return ", ".join(parts)
