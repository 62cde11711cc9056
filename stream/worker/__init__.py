"""The stream worker: telemetry from the log, through the rules, into the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream.settings import Settings


def run(settings: Settings) -> int:
    """The role `haulwatch worker`. Returns 0 after a signal; raises ServiceError, OwnershipLost."""
    from stream.role import run_role
    from stream.worker.service import Worker, config_from

    section = settings.worker
    worker = Worker(config_from(settings))
    return run_role(worker.serve, metrics=(section.metrics_host, section.metrics_port))
