"""/api/stream: positions and alerts as they come, as server-sent events that can be resumed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from alerts.desk.alert_feed import RESET
from alerts.desk.api_vehicles import The
from alerts.desk.database import DatabaseAway
from alerts.desk.desk import Desk
from alerts.desk.hub import Chunk, Client, event
from alerts.desk.models import ErrorBody
from alerts.desk.parameters import parse_cursor
from alerts.desk.responses import Answers

router = APIRouter(tags=["stream"])

HEARTBEAT_S = 15.0
HEARTBEAT = b": heartbeat\n\n"
RETRY = b"retry: 1000\n\n"
"""How long an EventSource waits before it resumes, in ms."""

_EXAMPLE = 'id: 1042\nevent: alert\ndata: {"alert_id": "...", "kind": "open", ...}\n\n'
_ANSWERS: Answers = {
    200: {
        "description": "`positions` events (PositionList; the first holds all vehicles, later ones what "
        "changed, at most one a second), `alert` events (AlertChange; the id is its `seq`), a `reset` event "
        "when the cursor is of another database, and a comment every 15 s.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    },
    422: {"model": ErrorBody, "description": "The cursor is none"},
    503: {"model": ErrorBody, "description": "Database away; try again after `Retry-After` seconds"},
}


@router.get("/api/stream", responses=_ANSWERS, response_class=StreamingResponse)
async def stream(
    desk: The,
    after: Annotated[
        str | None,
        Query(description="Begin behind this `seq` (cursor of /api/alerts); absent: with what comes"),
    ] = None,
    last_event_id: Annotated[
        str | None, Header(description="The last `id` received; goes before `after`, as EventSource needs it")
    ] = None,
) -> StreamingResponse:
    """Positions and alerts as they come.

    A client that was cut off resumes with the last id it saw and gets every alert change it missed. One that
    reads too slowly is cut off, and resumes the same way.
    """
    header = parse_cursor("Last-Event-ID", last_event_id)
    cursor = header if header is not None else parse_cursor("after", after)
    known = await desk.alerts.started()
    # All that can be refused is refused before the first byte.
    stale = cursor is not None and cursor > known and cursor > await desk.alerts.newest()
    return StreamingResponse(
        _events(desk, None if stale else cursor, stale),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(desk: Desk, cursor: int | None, stale: bool) -> AsyncIterator[bytes]:
    client = desk.hub.join()
    try:
        # Joined, snapshot and cursor taken without a pause: what comes later is in the queue.
        joined_at = desk.alerts.cursor or 0
        yield RETRY + (RESET if stale else b"") + event("positions", desk.positions.snapshot())
        position = joined_at if cursor is None else cursor
        while position < joined_at:
            page = await _backlog(desk, position, joined_at)
            if page is None:
                return
            if not page.seqs:
                break
            yield page.after(position)
            position = page.seqs[-1]
        async for data in _live(client, max(position, joined_at)):
            yield data
    finally:
        desk.hub.leave(client)


async def _backlog(desk: Desk, position: int, until: int) -> Chunk | None:
    """The next page of missed changes; None when the database is away: the client resumes where it is."""
    try:
        return await desk.alerts.backlog(position, until)
    except DatabaseAway:
        return None


async def _live(client: Client, position: int) -> AsyncIterator[bytes]:
    while True:
        try:
            chunk = await client.next(HEARTBEAT_S)
        except TimeoutError:
            yield HEARTBEAT
            continue
        if chunk is None:
            return
        data = chunk.after(position)
        if data:
            yield data
