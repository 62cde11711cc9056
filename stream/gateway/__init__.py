"""The terminals' door: JT/T 808 over TCP in, blocks of reports out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream.settings import Settings


def run(settings: Settings) -> int:
    """The role `haulwatch gateway`. Returns 0 after a signal; raises ServiceError."""
    from stream.gateway.service import serve
    from stream.role import run_role

    section = settings.gateway
    return run_role(lambda stop: serve(settings, stop), metrics=(section.metrics_host, section.metrics_port))
