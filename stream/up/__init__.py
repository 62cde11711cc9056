"""`haulwatch up`: everything on one machine in one console, started in order and stopped in order."""

import time

from stream.errors import EXIT_FAILED, ServiceError
from stream.settings import Settings
from stream.up.console import Console
from stream.up.launch import Launch
from stream.up.plan import check_ports, make_plan, with_fleet
from stream.up.recycle import BrokerWatch
from stream.up.stages import start_everything
from stream.up.supervisor import WATCH_S, ChildDied, StopRequested, Supervisor


def run(settings: Settings, with_parent: bool = False) -> int:
    """Starts everything, waits for Ctrl-C or SIGTERM, stops everything; the exit code.

    0 after a stop that was asked for, 1 when a child died.

    Raises:
        OperatorError: the settings do not describe services of this machine.
        ServiceError: a port or the data folder is in use, or something cannot be started.
    """
    console = Console()
    plan = make_plan(settings)
    with plan.lock():
        check_ports(plan)
        if settings.up.simulate:
            plan = with_fleet(plan)
        with Supervisor(console, with_parent=with_parent) as supervisor:
            return _supervise(Launch(plan, supervisor, console))


def _supervise(launch: Launch) -> int:
    supervisor, console = launch.supervisor, launch.console
    try:
        broker = BrokerWatch(launch, start_everything(launch))
        while True:
            supervisor.check()
            broker.look()
            time.sleep(WATCH_S)
    except StopRequested as reason:
        console.say(f"{reason}: stopping")
        return 0
    except ChildDied as death:
        console.complain(f"haulwatch up: {death}")
        return EXIT_FAILED
    except ServiceError:
        if supervisor.stop_requested:  # what failed had been told to stop as well
            return 0
        raise
