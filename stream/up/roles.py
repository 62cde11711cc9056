"""The roles as children: `haulwatch gateway`, `worker`, `desk`, `simulate` with this process's settings."""

import http.client
import json
import os
import socket
import sys
from collections.abc import Callable

from stream.embedded.child import spawn
from stream.settings import environment_of
from stream.up.launch import Launch

READY_TIMEOUT_S = 60.0
"""A role imports numpy and pyarrow and joins the broker; seconds, minutes on a machine that swaps."""


def start_role(launch: Launch, name: str, before_stop: Callable[[], None] | None = None) -> None:
    """Starts one role without waiting for it. The fleet may end by itself, the others may not."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("HAULWATCH_")}
    child = spawn(
        name,
        [sys.executable, "-m", "stream.cli", name],
        launch.plan.logs_dir / f"{name}.log",
        environment={**inherited, **environment_of(launch.plan.settings), "PYTHONUNBUFFERED": "1"},
        on_line=launch.console.child_line,
    )
    launch.supervisor.adopt(child, may_end=name == "simulate", before_stop=before_stop)


def wait_for_role(launch: Launch, name: str) -> None:
    """Waits until a role does its work; a death, a stop and the end of the patience are exceptions."""
    launch.supervisor.wait_until(lambda: _is_ready(launch, name), READY_TIMEOUT_S, name)
    launch.console.say(f"{name} is ready")


def visible(host: str) -> str:
    """The address to reach a listener by that may listen on all of them."""
    return "127.0.0.1" if host in ("", "0.0.0.0", "::") else host


def _is_ready(launch: Launch, name: str) -> bool:
    settings = launch.plan.settings
    if name == "desk":
        return _healthy(visible(settings.desk.host), settings.desk.port)
    if name == "worker":
        return _accepts(visible(settings.worker.metrics_host), settings.worker.metrics_port)
    if name == "exchange":
        return _accepts(visible(settings.exchange.metrics_host), settings.exchange.metrics_port)
    if name == "evidence":
        return _accepts(visible(settings.evidence.host), settings.evidence.port)
    return _accepts(visible(settings.gateway.host), settings.gateway.port)


def _accepts(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def _healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2.0)
    try:
        connection.request("GET", "/api/health")
        return bool(json.load(connection.getresponse())["ok"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return False
    finally:
        connection.close()
