"""An open load of position reports: many connections, a fixed total rate, some vehicles always speeding."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from stream.jt808.frame import encode_frame
from stream.jt808.messages import PositionReport

#: Of a vehicle's 400 reports in a row (4,000 s), six (50 s) are over the limit: far more than on any road.
CYCLE, SPEEDING = 400, 6
REPORT_EVERY_S = 10
LIMIT_KMH = 100.0


@dataclass
class Vehicle(asyncio.Protocol):
    """One terminal: its socket, and when it sent what."""

    number: int
    load: FleetLoad
    reports: int = 0
    sent_s: dict[datetime, float] = field(default_factory=dict)
    _ready: deque[tuple[datetime, bytes]] = field(default_factory=deque)

    @property
    def phone(self) -> str:
        return f"0138{self.number:08d}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def authenticate(self, code: str) -> None:
        self._transport.write(encode_frame(0x0102, self.phone, 0, code.encode(), "2013"))

    def report(self) -> None:
        """Send the next report of the drive."""
        device_time, frame = self._ready.popleft() if self._ready else self._frame(self.reports)
        self.reports += 1
        self.sent_s[device_time] = time.time()
        self._transport.write(frame)

    def prepare(self, reports: int) -> None:
        """Encode that many of the next reports now."""
        self._ready.extend(self._frame(self.reports + number) for number in range(reports))

    def _frame(self, number: int) -> tuple[datetime, bytes]:
        """Time and frame of a report by its number."""
        device_time = self.load.begin + timedelta(seconds=REPORT_EVERY_S * number)
        speeding = (number + 7 * self.number) % CYCLE < SPEEDING
        message = PositionReport(
            alarm_bits=0,
            status_bits=3,
            latitude_deg=31.5 + self.number * 1e-3 % 3 + number * 1e-5,
            longitude_deg=118.5,
            altitude_m=10,
            speed_kmh=LIMIT_KMH + 20.0 if speeding else 80.0,
            heading_deg=0,
            time=device_time,
        )
        return device_time, encode_frame(
            0x0200, self.phone, number + 1 & 0xFFFF, message.encode("2013"), "2013"
        )

    def data_received(self, data: bytes) -> None:
        self.load.heard(data.count(b"\x7e") // 2)

    def close(self) -> None:
        self._transport.abort()


class FleetLoad:
    """The whole fleet. Device clocks begin two hours ago, so that none is ever ahead."""

    def __init__(self, vehicles: int) -> None:
        self.begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
        self.vehicles = [Vehicle(number, self) for number in range(vehicles)]
        self.answers = 0
        self._awaited = 0
        self._all_heard = asyncio.Event()

    def heard(self, answers: int) -> None:
        """Count answers; the first of each vehicle is to its authentication."""
        self.answers += answers
        if self.answers >= self._awaited:
            self._all_heard.set()

    def registry_csv(self) -> str:
        """All vehicles in the import format."""
        rows = [
            f"B{one.number},{one.phone},苏Z{one.number:05d},2,heavy_truck,25000,Benchmark,"
            for one in self.vehicles
        ]
        return "id,terminal_phone,plate,plate_colour,class,total_mass_kg,enterprise,driver\n" + "\n".join(
            rows
        )

    async def connect(self, port: int, codes: dict[str, str]) -> None:
        """Connect and authenticate all; waits for the answers."""
        loop = asyncio.get_running_loop()
        for vehicle in self.vehicles:
            await loop.create_connection(lambda vehicle=vehicle: vehicle, "127.0.0.1", port)
            vehicle.authenticate(codes[vehicle.phone.lstrip("0")])
        await self._heard(len(self.vehicles))

    def prepare(self, reports: int) -> None:
        """Encode that many reports of the whole fleet before any is sent: 20 us each, a fifth of a core at
        10,000 a second that the centre on the same machine would miss."""
        for vehicle in self.vehicles:
            vehicle.prepare(-(-reports // len(self.vehicles)))

    async def drive(self, reports_per_s: float, seconds: float) -> tuple[int, float]:
        """Report in turn at a steady total rate; returns how many were sent, in how many seconds."""
        started_s, sent = time.perf_counter(), 0
        while (elapsed_s := time.perf_counter() - started_s) < seconds:
            due = int(elapsed_s * reports_per_s)
            while sent < due:
                self.vehicles[sent % len(self.vehicles)].report()
                sent += 1
            await asyncio.sleep(0.005)
        return sent, time.perf_counter() - started_s

    async def answered(self) -> None:
        """Wait until everything sent has been answered. Raises TimeoutError."""
        await self._heard(len(self.vehicles) + sum(vehicle.reports for vehicle in self.vehicles))

    async def _heard(self, answers: int) -> None:
        self._awaited = answers
        self._all_heard.clear()
        if self.answers < answers:
            async with asyncio.timeout(60):
                await self._all_heard.wait()

    def close(self) -> None:
        """Drop all connections."""
        for vehicle in self.vehicles:
            vehicle.close()
