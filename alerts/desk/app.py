"""The ASGI application of the operators' desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from pathlib import Path

from fastapi import FastAPI

from alerts.desk import (
    api_alerts,
    api_archive,
    api_commands,
    api_evidence,
    api_links,
    api_meta,
    api_post_checks,
    api_stream,
    api_supervisions,
    api_vehicles,
)
from alerts.desk.console_files import DEFAULT_DIR, serve_console
from alerts.desk.desk import build_desk
from alerts.desk.errors import install_error_handlers
from alerts.desk.request_times import RequestTimes
from alerts.desk.zones_json import load_zones
from alerts.evidence.open_objects import open_objects

_DESCRIPTION = """The operators' desk of haulwatch: vehicles, positions, tracks and alerts of a centre that
watches heavy vehicles. Coordinates are WGS-84. Every refusal has the body
`{"error": {"code", "message_en", "message_zh"}}`."""


def create_app(
    *,
    dsn: str,
    bootstrap_servers: str,
    tile_url: str = "",
    zones: Path | str | None = None,
    console_dir: Path | str | None = None,
    evidence_folder: Path | str = "evidence",
    evidence_store: str = "",
    s3_endpoint: str = "",
    s3_region: str = "",
) -> FastAPI:
    """The application; it connects to nothing before its lifespan begins.

    Parameters
    ----------
    dsn : str
        The haulwatch database.
    bootstrap_servers : str
        The Kafka-protocol broker.
    tile_url : str
        Raster tiles for the map with ``{z}/{x}/{y}``; empty for the built-in outlines alone.
    zones : path, optional
        GeoJSON file of the zones in force; ``geo.zone.ZoneError`` or ``OSError`` when it can't be used.
    console_dir : path, optional
        The built page; ``console/dist`` of the checkout by default.
    evidence_folder, evidence_store, s3_endpoint, s3_region
        Where the evidence server keeps files, as ``alerts.evidence.objects.open_objects`` takes it.
    """
    objects = open_objects(evidence_store, Path(evidence_folder), endpoint=s3_endpoint, region=s3_region)
    version = metadata.version("haulwatch")
    desk = build_desk(dsn, bootstrap_servers, version, tile_url, load_zones(zones), objects)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with desk.running():
            yield

    app = FastAPI(
        title="haulwatch desk",
        version=desk.version,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # the pages of FastAPI load scripts from the internet
        redoc_url=None,
    )
    app.state.desk = desk
    app.add_middleware(RequestTimes, metrics=desk.metrics)
    install_error_handlers(app)
    for module in (
        api_vehicles,
        api_alerts,
        api_commands,
        api_evidence,
        api_archive,
        api_stream,
        api_meta,
        api_links,
        api_post_checks,
        api_supervisions,
    ):
        app.include_router(module.router)
    serve_console(app, Path(console_dir) if console_dir else DEFAULT_DIR)
    return app
