"""The door to other platforms: JT/T 809 both ways, positions in and out, post checks and supervision."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream.settings import Settings


def run(settings: Settings) -> int:
    """The role `haulwatch exchange`. Returns 0 after a signal; raises OperatorError, ServiceError."""
    from stream.exchange.link_file import read_links
    from stream.exchange.service import serve
    from stream.role import run_role

    section = settings.exchange
    links = read_links(section.links) if section.links else ()
    return run_role(
        lambda stop: serve(settings, links, stop), metrics=(section.metrics_host, section.metrics_port)
    )
