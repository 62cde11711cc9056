"""/api/config, /api/rules, /api/zones, /api/health and /metrics: about the desk itself."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from alerts.desk.api_vehicles import The
from alerts.desk.database import CONNECT_TIMEOUT_S, DatabaseAway
from alerts.desk.desk import Desk
from alerts.desk.models import Config, Health
from alerts.desk.models_rules import Rules
from alerts.desk.responses import answers
from alerts.desk.rules_json import rules_json
from rules.blocks import SCHEMA_NAME as TELEMETRY

router = APIRouter(tags=["desk"])


@router.get("/api/config", responses=answers(Config))
async def get_config(desk: The) -> Response:
    """What the page needs to know about this installation."""
    return JSONResponse({"tile_url": desk.tile_url, "languages": ["zh", "en"], "version": desk.version})


@router.get("/api/rules", responses=answers(Rules))
async def get_rules() -> Response:
    """Every rule whose alerts may come: family, names, what asks for it, and what drivers are told."""
    return JSONResponse(rules_json())


@router.get(
    "/api/zones",
    responses={200: {"content": {"application/geo+json": {"schema": {"type": "object"}}}}},
    response_class=Response,
)
async def get_zones(desk: The) -> Response:
    """The zones in force: a GeoJSON FeatureCollection in WGS-84, properties as in the zones file."""
    return JSONResponse(desk.zones, media_type="application/geo+json")


@router.get("/api/health", responses=answers(Health))
async def get_health(desk: The) -> Response:
    """Whether database and broker can be reached, and how far behind the desk is."""
    database, broker = await _database(desk), _broker(desk)
    feed, cursor = desk.positions, desk.alerts.cursor
    return JSONResponse(
        {
            "ok": database["ok"] and broker["ok"] and feed.loaded and cursor is not None,
            "version": desk.version,
            "database": database,
            "broker": broker,
            "positions": {
                "vehicles": len(feed.map),
                "loaded": feed.loaded,
                "lag_records": desk.broker.lag_records.get(TELEMETRY),
                "refused_blocks": feed.refused_blocks,
            },
            "alert_cursor": None if cursor is None else str(cursor),
            "stream_clients": len(desk.hub),
        }
    )


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(desk: The) -> Response:
    """Counters and histograms for Prometheus."""
    return Response(generate_latest(desk.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _database(desk: Desk) -> dict[str, object]:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await desk.alerts.newest()
    except DatabaseAway as away:
        return {"ok": False, "message_en": away.message_en, "message_zh": away.message_zh}
    except TimeoutError:
        return {"ok": False, "message_en": "the database does not answer", "message_zh": "数据库无响应"}
    return {"ok": True, "message_en": "", "message_zh": ""}


def _broker(desk: Desk) -> dict[str, object]:
    fault = desk.broker.fault
    if fault is None:
        return {"ok": True, "message_en": "", "message_zh": ""}
    return {
        "ok": False,
        "message_en": f"the message broker can't be read: {fault}",
        "message_zh": f"消息服务暂不可用（{fault}）",
    }
