"""ASGI middleware that measures how long requests take."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.desk.metrics import Metrics

UNMEASURED = ("/api/stream", "/metrics")


class RequestTimes:
    """Observes each HTTP request under its route, not its address: the number of series has a bound."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note status and duration."""
        if scope["type"] != "http" or scope["path"] in UNMEASURED:
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            duration_s = time.perf_counter() - started
            method = scope["method"] if scope["method"] in ("GET", "POST", "HEAD") else "OTHER"
            self._metrics.requests.labels(method, route, str(status)).observe(duration_s)
