"""Streams' queues, the doorbell, and events cut behind a cursor."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.desk import alert_feed, hub
from alerts.desk.database import Database
from alerts.desk.metrics import Metrics
from tests.store.changes import Change, alert_id
from tests.store.test_apply_changes import apply


@given(st.sets(st.integers(1, 50), max_size=10), st.integers(0, 51))
def test_events_behind_a_cursor(numbers: set[int], cursor: int) -> None:
    seqs = sorted(numbers)
    chunk = hub.Chunk([f"<{seq}>".encode() for seq in seqs], seqs)
    assert chunk.after(cursor).decode() == "".join(f"<{seq}>" for seq in seqs if seq > cursor)


def test_events_without_number_always() -> None:
    assert hub.Chunk([b"a", b"b"]).after(10**9) == b"ab"


def test_form_of_an_event() -> None:
    assert hub.event("alert", '{"a": 1}', 7) == b'id: 7\nevent: alert\ndata: {"a": 1}\n\n'
    assert hub.event("positions", b"{}") == b"event: positions\ndata: {}\n\n"


async def test_slow_client_holds_no_more_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "QUEUE_BYTES", 1000)
    everybody = hub.Hub()
    slow, quick = everybody.join(), everybody.join()
    for number in range(30):
        everybody.send(hub.Chunk([b"x" * 100]))
        assert (await quick.next(1)) is not None
        assert slow.closed == (number >= 10)
    assert (await slow.next(1)) is None
    assert (everybody.dropped, len(everybody)) == (1, 1)


async def test_a_large_chunk_fits_an_empty_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "QUEUE_BYTES", 10)
    everybody = hub.Hub()
    client = everybody.join()
    for _ in range(3):
        everybody.send(hub.Chunk([b"x" * 100]))
        chunk = await client.next(1)
        assert chunk is not None
        assert len(chunk.data) == 100


async def test_closing_ends_everybody_also_who_comes_later() -> None:
    everybody = hub.Hub()
    waiting = everybody.join()
    everybody.close()
    assert await waiting.next(1) is None
    assert await everybody.join().next(1) is None


async def test_doorbell_is_enough(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rung, the feed looks without waiting for its next round."""
    monkeypatch.setattr(alert_feed, "POLL_S", 3600.0)
    pool, everybody = Database(database), hub.Hub()
    await pool.open()
    feed = alert_feed.AlertFeed(pool, everybody, Metrics())
    task = asyncio.create_task(feed.run())
    connection = await asyncpg.connect(database)
    try:
        async with asyncio.timeout(60):
            while feed.cursor is None:  # noqa: ASYNC110 - the feed has no event for its first look
                await asyncio.sleep(0)
            client = everybody.join()
            for number in range(3):
                (revision,) = await apply(connection, Change(alert_id(number)))
                feed.ring()
                chunk = await client.next(30)
                assert chunk is not None
                assert list(chunk.seqs) == [revision.seq]
    finally:
        task.cancel()
        await connection.close()
        await pool.close()
