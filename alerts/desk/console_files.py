"""The operators' page: what the build left in ``console/dist``, or a page that says how to build it."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, HTMLResponse

from alerts.desk.errors import ApiError

DEFAULT_DIR = Path(__file__).resolve().parents[2] / "console" / "dist"

_MISSING = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>haulwatch</title>
<body style="font-family: sans-serif; margin: 3em; max-width: 40em">
<h1>页面尚未构建 · The page is not built</h1>
<p>接口正常运行；请执行 <code>make install</code> 后刷新。</p>
<p>The API is up: <a href="/api/health">/api/health</a>, <a href="/openapi.json">/openapi.json</a>.
Run <code>make install</code>, then reload.</p></body></html>"""

_FOREVER = "public, max-age=31536000, immutable"
"""For ``assets/``, whose names hold a hash of their content."""


def serve_console(app: FastAPI, folder: Path) -> None:
    """Serve `folder` at ``/``; it may appear while the desk runs."""

    @app.api_route(
        "/api/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
    )
    async def unknown(rest: str) -> Response:
        raise ApiError(404, "not_found", f"there is no /api/{rest[:100]}", "该接口不存在")

    @app.get("/{path:path}", include_in_schema=False)
    @app.head("/{path:path}", include_in_schema=False)
    async def file(path: str) -> Response:
        index = folder / "index.html"
        if not index.is_file():
            return HTMLResponse(_MISSING, status_code=503 if path in ("", "index.html") else 404)
        wanted = _inside(folder, path) if path else index
        if wanted is None:
            raise ApiError(404, "not_found", "there is nothing at this address", "该地址不存在")
        forever = wanted.parent.name == "assets"
        return FileResponse(wanted, headers={"Cache-Control": _FOREVER if forever else "no-cache"})


def _inside(folder: Path, path: str) -> Path | None:
    """The file at `path` below `folder`; None when there is none or the path leads outside."""
    try:
        wanted = (folder / path).resolve()
        if wanted.is_relative_to(folder.resolve()) and wanted.is_file():
            return wanted
    except (OSError, ValueError):
        pass
    return None
