"""The order in which everything starts; it stops in the reverse order."""

import asyncio
import http.client
import io
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from stream.embedded import EmbeddedBroker, EmbeddedPostgres
from stream.embedded.child import spawn
from stream.errors import ServiceError
from stream.settings import environment_of
from stream.topics import differences, ensure_topics, stated_partitions
from stream.up.console import Console
from stream.up.drain import Log, wait_until_stored
from stream.up.plan import Plan
from stream.up.supervisor import Supervisor

READY_TIMEOUT_S = 60.0
"""A role imports numpy and pyarrow and joins the broker; seconds, minutes on a machine that swaps."""

GRACE_S = {"simulate": 2.0, "gateway": 3.0, "worker": 4.0, "desk": 2.0, "broker": 0.5, "PostgreSQL": 4.0}
"""How long each may take to end, in the order of the stop, within what the supervisor allows for all."""

DRAIN_S = 3.0
"""How long the worker may take to store what the broker still holds; milliseconds as a rule."""


def start_everything(plan: Plan, supervisor: Supervisor, console: Console) -> None:
    """Database, broker, topics, schema, registry, desk, worker, gateway, fleet."""
    console.say(f"data and logs are in {plan.data_dir}")
    _start_database(plan, supervisor, console)
    broker = _start_broker(plan, supervisor, console)
    _prepare(plan, supervisor, console)
    _start_roles(plan, supervisor, console, broker)
    settings = plan.settings
    console.say(f"terminals: JT/T 808 on {settings.gateway.host}:{settings.gateway.port}")
    console.say(
        f"haulwatch is up: http://{_visible(settings.desk.host)}:{settings.desk.port}  (Ctrl-C stops it)"
    )


def _start_database(plan: Plan, supervisor: Supervisor, console: Console) -> None:
    fresh = not (plan.data_dir / "postgres" / "PG_VERSION").exists()
    console.say("making a database and starting PostgreSQL" if fresh else "starting PostgreSQL")
    server = EmbeddedPostgres(
        plan.data_dir, plan.database_port, log_path=plan.logs_dir / "postgres.log", on_line=console.child_line
    )
    server.start(supervisor.check)
    assert server.child is not None
    # SIGQUIT, not SIGKILL: PostgreSQL then ends its own children too.
    supervisor.adopt(
        server.child,
        grace_s=GRACE_S[server.name],
        stop_signal=signal.SIGINT,
        kill_signal=signal.SIGQUIT,
    )
    server.ensure_database(plan.database_name)
    console.say(f"PostgreSQL is ready on port {plan.database_port}")


def _start_broker(plan: Plan, supervisor: Supervisor, console: Console) -> EmbeddedBroker:
    broker = EmbeddedBroker(
        plan.broker_port, log_path=plan.logs_dir / "broker.log", on_line=console.child_line
    )
    broker.start(supervisor.check)
    assert broker.child is not None
    supervisor.adopt(broker.child, grace_s=GRACE_S[broker.name])
    wanted = stated_partitions(plan.settings.broker)
    found = asyncio.run(ensure_topics(broker.bootstrap_servers, wanted))
    for line in differences(wanted, found):
        console.complain(f"  broker: {line}")
    console.say(f"broker is ready on port {plan.broker_port}")
    return broker


def _prepare(plan: Plan, supervisor: Supervisor, console: Console) -> None:
    """Schema and registry, by this program's own code; quick, so not interrupted half-way."""
    from alerts import migrate

    dsn = plan.settings.database.dsn
    _relay(console, lambda said, complaint: migrate.run(dsn, said, complaint))
    if plan.settings.up.simulate:
        _import_fleet(plan, console)
    supervisor.check()


def _import_fleet(plan: Plan, console: Console) -> None:
    import simulators
    from alerts import registry

    path = plan.data_dir / "fleet.csv"
    simulate = plan.settings.simulate
    simulators.write_registry(path, simulate.vehicles, simulate.seed)
    dsn = plan.settings.database.dsn
    _relay(console, lambda said, complaint: registry.import_csv(dsn, path, said, complaint))


def _relay(console: Console, command: Callable[[TextIO, TextIO], int]) -> None:
    """Runs a command of ours here and prints what it says as progress; a failure is a ServiceError."""
    said, complaint = io.StringIO(), io.StringIO()
    code = command(said, complaint)
    for line in said.getvalue().splitlines():
        console.say(line)
    if code != 0:
        raise ServiceError(" ".join(complaint.getvalue().split()) or "the database could not be prepared")


@dataclass(frozen=True)
class Role:
    """One child of this program's own, and how it shows that it is ready."""

    name: str
    ready: Callable[[], bool]
    may_end: bool = False
    before_stop: Callable[[], None] | None = None


def _start_roles(plan: Plan, supervisor: Supervisor, console: Console, broker: EmbeddedBroker) -> None:
    log = Log(broker.bootstrap_servers, broker.cluster_id, plan.settings.database.dsn)

    def drain() -> None:
        if left := wait_until_stored(log, DRAIN_S, lambda: supervisor.in_a_hurry):
            console.complain(f"  worker: {left} blocks of reports could not be stored in time and are lost")

    roles = _roles(plan, drain)
    console.say("starting desk, worker and gateway")
    for role in roles:
        _start_role(role, plan, supervisor, console)
    for role in roles:
        supervisor.wait_until(role.ready, READY_TIMEOUT_S, role.name)
        console.say(f"{role.name} is ready")
    if plan.settings.up.simulate:
        _start_role(Role("simulate", lambda: True, may_end=True), plan, supervisor, console)
        console.say(f"{plan.settings.simulate.vehicles} simulated vehicles are connecting")


def _roles(plan: Plan, drain: Callable[[], None]) -> list[Role]:
    """In the order in which they start; the gateway, which lets reports in, comes last and goes first."""
    desk, worker, gateway = plan.settings.desk, plan.settings.worker, plan.settings.gateway
    return [
        Role("desk", lambda: _healthy(_visible(desk.host), desk.port)),
        Role(
            "worker",
            lambda: _accepts(_visible(worker.metrics_host), worker.metrics_port),
            before_stop=drain,
        ),
        Role("gateway", lambda: _accepts(_visible(gateway.host), gateway.port)),
    ]


def _start_role(role: Role, plan: Plan, supervisor: Supervisor, console: Console) -> None:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("HAULWATCH_")}
    child = spawn(
        role.name,
        [sys.executable, "-m", "stream.cli", role.name],
        plan.logs_dir / f"{role.name}.log",
        environment={**inherited, **environment_of(plan.settings), "PYTHONUNBUFFERED": "1"},
        on_line=console.child_line,
    )
    supervisor.adopt(child, grace_s=GRACE_S[role.name], may_end=role.may_end, before_stop=role.before_stop)


def _visible(host: str) -> str:
    """The address to reach a listener by that may listen on all of them."""
    return "127.0.0.1" if host in ("", "0.0.0.0", "::") else host


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
