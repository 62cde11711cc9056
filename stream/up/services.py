"""Database and broker: started, and made ready for the roles."""

import asyncio
import io
import signal
from collections.abc import Callable
from typing import TextIO

from stream.embedded import EmbeddedBroker, EmbeddedPostgres
from stream.errors import ServiceError
from stream.topics import differences, ensure_topics, stated_partitions
from stream.up.launch import Launch


def start_database(launch: Launch) -> None:
    """PostgreSQL with an empty or yesterday's database."""
    plan, console = launch.plan, launch.console
    fresh = not (plan.data_dir / "postgres" / "PG_VERSION").exists()
    console.say("making a database and starting PostgreSQL" if fresh else "starting PostgreSQL")
    server = EmbeddedPostgres(
        plan.data_dir, plan.database_port, log_path=plan.logs_dir / "postgres.log", on_line=console.child_line
    )
    server.start(launch.supervisor.check)
    assert server.child is not None
    # SIGQUIT, not SIGKILL: PostgreSQL then ends its own children too.
    launch.supervisor.adopt(server.child, stop_signal=signal.SIGINT, kill_signal=signal.SIGQUIT)
    server.ensure_database(plan.database_name)
    console.say(f"PostgreSQL is ready on port {plan.database_port}")


def start_broker(launch: Launch) -> EmbeddedBroker:
    """The broker with its topics, empty."""
    plan, console = launch.plan, launch.console
    broker = EmbeddedBroker(
        plan.broker_port, log_path=plan.logs_dir / "broker.log", on_line=console.child_line
    )
    broker.start(launch.supervisor.check)
    assert broker.child is not None
    # It keeps nothing that an orderly end could save, and clearing its memory takes it seconds.
    launch.supervisor.adopt(broker.child, stop_signal=signal.SIGKILL)
    wanted = stated_partitions(plan.settings.broker)
    found = asyncio.run(ensure_topics(broker.bootstrap_servers, wanted))
    for line in differences(wanted, found):
        console.complain(f"  broker: {line}")
    console.say(f"broker is ready on port {plan.broker_port}")
    return broker


def prepare_database(launch: Launch) -> None:
    """Schema and registry, by this program's own code; quick, so not interrupted half-way."""
    from alerts import migrate

    dsn = launch.plan.settings.database.dsn
    _relay(launch, lambda said, complaint: migrate.run(dsn, said, complaint))
    if launch.plan.settings.up.simulate:
        _import_fleet(launch)
    launch.supervisor.check()


def _import_fleet(launch: Launch) -> None:
    import simulators
    from alerts import registry

    path = launch.plan.data_dir / "fleet.csv"
    settings = launch.plan.settings
    simulators.write_registry(path, settings.simulate.vehicles, settings.simulate.seed)
    _relay(launch, lambda said, complaint: registry.import_csv(settings.database.dsn, path, said, complaint))


def _relay(launch: Launch, command: Callable[[TextIO, TextIO], int]) -> None:
    """Runs a command of ours here and prints what it says as progress; a failure is a ServiceError."""
    said, complaint = io.StringIO(), io.StringIO()
    code = command(said, complaint)
    for line in said.getvalue().splitlines():
        launch.console.say(line)
    if code != 0:
        raise ServiceError(" ".join(complaint.getvalue().split()) or "the database could not be prepared")
