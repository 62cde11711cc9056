"""The gateway: position reports to their durable answers a second, against a bare uvloop echo.

The same closed loop of 2,000 connections asks both, each a process of its own; the gateway has a real broker
behind it and answers only when the broker has the report. Client, gateway and broker share the machine.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import uvloop

from benchmarks.load import round_trips_per_s, wait_listening
from stream.jt808.frame import encode_frame
from stream.jt808.messages import PositionReport
from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.services import free_port, running_broker

CONNECTIONS = 2_000
SECONDS = 4.0
ROUNDS = 3


def run() -> dict[str, object]:
    """Medians over the rounds, the two in turn."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        ours, baseline = runner.run(_measure())
    return {
        "round_trips_per_s": statistics.median(ours),
        "baseline": "bare uvloop echo",
        "baseline_round_trips_per_s": statistics.median(baseline),
        "ratio": statistics.median(ours) / statistics.median(baseline),
        "connections": CONNECTIONS,
        "rounds": ROUNDS,
    }


async def _measure() -> tuple[list[float], list[float]]:
    ours, baseline = [], []
    with running_broker() as bootstrap_servers:
        await ensure_topics(bootstrap_servers, {TELEMETRY: 12, ALERTS: 1, COMMANDS: 1})
        for _ in range(ROUNDS):
            with _process([sys.executable, "-m", "benchmarks.echo"], {}) as port:
                reports = [position_frame(number) for number in range(CONNECTIONS)]
                rate = await round_trips_per_s(port, reports, None, lambda data: True, SECONDS)
                baseline.append(rate)
            with running_gateway(bootstrap_servers) as port:
                ours.append(await round_trips_per_s(port, reports, _join, _is_report_answer, SECONDS))
    return ours, baseline


@contextmanager
def running_gateway(bootstrap_servers: str) -> Iterator[int]:
    """The trial gateway as a process; yields its port."""
    settings = {
        "HAULWATCH_BROKER_BOOTSTRAP_SERVERS": bootstrap_servers,
        "HAULWATCH_GATEWAY_HOST": "127.0.0.1",
        "HAULWATCH_GATEWAY_METRICS_PORT": str(free_port()),
        "HAULWATCH_GATEWAY_ADMIT_UNKNOWN": "true",
        "HAULWATCH_DATABASE_DSN": f"postgresql://nobody@127.0.0.1:{free_port()}/none",
    }
    with _process([sys.executable, "-m", "benchmarks.trial_gateway"], settings) as port:
        yield port


def _join(transport: asyncio.Transport, number: int) -> None:
    transport.write(authentication_frame(number))


def authentication_frame(number: int) -> bytes:
    """The 0x0102 of a terminal; the trial gateway takes a phone for its own code."""
    phone = _phone(number)
    return encode_frame(0x0102, phone, 0, phone.lstrip("0").encode(), "2013")


def _is_report_answer(data: bytes) -> bool:
    """Whether this is the 0x8001 of a 0x0200, and not of the authentication."""
    return data[-5:-3] == b"\x02\x00"


def position_frame(number: int) -> bytes:
    """A 0x0200 of a terminal, of this second."""
    report = PositionReport(
        alarm_bits=0,
        status_bits=3,
        latitude_deg=32.0 + number * 1e-6,
        longitude_deg=118.7,
        altitude_m=12,
        speed_kmh=61.5,
        heading_deg=90,
        time=datetime.now(UTC).replace(microsecond=0),
    )
    return encode_frame(PositionReport.message_id, _phone(number), 1, report.encode("2013"), "2013")


def _phone(number: int) -> str:
    return f"0139{number:08d}"


@contextmanager
def _process(command: list[str], settings: dict[str, str]) -> Iterator[int]:
    """A server process on a free port, once it listens."""
    port = free_port()
    server = subprocess.Popen([*command, str(port)], env=os.environ | settings)
    try:
        wait_listening(port)
        yield port
    finally:
        server.terminate()
        server.wait()
