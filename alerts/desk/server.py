"""Runs the desk: one process, one port, gone within three seconds of being asked to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from alerts.desk.app import create_app
from alerts.desk.desk import Desk
from geo.zone import ZoneError

BACKLOG = 2048
"""Pages that reconnect in the same second after a restart wait in the kernel, none is refused."""
GRACE_S = 1
"""Streams end at once when asked; what still runs after this is cut."""
EXIT_BUG = 70
"""EX_SOFTWARE of sysexits.h: haulwatch itself is wrong."""
NOISY = ("aiokafka", "aiokafka.conn", "aiokafka.consumer.group_coordinator", "aiokafka.cluster")


def run(
    *,
    dsn: str,
    bootstrap_servers: str,
    host: str = "127.0.0.1",
    port: int = 8080,
    tile_url: str = "",
    zones: Path | str | None = None,
    console_dir: Path | str | None = None,
    **evidence: Any,
) -> int:
    """Serve until SIGINT or SIGTERM; parameters as for ``create_app``.

    Returns
    -------
    int
        0 after an orderly stop; 1 when the port, the zones file or the DSN can't be used (one line says why);
        70 when a feed failed.
    """
    _quiet_logs()
    try:
        listener = _listen(host, port)
    except OSError as error:
        print(f"haulwatch desk: can't listen on {host}:{port}: {error.strerror or error}", file=sys.stderr)
        return 1
    try:
        app = create_app(
            dsn=dsn,
            bootstrap_servers=bootstrap_servers,
            tile_url=tile_url,
            zones=zones,
            console_dir=console_dir,
            **evidence,
        )
    except (ZoneError, OSError) as error:
        print(f"haulwatch desk: zones {zones}: {error}", file=sys.stderr)
        return 1
    except ValueError as error:
        print(f"haulwatch desk: database.dsn or evidence.store: {error}", file=sys.stderr)
        return 1
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_S, server_header=False
    )
    shown = listener.getsockname()
    print(f"haulwatch desk: http://{shown[0]}:{shown[1]}", flush=True)
    server = _Server(config, app.state.desk)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets=[listener]))
    if app.state.desk.failed:
        return EXIT_BUG
    return 0 if server.started else 1


class _Server(uvicorn.Server):
    """Ends the open streams when the stop begins; uvicorn alone would wait for them."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop in order at SIGINT and SIGTERM, and return instead of raising the signal again."""
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams first, then everything else."""
        self._desk.hub.close()
        await super().shutdown(sockets)


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _quiet_logs() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # The reader reports a broker that is away once; its library would do so several times a second.
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
