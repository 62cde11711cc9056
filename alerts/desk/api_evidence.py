"""/api/evidence and what belongs to it: the files of alerts and vehicles, with their bytes."""

from __future__ import annotations

import logging
import re
import uuid
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

import asyncpg
from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse, StreamingResponse

from alerts.desk.api_vehicles import The, find_vehicle
from alerts.desk.byte_ranges import Unsatisfiable, parse_range
from alerts.desk.desk import Desk
from alerts.desk.errors import ApiError, not_found
from alerts.desk.evidence_rows import ALARM_COLUMNS, FILE_COLUMNS, alarm_json, file_json
from alerts.desk.models import ErrorBody
from alerts.desk.models_evidence import AlertEvidence, FilePage
from alerts.desk.periods import After, From, Limit, To, next_place, period, place_after, stored_key
from alerts.desk.responses import COMMON, NOT_FOUND, Answers, answers
from alerts.evidence.objects import ObjectError, ObjectMissing

log = logging.getLogger(__name__)

router = APIRouter(tags=["evidence"])

BYTES: Answers = {
    200: {"description": "The file", "content": {"application/octet-stream": {}}},
    206: {"description": "The range that was asked for"},
    409: {"model": ErrorBody, "description": "The file is not complete (yet); the message says its state"},
    416: {"description": "The range lies outside of the file"},
}
_SHOWN_IN_PAGES = ("image/", "audio/", "video/")
_BAD_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]")
MAX_NAME_CHARACTERS = 120


@router.get("/api/alerts/{alert_id}/evidence", responses=answers(AlertEvidence, NOT_FOUND))
async def list_evidence(desk: The, alert_id: str) -> Response:
    """Files and raw alarms of an alert, whether the files have come already or not."""
    try:
        identity = uuid.UUID(alert_id)
    except ValueError:
        raise not_found("alert", "报警", alert_id[:64]) from None
    async with desk.database.connection() as connection:
        alarms = await connection.fetch(
            f"""SELECT {ALARM_COLUMNS} FROM safety_alarms a WHERE a.alert_id = $1
                ORDER BY a.time, a.identifier""",
            identity,
        )
        files = await connection.fetch(
            f"""SELECT {FILE_COLUMNS} FROM evidence_files f WHERE EXISTS (SELECT 1 FROM safety_alarms a
                    WHERE a.alert_id = $1 AND a.vehicle_key = f.vehicle_key AND a.alarm_key = f.alarm_key)
                ORDER BY f.announced_at, f.name""",
            identity,
        )
        if not alarms and not await connection.fetchval("SELECT 1 FROM alerts WHERE alert_id = $1", identity):
            raise not_found("alert", "报警", alert_id)
    return JSONResponse(
        {"files": [file_json(row) for row in files], "alarms": [alarm_json(row) for row in alarms]}
    )


@router.get("/api/vehicles/{vehicle_id}/evidence", responses=answers(FilePage, NOT_FOUND))
async def list_files(
    desk: The,
    vehicle_id: str,
    from_: From = None,
    to: To = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """All files of a vehicle by the time of their announcement, those of 0x0801 among them."""
    start, end = period(from_, to)
    rows = await desk.database.fetch(
        f"""SELECT {FILE_COLUMNS}, f.number FROM evidence_files f
            WHERE f.vehicle_key = $1 AND f.announced_at >= $2 AND f.announced_at < $3
              AND (f.announced_at, f.number) > ($4, $5)
            ORDER BY f.announced_at, f.number LIMIT $6""",
        *(stored_key(vehicle_id), start, end, *place_after(after, start), limit + 1),
    )
    if not rows:
        await find_vehicle(desk, vehicle_id)
    following = next_place(rows, limit, "announced_at", "number")
    return JSONResponse({"files": [file_json(row) for row in rows[:limit]], "next": following})


@router.head("/api/evidence/{file_id}", include_in_schema=False)
@router.get("/api/evidence/{file_id}", response_class=Response, responses={**COMMON, **NOT_FOUND, **BYTES})
async def get_file(
    desk: The, file_id: str, range_: Annotated[str | None, Header(alias="Range")] = None
) -> Response:
    """The bytes of a file, or a range of them. `ETag` is its SHA-256, `Repr-Digest` too (RFC 9530)."""
    row = await _find(desk, file_id)
    size = row["size_bytes"]
    headers = _headers(row)
    try:
        wanted = parse_range(range_, size)
    except Unsatisfiable:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    start, end = wanted or (0, size)
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    pieces = await _begin(desk, bytes(row["sha256"]), start, end)
    return StreamingResponse(pieces, 206 if wanted else 200, headers, media_type=row["content_type"])


async def _find(desk: Desk, file_id: str) -> asyncpg.Record:
    try:
        identity = uuid.UUID(file_id)
    except ValueError:
        raise not_found("file", "文件", file_id[:64]) from None
    row = await desk.database.fetchrow(
        f"SELECT {FILE_COLUMNS} FROM evidence_files f WHERE f.file_id = $1", identity
    )
    if row is None:
        raise not_found("file", "文件", file_id)
    if row["state"] != "complete":
        words = {"expected": "尚未上传", "partial": "尚未传完", "rejected": "已拒收"}
        raise ApiError(
            409,
            "not_complete",
            f"the file is {row['state']}, its bytes are not to be had",
            words[row["state"]],
        )
    return row


async def _begin(desk: Desk, sha256: bytes, start: int, end: int) -> AsyncIterator[bytes]:
    """The pieces, once the first of them is there: an answer that has begun can no longer say 503."""
    pieces = desk.objects.read(sha256, start, end)
    try:
        first = await anext(aiter(pieces), b"")
    except ObjectMissing as error:
        log.error("evidence is missing: %s", error)
        raise ApiError(
            500, "evidence_missing", "the store does not have the file any more", "存储中找不到该文件"
        ) from None
    except ObjectError as error:
        raise ApiError(
            503,
            "store_unavailable",
            f"the evidence store can't be used: {error}",
            "证据存储暂不可用，请稍后重试",
        ) from None
    return _chain(first, pieces)


async def _chain(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in others:
        yield piece


def _headers(row: asyncpg.Record) -> dict[str, str]:
    digest = b64encode(row["sha256"]).decode()
    return {
        "Accept-Ranges": "bytes",
        "ETag": f'"{row["sha256"].hex()}"',
        "Repr-Digest": f"sha-256=:{digest}:",
        "Content-Disposition": _disposition(row),
        "Cache-Control": "private, max-age=31536000, immutable",
        # Bytes of a stranger: never run, never guessed to be something else.
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }


def _disposition(row: Any) -> str:
    """RFC 6266: a plain name for all, the terminal's own for those that read RFC 8187."""
    how = "inline" if row["content_type"].startswith(_SHOWN_IN_PAGES) else "attachment"
    name = _BAD_IN_NAMES.sub("_", row["name"]).strip(". ")[-MAX_NAME_CHARACTERS:] or str(row["file_id"])
    plain = "".join(letter if letter.isascii() and letter.isprintable() else "_" for letter in name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
