"""What an idle connection costs: our own objects, counted without the kernel's and the event loop's."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import Any, cast

from stream.gateway.archive import FrameBuilder
from stream.gateway.block_builder import BlockBuilder
from stream.gateway.connection import Connection, Door
from stream.gateway.directory import Directory
from stream.gateway.hooks import Nobody
from stream.gateway.message_builder import MessageBuilder
from stream.gateway.publisher import Publisher
from stream.gateway.server import Gateway
from stream.gateway.session import Session
from stream.gateway.traits import TraitMemory
from stream.jt808.frame import encode_frame
from stream.jt808.messages import PositionReport
from tests.gateway.terminal import position, whole_second

_CONNECTIONS = 300
_BOUND_BYTES = 16 * 1024


class _Wire:
    """A transport that goes nowhere."""

    def write(self, data: bytes) -> None:
        self.last = data

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def get_extra_info(self, name: str) -> tuple[str, int]:
        return ("127.0.0.1", 1)


class _Everyone(Nobody):
    """Knows when that many terminals have joined."""

    def __init__(self, terminals: int) -> None:
        self.missing = terminals
        self.came = asyncio.Event()

    def joined(self, session: Session) -> None:
        self.missing -= 1
        if not self.missing:
            self.came.set()


def _gateway() -> Gateway:
    nobody = cast(Any, None)
    memory = TraitMemory()

    async def find(_phones: object) -> dict[str, Any]:
        return {}

    def publisher(builder: Any) -> Publisher[Any, Any]:
        return Publisher(nobody, "topic", [builder], full=1_000_000, limit=10_000_000, linger_s=0.05)

    return Gateway(
        publisher(BlockBuilder(memory.heard_dialect)),
        publisher(MessageBuilder()),
        publisher(FrameBuilder()),
        Directory(find, admit_unknown=True),
        memory,
    )


async def _joined(gateway: Gateway, numbers: range) -> list[Connection]:
    """Connections whose terminals the gateway has let in."""
    everyone = _Everyone(len(numbers))
    gateway.follow(everyone)
    connections = [_connect(gateway, number) for number in numbers]
    gateway.tick()
    async with asyncio.timeout(60):
        await everyone.came.wait()
    return connections


def _connect(gateway: Gateway, number: int) -> Connection:
    """A connection whose terminal asks to be let in."""
    phone = f"0139{number:08d}"
    connection = Connection(gateway, Door())
    connection.connection_made(cast(asyncio.Transport, _Wire()))
    connection.data_received(encode_frame(0x0102, phone, 0, phone.lstrip("0").encode()))
    return connection


def _report(gateway: Gateway, connections: list[Connection]) -> None:
    """Each terminal reports, is answered, and begins another frame."""
    report = position(whole_second()).encode("2013")
    for connection in connections:
        phone = connection.session.header_phone
        whole = encode_frame(PositionReport.message_id, phone, 1, report)
        connection.data_received(whole + whole[:40])
    gateway.tick()
    _, owed, _ = gateway.publisher._builders[0].seal()
    gateway.settle(owed)


async def test_an_idle_connection_keeps_less_than_16_kib() -> None:
    gateway = _gateway()
    # What is imported and compiled at first use is no connection's.
    _report(gateway, await _joined(gateway, range(1)))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    connections = await _joined(gateway, range(1, _CONNECTIONS + 1))
    _report(gateway, connections)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each_bytes = (after - before) / _CONNECTIONS
    assert all(connection.session.terminal for connection in connections)
    assert each_bytes < _BOUND_BYTES
    print(f"{each_bytes:.0f} bytes an idle connection")
