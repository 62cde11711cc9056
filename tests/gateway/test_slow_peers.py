"""Slow and silent peers cost a healthy terminal nothing (R7); how long it waits beside thousands of them is
measured by `python -m benchmarks slow_peers`."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

from stream.jt808.frame import encode_frame
from stream.jt808.messages import PositionReport
from tests.gateway.conftest import RunningGateway
from tests.gateway.terminal import TestTerminal, position, whole_second

_SLOW = 300
_REPORTS = 40


async def test_a_healthy_terminal_is_answered_beside_slow_and_silent_ones(gateway: RunningGateway) -> None:
    unread = encode_frame(PositionReport.message_id, "013900000099", 1, position(whole_second()).encode())
    with ExitStack() as stack:
        peers = [await _peer(stack, gateway.port) for _ in range(_SLOW)]
        for peer in peers[1::3]:
            peer.send(unread[:9])
        for peer in peers[2::3]:
            peer.send(20 * unread)
        healthy = TestTerminal("13900000001")
        await healthy.join(gateway.port)
        for number in range(_REPORTS):
            peers[1 + 3 * number].send(unread[9:10])
            report = position(whole_second(), speed_kmh=50 + number / 10)
            assert (await healthy.answer_to(healthy.send(report))).result == 0
        still_open = [peer for peer in peers[:2] if not _closed(peer)]
        assert len(still_open) == 2, "who is slow is not an offender"


async def _peer(stack: ExitStack, port: int) -> socket.socket:
    peer = stack.enter_context(socket.socket())
    peer.setblocking(False)
    await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", port))
    return peer


def _closed(peer: socket.socket) -> bool:
    try:
        return peer.recv(1) == b""
    except BlockingIOError:
        return False
