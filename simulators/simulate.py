"""A whole fleet against one server: sets it up, shows how it goes, ends it cleanly."""

import asyncio
import contextlib
import gc
import random
import signal
import sys
import time

import uvloop

from simulators import platform_options, platform_run, resume
from simulators.events import Event
from simulators.fleet import build_fleet, write_registry
from simulators.options import Options, from_namespace
from simulators.plan import VehiclePlan, plan_fleet
from simulators.records import Ledger, TruthFile
from simulators.reliefs import TAKES_OVER
from simulators.routes import RoadBook
from simulators.safety import Cameras
from simulators.session import Session
from simulators.source import Source
from simulators.terminal import Endpoint, Terminal
from simulators.uploads import Uploads
from simulators.voice import Voice, say

# New connections a second at the start: a server's accept queue holds some hundred.
CONNECTS_PER_S = 300.0
# At the end, so long may the server take to acknowledge one more of what is under way; after a signal, all.
DRAIN_S, DRAIN_AFTER_SIGNAL_S = 15.0, 3.0


def run(options: object) -> int:
    """Run ``haulwatch simulate``: ``options`` is the parsed namespace of `add_arguments`.

    Returns 0 after a run, 1 when no terminal was ever let in, 2 when a file cannot be written or the machine
    allows too few open connections.
    """
    chosen = from_namespace(options)
    try:
        if chosen.write_registry:
            write_registry(chosen.write_registry, chosen.vehicles, chosen.seed)
            say(f"registry of {chosen.vehicles} vehicles written to {chosen.write_registry}")
            return 0
        if chosen.registry:
            write_registry(chosen.registry, chosen.vehicles, chosen.seed)
        if getattr(options, "protocol", "jt808") == "jt809":
            return platform_run.run(chosen, platform_options.from_namespace(options, chosen.edition))
        _allow_connections(chosen.vehicles)
        return _run_loop(chosen)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"simulate: {where}{error.strerror or error}", file=sys.stderr, flush=True)
        return 2


def _run_loop(options: Options) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(Fleet(options).run())


