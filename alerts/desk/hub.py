"""Hands what happens to every open stream; whoever reads too slowly is let go and resumes by its cursor."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence

QUEUE_BYTES = 16 * 1024 * 1024
"""What may wait for one stream: half a minute of positions of 50,000 vehicles at 30 s, longer than any pause
of a healthy page; an abandoned one holds no more. Chunks are shared between streams."""


class Chunk:
    """Encoded events to be sent together; ``seqs[i]`` numbers ``events[i]``; empty: they have no numbers."""

    __slots__ = ("data", "events", "seqs")

    def __init__(self, events: Sequence[bytes], seqs: Sequence[int] = ()) -> None:
        self.events, self.seqs = events, seqs
        self.data = b"".join(events)

    def after(self, seq: int) -> bytes:
        """The events that follow `seq`; those without a number always."""
        if not self.seqs or self.seqs[0] > seq:
            return self.data
        return b"".join(self.events[bisect_right(self.seqs, seq) :])


class Client:
    """One open stream's queue. `next` waits for a chunk; None means the stream is to end."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Chunk | None] = asyncio.Queue()  # bounded by bytes, in put()
        self._waiting_bytes = 0
        self.closed = False

    def put(self, chunk: Chunk) -> bool:
        """False when the client was too slow and is closed now. An empty queue takes a chunk of any size."""
        if self._waiting_bytes and self._waiting_bytes + len(chunk.data) > QUEUE_BYTES:
            self.close()
            return False
        self._queue.put_nowait(chunk)
        self._waiting_bytes += len(chunk.data)
        return True

    def close(self) -> None:
        """Make `next` end, without what is still queued: a resumed stream gets it again."""
        if not self.closed:
            self.closed = True
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(None)

    async def next(self, timeout_s: float) -> Chunk | None:
        """Raises TimeoutError when nothing came."""
        async with asyncio.timeout(timeout_s):
            chunk = await self._queue.get()
        self._waiting_bytes -= len(chunk.data) if chunk else 0
        return chunk


class Hub:
    """All open streams."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self.dropped = 0
        self.closing = False

    def __len__(self) -> int:
        return len(self._clients)

    def join(self) -> Client:
        """A new stream; from now on it gets every chunk."""
        client = Client()
        self._clients.add(client)
        if self.closing:
            client.close()
        return client

    def leave(self, client: Client) -> None:
        """The stream has ended."""
        self._clients.discard(client)

    def send(self, chunk: Chunk) -> None:
        """Queue a chunk for every stream, never waiting for one of them."""
        slow = [client for client in self._clients if not client.put(chunk)]
        self.dropped += len(slow)
        self._clients.difference_update(slow)

    def close(self) -> None:
        """End every stream, now and later: the desk is stopping."""
        self.closing = True
        for client in list(self._clients):
            client.close()


def event(name: str, data: str | bytes, seq: int | None = None) -> bytes:
    """One server-sent event; `data` has no line breaks."""
    raw = data.encode() if isinstance(data, str) else data
    head = f"id: {seq}\n" if seq is not None else ""
    return b"".join([head.encode(), b"event: ", name.encode(), b"\ndata: ", raw, b"\n\n"])
