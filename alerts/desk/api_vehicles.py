"""/api/vehicles, /api/positions, /api/tracks: what is registered, where it is, where it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse

from alerts.desk.desk import Desk, desk_of
from alerts.desk.errors import ApiError, invalid, not_found
from alerts.desk.models import PositionList, Track, Vehicle, VehiclePage
from alerts.desk.parameters import parse_bbox, parse_place, parse_time
from alerts.desk.responses import NOT_FOUND, answers
from alerts.times import iso_text, to_ms
from rules.identity import vehicle_key

router = APIRouter(tags=["vehicles"])

The = Annotated[Desk, Depends(desk_of)]

_COLUMNS = """vehicle_id, plate, plate_colour, vehicle_class, enterprise, driver_id, terminal_phone,
    total_mass_kg"""
DEFAULT_TRACK = timedelta(hours=24)
MAX_TRACK_POINTS = 50_000
"""About 8 MB of JSON; more comes page by page."""


@router.get("/api/vehicles", responses=answers(VehiclePage))
async def list_vehicles(
    desk: The,
    query: Annotated[
        str, Query(description="Part of id, plate, terminal phone or enterprise; any case", max_length=100)
    ] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[str, Query(description="`next` of the page before", max_length=200)] = "",
) -> Response:
    """Registered vehicles by id."""
    pattern = "%" + _escape_like(storable(query.strip())) + "%"
    rows = await desk.database.fetch(
        f"""SELECT {_COLUMNS} FROM vehicles
            WHERE vehicle_id > $1 AND ($2 = '%%' OR vehicle_id ILIKE $2 OR plate ILIKE $2
                OR terminal_phone ILIKE $2 OR enterprise ILIKE $2)
            ORDER BY vehicle_id LIMIT $3""",
        *(storable(after), pattern, limit + 1),
    )
    page = [dict(row) for row in rows[:limit]]
    return JSONResponse({"vehicles": page, "next": page[-1]["vehicle_id"] if len(rows) > limit else None})


@router.get("/api/vehicles/{vehicle_id}", responses=answers(Vehicle, NOT_FOUND))
async def get_vehicle(desk: The, vehicle_id: str) -> Response:
    """One registered vehicle."""
    return JSONResponse(dict(await find_vehicle(desk, vehicle_id)))


async def find_vehicle(desk: Desk, vehicle_id: str) -> asyncpg.Record:
    """The registry's row. Raises ``ApiError`` (404)."""
    row = await desk.database.fetchrow(
        f"SELECT {_COLUMNS} FROM vehicles WHERE vehicle_id = $1", storable(vehicle_id)
    )
    if row is None:
        raise not_found("vehicle", "车辆", vehicle_id)
    return row


@router.get("/api/positions", responses=answers(PositionList))
async def list_positions(
    desk: The,
    bbox: Annotated[
        str | None,
        Query(description="minlon,minlat,maxlon,maxlat: only vehicles inside", examples=["118,31,119,33"]),
    ] = None,
) -> Response:
    """The newest position of every vehicle that has one; works while the database is away."""
    feed = desk.positions
    if bbox is None:
        return Response(feed.snapshot(), media_type="application/json")
    rows = feed.map.rows_in(*parse_bbox(bbox))
    return Response(feed.map.to_json(rows), media_type="application/json")


@router.get("/api/tracks/{vehicle_id}", responses=answers(Track, NOT_FOUND))
async def get_track(
    desk: The,
    vehicle_id: str,
    from_: Annotated[
        str | None, Query(alias="from", description="ISO 8601, included; 24 hours before `to` when absent")
    ] = None,
    to: Annotated[str | None, Query(description="ISO 8601, excluded; now when absent")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_TRACK_POINTS)] = 5000,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Response:
    """Stored reports of a vehicle by ascending time, late ones in their place."""
    end = parse_time("to", to) if to else datetime.now(UTC) + timedelta(minutes=5)
    start = parse_time("from", from_) if from_ else end - DEFAULT_TRACK
    if start > end:
        raise invalid("from", "lies after `to`", "晚于 to")
    after_time, after_digest = parse_place("after", after) if after else (start, -(2**63))
    key = vehicle_key(storable(vehicle_id))
    rows = await desk.database.fetch(
        """SELECT time, longitude_deg, latitude_deg, speed_kmh, heading_deg, altitude_m, digest FROM tracks
           WHERE vehicle_key = $1 AND time >= $2 AND time < $3 AND disposition < 4
             AND (time, digest) > ($4, $5)
           ORDER BY time, digest LIMIT $6""",
        *(key, max(start, after_time), end, after_time, after_digest, limit + 1),
    )
    if not rows and not desk.positions.map.knows(key):
        await find_vehicle(desk, vehicle_id)
    page = rows[:limit]
    following = f"{to_ms(page[-1]['time'])}.{page[-1]['digest']}" if len(rows) > limit else None
    return JSONResponse({"points": [_point(row) for row in page], "next": following})


def _point(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "time": iso_text(row["time"]),
        "longitude_deg": round(row["longitude_deg"], 6),
        "latitude_deg": round(row["latitude_deg"], 6),
        "speed_kmh": round(row["speed_kmh"], 1),
        "heading_deg": row["heading_deg"],
        "altitude_m": row["altitude_m"],
    }


def _escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def storable(text: str) -> str:
    """PostgreSQL's text holds neither NUL nor half a character, so nothing there is named with one."""
    if any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in text):
        raise ApiError(404, "not_found", "nothing has a name with such characters", "名称中含有无效字符")
    return text