def _allow_connections(wanted: int) -> None:
    """Raise the limit of open files to what the fleet needs."""
    try:
        import resource
    except ImportError:
        return
    needed = wanted + 64
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise OSError(
                0, f"{wanted} vehicles need {needed} open files, the limit is {hard}; raise it (ulimit -n)"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


class Fleet:
    """All terminals of one run, and the files it writes."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._book = RoadBook()
        self._places: dict[str, resume.Place] = {}
        self._endpoint = Endpoint(options.host, options.port)
        self._uploads = Uploads()
        self._voice = Voice(self._endpoint, self._uploads.counts)
        self._terminals: list[Terminal] = []
        self._terminal_of: dict[str, Terminal] = {}
        self._ledger = Ledger(options.ledger) if options.ledger else None
        self._truth = TruthFile(options.truth) if options.truth else None
        self._stop = asyncio.Event()
        self._signals = 0

    async def run(self) -> int:
        """From the first connection to the last line."""
        self._catch_signals()
        self._set_up()
        watch = asyncio.create_task(self._watch())
        watch.add_done_callback(lambda _: self._stop.set())  # it ends by itself only where a file fails
        connecting = asyncio.create_task(self._connect_all())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._options.duration):
                await self._stop.wait()
        await self._end(connecting, watch)
        return 0 if self._endpoint.ever_online else 1

    # --- beginning ---------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        options = self._options
        book = self._book
        clock = options.device_clock(time.time())
        fleet = build_fleet(options.vehicles, options.seed, options.chosen_edition)
        begin_s = clock.first_s
        self._places = self._load_places()
        plans = plan_fleet(fleet, options.seed, begin_s, options.interval, book, self._places)
        self._save_places()
        lags = random.Random(options.seed)
        for plan in plans:
            source = self._source(plan)
            terminal = Terminal(self._session(source), source, clock, self._endpoint, lags.random())
            terminal.session.offer(source.stored, stored=True)
            self._terminals.append(terminal)
            self._terminal_of[plan.vehicle.vehicle_id] = terminal
        gc.collect()
        gc.freeze()  # the fleet lives as long as the process; the collector need not look at it again
        where = f"{options.host}:{options.port}"
        say(f"{len(plans)} terminals to {where}, seed {options.seed}, a report every {options.interval} s")

    def _source(self, plan: VehiclePlan) -> Source:
        options = self._options
        cameras = Cameras(options.seed, plan.vehicle, options.alarms * options.interval / 3600)
        with_truth = self._truth is not None
        return Source(plan, options.interval, self._book, with_truth=with_truth, cameras=cameras)

    def _session(self, source: Source) -> Session:
        vehicle = source.plan.vehicle

        def acknowledged(first: int, count: int, serial: int) -> None:
            if self._ledger:
                for number in range(first, first + count):
                    self._ledger.write(vehicle.vehicle_id, serial, source.sample(number))
            events = source.settle(session.acknowledged_below)
            if session.acknowledged_below == source.end and session.is_drained:
                events += self._hand_over(source)
            if events and self._truth:
                self._truth.write(vehicle.vehicle_id, source.plan.role, events)

        session = Session(
            vehicle,
            source.reports,
            cards=source.cards,
            answer_timeout_s=self._options.answer_timeout,
            on_acknowledged=acknowledged,
            on_text=lambda text: self._voice.text(f"{vehicle.vehicle_id} ({vehicle.plate}) was told: {text}"),
            on_attachments=lambda body: self._uploads.start(vehicle, body),
            on_refused=lambda reason: self._voice.refusal(vehicle.terminal_phone, reason),
        )
        return session

    def _hand_over(self, source: Source) -> list[Event]:
        """All is acknowledged, the card that was pulled out too: only now its driver starts the other one, so
        that whoever judges his hours hears of both in order."""
        assert source.plan.relief is not None
        assert source.end is not None
        other = self._terminal_of[source.plan.relief.partner]
        other.start()
        return source.hand_over(other.source, source.end)

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        self._signals += 1
        self._stop.set()

    async def _connect_all(self) -> None:
        """Connect the fleet one after the other, no faster than a server can accept."""
        for number, terminal in enumerate(self._terminals):
            if terminal.source.plan.role != TAKES_OVER:
                terminal.start()
            if number % 30 == 29:
                await asyncio.sleep(30 / CONNECTS_PER_S)

    # --- meanwhile ---------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Show progress and keep the files up to date; say at once when nothing can be reached."""
        last_s = save_at_s = time.monotonic()
        save_every_s = max(
            5.0, len(self._terminals) / 200
        )  # a fixed share of the time, however large the fleet
        while True:
            await asyncio.sleep(0.5)
            self._voice.trouble()
            if self._options.progress and time.monotonic() - last_s >= self._options.progress:
                last_s = time.monotonic()
                self._voice.progress(self._sessions())
            for file in (self._ledger, self._truth):
                if file:
                    file.flush()
            if time.monotonic() >= save_at_s:
                self._save_places()
                save_at_s = time.monotonic() + save_every_s

    def _load_places(self) -> dict[str, resume.Place]:
        if self._options.state is None:
            return {}
        try:
            return dict(resume.load(self._options.state, self._options.seed, self._book))
        except resume.ResumeError as error:
            say(str(error))
            return {}

    def _save_places(self) -> None:
        """Note where each vehicle was last seen, that is at its last acknowledged report."""
        if self._options.state is None:
            return
        for terminal in self._terminals:
            seen = terminal.session.acknowledged_below
            if seen:
                self._places[terminal.source.plan.vehicle.vehicle_id] = terminal.source.place(seen - 1)
        resume.save(self._options.state, self._options.seed, self._book.network, self._places.items())

    # --- end ---------------------------------------------------------------------------------------------

    async def _end(self, connecting: asyncio.Task[None], watch: asyncio.Task[None]) -> None:
        await _cancel(connecting)
        for terminal in self._terminals:
            terminal.freeze(in_a_hurry=self._signals > 0)
        await self._drain()
        await _cancel(watch)
        await asyncio.gather(*(terminal.stop() for terminal in self._terminals))
        await self._uploads.stop()
        await asyncio.sleep(0.05)  # lets the transports close
        self._save_places()
        self._write_rest_of_truth()
        for file in (self._ledger, self._truth):
            if file:
                file.close()
        self._voice.ended(self._sessions())

    def _sessions(self) -> list[Session]:
        return [terminal.session for terminal in self._terminals]

    async def _drain(self) -> None:
        """Wait until everything taken is acknowledged, but not for ever; a second signal ends the wait."""
        patience_s = max(DRAIN_S, self._options.answer_timeout)
        if self._signals:
            patience_s = DRAIN_AFTER_SIGNAL_S
        until_s = time.monotonic() + patience_s
        heard, acknowledged = self._signals, 0
        while time.monotonic() < until_s and self._signals == heard:
            if heard and not self._endpoint.connected:
                return  # told to end while the server is away: it will not be back in time
            drained = all(each.is_drained or not each.was_online for each in self._terminals)
            if drained and (heard or not self._uploads.under_way):
                return
            so_far = sum(each.counts.reports_acknowledged for each in self._sessions())
            if so_far > acknowledged and not heard:
                acknowledged, until_s = so_far, time.monotonic() + patience_s
            await asyncio.sleep(0.05)

    def _write_rest_of_truth(self) -> None:
        if self._truth is None:
            return
        for terminal in self._terminals:
            plan = terminal.source.plan
            events = terminal.source.finish(terminal.session.acknowledged_below)
            self._truth.write(plan.vehicle.vehicle_id, plan.role, events)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
