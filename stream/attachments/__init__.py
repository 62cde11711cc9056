"""Evidence files of active-safety alarms (T/JSATL 12-2017): the protocol, and the server that takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream.settings import Settings


def run(settings: Settings) -> int:
    """The role `haulwatch evidence`. Returns 0 after a signal; raises ServiceError, OperatorError."""
    from stream.attachments.service import serve
    from stream.role import run_role

    section = settings.evidence
    return run_role(lambda stop: serve(settings, stop), metrics=(section.metrics_host, section.metrics_port))
