"""What every long-running role of this package shares: loop, signals, log lines, metrics page."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable

import uvloop
from prometheus_client import start_http_server

from stream.errors import ServiceError

STOP_S = 5.0
"""For a role to end in order; longer than any of its parts takes. Then it is cancelled."""

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run_role(serve: Callable[[asyncio.Event], Awaitable[None]], *, metrics: tuple[str, int]) -> int:
    """Run `serve(stop)` until it returns; SIGINT and SIGTERM set `stop`. `metrics` is (host, port).

    Raises ServiceError when the metrics port is taken, and what `serve` raises.
    """
    logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT)
    for chatty in ("aiokafka", "faust", "mode"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    _serve_metrics(*metrics)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told(serve))
    return 0


async def _until_told(serve: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for told in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(told, stop.set)
    serving = asyncio.ensure_future(serve(stop))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    # A role that still waits for its broker does not look at `stop`.
    if not serving.done() and not (await asyncio.wait((serving,), timeout=STOP_S))[0]:
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _serve_metrics(host: str, port: int) -> None:
    try:
        start_http_server(port, host)
    except OSError as error:
        raise ServiceError(
            f"port {port} for metrics cannot be opened: {error.strerror}; choose another metrics_port"
        ) from None
