"""The pair of links of a simulated platform on real sockets: moves bytes and time, decides nothing."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from stream.jt809.events import ConnectWanted, Event, LinkLost, LinkName
from stream.jt809.messages import Message, RawMessage
from stream.jt809.peer import Peer, Sent

_READ_BYTES = 64 * 1024
_CONNECT_TIMEOUT_S = 10.0
#: What may wait in a socket; a peer that reads slower gets no new positions meanwhile.
_MAX_UNSENT_BYTES = 4 << 20


class PlatformLink:
    """Owns a `Peer`. `happened` is called with every event that is not about sockets."""

    def __init__(self, peer: Peer, happened: Callable[[Event], None]) -> None:
        self.peer = peer
        self._happened = happened
        self._writers: dict[LinkName, asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.last_error = ""

    @property
    def ready(self) -> bool:
        """Whether a message can be sent, and what was sent before has left."""
        waiting = (writer.transport.get_write_buffer_size() for writer in self._writers.values())
        return self.peer.established and max(waiting, default=0) < _MAX_UNSENT_BYTES

    async def listen(self, name: LinkName, host: str, port: int) -> asyncio.Server:
        """Accept connections of one of the two links."""

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(name, reader, writer)

        return await asyncio.start_server(accepted, host, port)

    def start(self) -> None:
        """Begin; a lower platform connects."""
        self.peer.start(time.time())
        self.pump()

    def send(self, message: Message | RawMessage) -> Sent | None:
        """Send on whichever link stands; None where none does."""
        sent = self.peer.send(message, time.time())
        self.pump()
        return sent

    async def stop(self) -> None:
        """Log out and close."""
        self.peer.close(time.time())
        self.pump()
        if self._timer:
            self._timer.cancel()
        for writer in list(self._writers.values()):
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(2.0):
                    await writer.drain()
            writer.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def pump(self) -> None:
        """Write what is to be written, take what happened, and set the alarm clock."""
        while (event := self.peer.next_event()) is not None:
            if isinstance(event, ConnectWanted):
                self._begin(self._connect(event))
            else:
                self._happened(event)
            if isinstance(event, LinkLost):
                self._flush(event.link)
                self._drop(event.link)
        for name in ("main", "sub"):
            self._flush(name)
        if self._timer:
            self._timer.cancel()
        deadline = self.peer.next_deadline()
        if deadline is not None:
            delay_s = max(0.01, deadline - time.time())
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._time_passed)

    def _time_passed(self) -> None:
        self.peer.pass_time(time.time())
        self.pump()

    def _flush(self, name: LinkName) -> None:
        data = self.peer.data_to_send(name)
        writer = self._writers.get(name)
        if data and writer is not None and not writer.is_closing():
            writer.write(data)

    def _drop(self, name: LinkName) -> None:
        writer = self._writers.pop(name, None)
        if writer is not None:
            writer.close()

    def _begin(self, work) -> None:  # type: ignore[no-untyped-def]
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, wanted: ConnectWanted) -> None:
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(wanted.host, wanted.port)
        except (OSError, TimeoutError) as error:
            self.last_error = f"{wanted.host}:{wanted.port}: {getattr(error, 'strerror', None) or error}"
            self.peer.connect_failed(wanted.link, time.time())
            self.pump()
            return
        await self._serve(wanted.link, reader, writer)

    async def _serve(
        self, name: LinkName, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._drop(name)
        self._writers[name] = writer
        self.peer.connected(name, time.time())
        self.pump()
        with contextlib.suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                if self._writers.get(name) is not writer:
                    return
                self.peer.receive_data(name, data, time.time())
                self.pump()
        if self._writers.get(name) is writer:
            del self._writers[name]
            self.peer.disconnected(name, time.time())
            self.pump()
        writer.close()
