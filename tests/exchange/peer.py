"""The other platform, played by the codec's own state machine over plain sockets."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from stream.jt809 import events as e
from stream.jt809.events import LinkName, Role
from stream.jt809.link_settings import LinkSettings
from stream.jt809.messages import Message, RawMessage
from stream.jt809.peer import Peer
from tests.exchange.platforms import DEADLINE_S

M = TypeVar("M")


class Other:
    """One other platform. As upper one it listens on `port`; it accepts logins by `judge`."""

    def __init__(self, role: Role, settings: LinkSettings, port: int) -> None:
        self.role = role
        self.port = port
        self.settings = settings
        self.peer = Peer(role, settings)
        self.messages: list[Message | RawMessage] = []
        self.headers: list[Any] = []
        self.lost: list[e.LinkLost] = []
        self.refused: list[int] = []
        self.judge: Callable[[e.LoginRequested], int] = lambda _: 0
        self.mute = False
        self._writers: dict[LinkName, asyncio.StreamWriter] = {}
        self._tasks: list[asyncio.Task[Any]] = []
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Other:
        name: LinkName = "main" if self.role == "upper" else "sub"
        self._server = await asyncio.start_server(
            lambda reader, writer: self._serve(name, reader, writer), "127.0.0.1", self.port
        )
        self.peer.start(time.time())
        self._pump()
        self._tasks.append(asyncio.create_task(self._tick()))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for writer in self._writers.values():
            writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, message: Message | RawMessage) -> int:
        sent = self.peer.send(message, time.time())
        assert sent is not None, "no link is up"
        self._flush()
        return sent.sequence

    def write(self, name: LinkName, data: bytes) -> None:
        """Bytes as they are."""
        self._writers[name].write(data)

    def cut(self, name: LinkName) -> None:
        """Break one connection without a word."""
        self._writers[name].transport.abort()

    def of(self, kind: type[M]) -> list[M]:
        """The messages of one class so far."""
        return [message for message in self.messages if isinstance(message, kind)]

    async def until(self, condition: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
        """The condition's first true value; looked at whenever something comes."""
        async with asyncio.timeout(deadline_s):
            while not (value := condition()):
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.2)
            return value

    async def until_up(self) -> None:
        await self.until(lambda: self.peer.main.established and self.peer.sub.established)

    async def one(self, kind: type[M], number: int = 0) -> M:
        """A message of a class, when it has come."""
        await self.until(lambda: len(self.of(kind)) > number)
        return self.of(kind)[number]

    def positions(self) -> list[RawMessage | Message]:
        """Messages 0x1202 and 0x1203."""
        return [one for one in self.messages if one.sub_type in (0x1202, 0x1203)]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            self.peer.pass_time(time.time())
            self._pump()

    async def _serve(
        self, name: LinkName, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._tasks.append(asyncio.current_task())  # type: ignore[arg-type]
        self._writers[name] = writer
        self.peer.connected(name, time.time())
        self._pump()
        # Cancelled at the end of the test; streams would report that as a fault.
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65536):
                if not self.mute:
                    self.peer.receive_data(name, data, time.time())
                    self._pump()
        if self._writers.get(name) is writer:
            del self._writers[name]
            self.peer.disconnected(name, time.time())
            self._pump()
        writer.close()

    async def _connect(self, wanted: e.ConnectWanted) -> None:
        try:
            reader, writer = await asyncio.open_connection(wanted.host, wanted.port)
        except OSError:
            self.peer.connect_failed(wanted.link, time.time())
            return
        await self._serve(wanted.link, reader, writer)

    def _pump(self) -> None:
        while (event := self.peer.next_event()) is not None:
            match event:
                case e.ConnectWanted():
                    self._tasks.append(asyncio.ensure_future(self._connect(event)))
                case e.LoginRequested():
                    result = self.judge(event)
                    if result:
                        self.peer.refuse_login(result, time.time())
                    else:
                        self.peer.accept_login(4711, time.time())
                case e.MessageReceived():
                    self.messages.append(event.message)
                    self.headers.append(event.header)
                case e.LoginRefused():
                    self.refused.append(event.result)
                case e.LinkLost():
                    self.lost.append(event)
                    self._end(event.link)
                case e.FrameRefused():
                    raise event.error
        self._flush()
        self._changed.set()

    def _end(self, name: LinkName) -> None:
        writer = self._writers.pop(name, None)
        if writer is not None:
            writer.write(self.peer.data_to_send(name))
            writer.close()

    def _flush(self) -> None:
        if not self.mute:
            for name, writer in self._writers.items():
                writer.write(self.peer.data_to_send(name))


def settings_of(table: dict[str, Any], **fields: Any) -> LinkSettings:
    """What the peer of a link has agreed on with us."""
    plain = LinkSettings(
        gnss_center_id=table["access_code"],
        edition=table["version"],
        user_id=table["user"],
        password=table["password"],
    )
    return replace(plain, **fields)
