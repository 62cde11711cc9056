"""A closed-loop load on a TCP server: each connection has one request under way. Used for both rivals."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from typing import cast


class _Asker(asyncio.Protocol):
    """Sends `request` whenever it has heard as many bytes as an answer has."""

    def __init__(self, request: bytes, is_answer: Callable[[bytes], bool], counts: list[int]) -> None:
        self._request = request
        self._is_answer = is_answer
        self._counts = counts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self) -> None:
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._is_answer(data):
            self._counts[0] += 1
            self.transport.write(self._request)


async def round_trips_per_s(
    port: int,
    requests: Sequence[bytes],
    greet: Callable[[asyncio.Transport, int], None] | None,
    is_answer: Callable[[bytes], bool],
    seconds: float,
) -> float:
    """Round trips a second over `seconds`, with one connection for each of `requests`."""
    loop = asyncio.get_running_loop()
    counts = [0]
    askers = []
    for number, request in enumerate(requests):
        transport, asker = await loop.create_connection(
            lambda request=request: _Asker(request, is_answer, counts), "127.0.0.1", port
        )
        if greet is not None:
            greet(transport, number)
        askers.append(asker)
    await asyncio.sleep(1.0)
    for asker in askers:
        asker.ask()
    await asyncio.sleep(1.0)
    first, started_s = counts[0], time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (counts[0] - first) / (time.perf_counter() - started_s)
    for asker in askers:
        asker.transport.abort()
    return rate


def wait_listening(port: int, patience_s: float = 60.0) -> None:
    """Wait until a server on the loopback accepts connections. Raises TimeoutError."""
    deadline_s = time.monotonic() + patience_s
    while time.monotonic() < deadline_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port} after {patience_s} s")
