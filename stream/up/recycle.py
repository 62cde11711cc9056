"""The embedded broker keeps all it carried in memory; before that becomes too much it is started anew.

Too much is what the machine has no memory for, and what makes it slow: a fetch takes about 1.2 ms longer for
each thousand records that the partition has ever carried. At 35,000 a partition readers starved for a minute.
"""

import os
import time
from pathlib import Path

from stream.embedded import EmbeddedBroker
from stream.up.drain import records_stored, wait_until_stored
from stream.up.launch import Launch
from stream.up.roles import wait_for_role
from stream.up.services import start_broker
from stream.up.stages import intake_roles, log_of, start_intake

LOOK_EVERY_S = 5.0
RETRY_AFTER_S = 600.0
"""After a try that found reports which cannot be stored: the database is away, which lasts."""

STORE_S = 60.0
"""How long a restart waits for the worker to store what the log holds; terminals wait outside meanwhile."""


class BrokerWatch:
    """Starts the broker anew when it has grown to `up.broker_memory_mib` or `up.broker_records`, without
    losing a report.

    Terminals are let out first and come back by themselves; the worker stores what the log holds; then worker
    and broker end and start again with an empty log. It takes some seconds, every few hours.
    """

    def __init__(self, launch: Launch, broker: EmbeddedBroker) -> None:
        self._launch = launch
        self._broker = broker
        self._limit_bytes = launch.plan.settings.up.broker_memory_mib << 20
        self._limit_records = launch.plan.settings.up.broker_records
        self._next_look = 0.0

    def look(self) -> None:
        """To be called again and again; does nothing most of the times."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY_S
        assert self._broker.child is not None
        used_bytes = resident_bytes(self._broker.child.pid)
        records = records_stored(log_of(self._launch, self._broker))
        if used_bytes > self._limit_bytes or records > self._limit_records:
            self._launch.console.say(
                f"the broker holds {used_bytes >> 20} MiB and {records} records and is started anew; "
                "terminals reconnect"
            )
            self._recycle()

    def _recycle(self) -> None:
        launch = self._launch
        worker, *writers = intake_roles(launch)
        for name in writers:
            launch.supervisor.end(name)
        log = log_of(launch, self._broker)
        if wait_until_stored(log, STORE_S, lambda: launch.supervisor.stop_requested):
            launch.supervisor.check()
            launch.console.complain("  broker: its log is not stored yet, the broker goes on; next try later")
            self._next_look = time.monotonic() + RETRY_AFTER_S
            launch.supervisor.end(worker)
        else:
            launch.supervisor.end(worker)
            launch.supervisor.end(self._broker.name)
            self._broker = start_broker(launch)
        start_intake(launch, self._broker)
        for name in (worker, *writers):
            wait_for_role(launch, name)


def resident_bytes(pid: int) -> int:
    """Memory that a process holds, 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
