"""Thousands of slow and silent peers at the gateway, and what healthy terminals feel of them.

Two hundred healthy terminals report twice a second and time each durable answer: first alone, then beside
3,000 connections of which a third says nothing, a third sends a frame a byte at a time, and a third reports
without ever reading an answer. Baseline: the same terminals alone, in the same run.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress
from typing import cast

import numpy as np
import uvloop

from benchmarks.gateway import authentication_frame, position_frame, running_gateway
from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.services import running_broker

HEALTHY = 200
REPORT_EVERY_S = 0.5
SLOW = 3_000
ALL_DRIPPED_S = 20.0
SECONDS = 15.0
_FIRST_SLOW = 1_000_000  # number of the first slow terminal, beyond the healthy ones'


class _Healthy(asyncio.Protocol):
    """Reports, hears the answer, notes the time between."""

    def __init__(self, number: int, waits_s: list[float]) -> None:
        self._number = number
        self._waits_s = waits_s
        self._frame = position_frame(number)
        self._sent_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(authentication_frame(self._number))

    def report(self) -> None:
        """Send one, if the last was answered."""
        if not self._sent_s:
            self._sent_s = time.perf_counter()
            self.transport.write(self._frame)

    def data_received(self, data: bytes) -> None:
        if self._sent_s:
            self._waits_s.append(time.perf_counter() - self._sent_s)
            self._sent_s = 0.0


def run() -> dict[str, object]:
    """Percentiles of the healthy terminals' waits, alone and beside the slow peers."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        alone_s, beside_s, left = runner.run(_measure())
    alone, beside = (np.percentile(np.array(waits_s) * 1000, [50, 99]) for waits_s in (alone_s, beside_s))
    return {
        "healthy": HEALTHY,
        "slow_peers": SLOW,
        "slow_peers_still_connected": left,
        "answers": len(beside_s),
        "reply_ms_p50": float(beside[0]),
        "reply_ms_p99": float(beside[1]),
        "baseline": "the same terminals without slow peers",
        "baseline_reply_ms_p50": float(alone[0]),
        "baseline_reply_ms_p99": float(alone[1]),
        "ratio_p99": float(beside[1] / alone[1]),
    }


async def _measure() -> tuple[list[float], list[float], int]:
    with running_broker() as bootstrap_servers:
        await ensure_topics(bootstrap_servers, {TELEMETRY: 12, ALERTS: 1, COMMANDS: 1})
        with running_gateway(bootstrap_servers) as port:
            waits_s: list[float] = []
            healthy = await _connect(port, waits_s)
            await _report(healthy, 2.0)
            alone_s, beside_s = [], []
            waits_s.clear()
            await _report(healthy, SECONDS)
            alone_s += waits_s
            slow = [await _slow_peer(port, number) for number in range(SLOW)]
            dripping = asyncio.create_task(_drip(slow[1::3]))
            waits_s.clear()
            await _report(healthy, SECONDS)
            beside_s += waits_s
            dripping.cancel()
            left = sum(_is_connected(one) for one in slow)
            for one in slow:
                one.close()
            for terminal in healthy:
                terminal.transport.abort()
    return alone_s, beside_s, left


async def _connect(port: int, waits_s: list[float]) -> list[_Healthy]:
    loop = asyncio.get_running_loop()
    terminals = []
    for number in range(HEALTHY):
        _, terminal = await loop.create_connection(
            lambda number=number: _Healthy(number, waits_s), "127.0.0.1", port
        )
        terminals.append(terminal)
    return terminals


async def _report(terminals: list[_Healthy], seconds: float) -> None:
    """Let all report at their pace, spread over the time between two reports."""
    began_s = time.perf_counter()
    turn = 0
    while (elapsed_s := time.perf_counter() - began_s) < seconds:
        due = int(elapsed_s / REPORT_EVERY_S * len(terminals))
        while turn < due:
            terminals[turn % len(terminals)].report()
            turn += 1
        await asyncio.sleep(0.002)


async def _slow_peer(port: int, number: int) -> socket.socket:
    """Every third says nothing, every third will drip, every third reports and never reads an answer."""
    loop = asyncio.get_running_loop()
    peer = socket.socket()
    peer.setblocking(False)
    if number % 3 == 2:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    await loop.sock_connect(peer, ("127.0.0.1", port))
    if number % 3 == 2:
        phone_number = _FIRST_SLOW + number
        await loop.sock_sendall(peer, authentication_frame(phone_number) + 200 * position_frame(phone_number))
    return peer


async def _drip(peers: list[socket.socket]) -> None:
    """A frame each, a byte at a time, for as long as the measurement lasts."""
    frames = [position_frame(_FIRST_SLOW + number) for number in range(len(peers))]
    for place in range(len(frames[0])):
        for peer, frame in zip(peers, frames, strict=True):
            with suppress(OSError):
                peer.send(frame[place % len(frame) :][:1])
        await asyncio.sleep(ALL_DRIPPED_S / len(frames[0]))


def _is_connected(peer: socket.socket) -> bool:
    """Whether the other side has not closed it."""
    with suppress(BlockingIOError):
        while data := peer.recv(65_536):
            del data
        return False
    return True
