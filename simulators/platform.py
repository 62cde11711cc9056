"""A platform of the field on JT/T 809: an enterprise's that reports its vehicles, or a ministry's that asks.

The lower platform logs in, sends the positions of its vehicles as they come, keeps them while both links are
down and sends them again as 0x1203 then, and answers post checks and supervision orders as someone on duty
would. The upper platform lets one lower platform in, counts what it is told, and asks who is on duty.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from simulators.clock import DeviceClock
from simulators.platform_answers import answer_to
from simulators.platform_link import PlatformLink
from simulators.platform_options import PlatformOptions
from simulators.source import Source
from stream.jt808.messages import PositionReport
from stream.jt809.events import Event, LoginRequested, MessageReceived, PositionsReceived
from stream.jt809.link_settings import LinkSettings
from stream.jt809.messages import platforms, vehicles
from stream.jt809.messages.gnss import Gnss, Gnss2019
from stream.jt809.messages.links import LoginRequest
from stream.jt809.peer import Peer

STEP_S = 0.2
#: 0x1203 holds one to five positions of one vehicle.
REUPLOAD = 5
#: Messages in one step, so that the links stay responsive while much is sent again.
BURST = 2_000
_WRONG_CODE, _WRONG_USER, _WRONG_PASSWORD = 2, 3, 4
_VERIFY_CODE = 20_191_013


class Platform:
    """One simulated platform with the vehicles of some sources (the upper one has none)."""

    def __init__(
        self,
        options: PlatformOptions,
        address: tuple[str, int],
        sources: list[Source],
        clock: DeviceClock,
        *,
        settled: Callable[[Source, int], None] = lambda source, below: None,
    ) -> None:
        self.options = options
        self.counts: Counter[str] = Counter()
        self._address = address
        self._sources, self._clock, self._settled = sources, clock, settled
        self._next = [0] * len(sources)  # number of the first report not sent yet
        self._asked_s = time.monotonic()
        self._info_id = 0
        self.link = PlatformLink(Peer(options.role, self._settings(0)), self._happened)
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen where this role listens, then begin. Raises OSError where the port is taken."""
        options = self.options
        if options.role == "upper":
            self._server = await self.link.listen("main", *self._address)
            return
        self._server = await self.link.listen("sub", options.sub_host, options.sub_port)
        port = self._server.sockets[0].getsockname()[1]
        self.link.peer.settings = self._settings(port)
        self.link.start()

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop."""
        while not stop.is_set():
            self.step()
            await asyncio.sleep(STEP_S)

    async def stop(self) -> None:
        """What is due goes out, then the links end in order."""
        self.step()
        await self.link.stop()
        if self._server:
            self._server.close()

    def step(self) -> None:
        """Send what is due and ask what is to be asked."""
        if self.options.role == "upper":
            self._ask()
        else:
            self._report()

    # --- lower: positions --------------------------------------------------------------------------------

    def _report(self) -> None:
        room = BURST
        now_s = self._clock.device_s(time.time())
        for index, source in enumerate(self._sources):
            first = self._next[index]
            count = min(source.due(now_s) - first, room)
            if count <= 0 or not self.link.ready:
                continue
            room -= count
            self._send(source, first, count)
            self._next[index] = first + count
            self._settled(source, first + count)

    def sent_below(self, index: int) -> int:
        """Number of the first report of a source that was not sent."""
        return self._next[index]

    def _send(self, source: Source, first: int, count: int) -> None:
        vehicle = source.plan.vehicle
        positions = [self._position(body) for body in source.reports(first, count)]
        for at in range(0, count, REUPLOAD):
            some = tuple(positions[at : at + REUPLOAD])
            self.counts["positions"] += len(some)
            if len(some) == 1:
                self.link.send(
                    vehicles.RealTimePosition(
                        plate=vehicle.plate, color=vehicle.plate_colour, position=some[0]
                    )
                )
            else:
                self.link.send(
                    vehicles.PositionReupload(plate=vehicle.plate, color=vehicle.plate_colour, positions=some)
                )

    def _position(self, body: bytes) -> Gnss | Gnss2019:
        report = PositionReport.decode(body, "2013")
        if self.options.edition == "2019":
            return Gnss2019(report=report)
        items = {item.id: int.from_bytes(item.value) for item in report.items}
        return Gnss(
            time=report.time,
            longitude_deg=report.longitude_deg,
            latitude_deg=report.latitude_deg,
            speed_kmh=round(report.speed_kmh),
            recorder_speed_kmh=round(items.get(3, 0) / 10),
            mileage_km=items.get(1, 0) // 10,
            heading_deg=report.heading_deg,
            altitude_m=max(0, report.altitude_m),
            status_bits=report.status_bits,
            alarm_bits=report.alarm_bits,
        )

    # --- what the peer says ------------------------------------------------------------------------------

    def _happened(self, event: Event) -> None:
        self.counts[type(event).__name__] += 1
        if isinstance(event, LoginRequested):
            self._judge(event)
        elif isinstance(event, PositionsReceived):
            self.counts["positions"] += len(event.positions)
        elif isinstance(event, MessageReceived):
            self._answer(event)

    def _judge(self, event: LoginRequested) -> None:
        options, request, peer = self.options, event.request, self.link.peer
        if not isinstance(request, LoginRequest):
            return
        now_s = time.time()
        if event.header.gnss_center_id != options.access_code:
            peer.refuse_login(_WRONG_CODE, now_s)
        elif request.user_id != options.user:
            peer.refuse_login(_WRONG_USER, now_s)
        elif request.password != options.password:
            peer.refuse_login(_WRONG_PASSWORD, now_s)
        else:
            peer.accept_login(_VERIFY_CODE, now_s)

    def _answer(self, event: MessageReceived) -> None:
        self.counts[type(event.message).__name__] += 1
        answer = answer_to(event, self.options.edition)
        if answer is not None:
            self.link.send(answer)

    # --- upper -------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        options = self.options
        due = options.post_checks_s and time.monotonic() - self._asked_s >= options.post_checks_s
        if not due or not self.link.ready:
            return
        self._asked_s = time.monotonic()
        self._info_id += 1
        self.link.send(
            platforms.PostCheckRequest(
                object_type=1,
                object_id=str(options.access_code),
                answer_time=10 if options.edition == "2019" else None,
                info_id=self._info_id,
                content=f"请问值班人员是否在岗？第 {self._info_id} 次查岗",
            )
        )

    def _settings(self, sub_port: int) -> LinkSettings:
        options = self.options
        return LinkSettings(
            gnss_center_id=options.access_code,
            edition=options.edition,
            cipher=options.cipher,
            encrypt=options.cipher is not None,
            encrypt_key=1,
            user_id=options.user,
            password=options.password,
            down_link_ip=options.sub_host,
            down_link_port=sub_port,
            main_host=self._address[0],
            main_port=self._address[1],
            bulk=options.role == "upper",
        )
