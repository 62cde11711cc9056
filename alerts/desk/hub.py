"""Hands what happens to every open stream; whoever reads too slowly is let go and resumes by its cursor."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

QUEUE_CHUNKS = 64
"""About a minute of position batches: longer than any pause of a healthy page, short enough that an
abandoned one does not hold memory. Chunks are shared between streams."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Encoded events to be sent together; ``seqs[i]`` numbers ``events[i]``; empty: they have no numbers."""

    events: Sequence[bytes]
    seqs: Sequence[int] = ()

    def after(self, seq: int) -> bytes:
        """The events that follow `seq`; those without a number always."""
        if not self.seqs or self.seqs[0] > seq:
            return b"".join(self.events)
        return b"".join(self.events[bisect_right(self.seqs, seq) :])


class Client:
    """One open stream's queue. `next` waits for a chunk; None means the stream is to end."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Chunk | None] = asyncio.Queue(QUEUE_CHUNKS + 1)
        self.closed = False

    def put(self, chunk: Chunk) -> bool:
        """False when the client was too slow and is closed now."""
        if self._queue.qsize() >= QUEUE_CHUNKS:
            self.close()
            return False
        self._queue.put_nowait(chunk)
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
            return await self._queue.get()


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
