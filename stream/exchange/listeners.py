"""The ports on which peers reach the links that this process runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from stream.errors import ServiceError
from stream.exchange.greeters import Greeter, MainGreeter, SubGreeter
from stream.exchange.link import Link
from stream.exchange.session import Session

log = logging.getLogger(__name__)


class Listeners:
    """Mutable. Links of role upper may share a port: the access code of a login tells them apart."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._known = {link.access_code: link for link in links if link.is_upper}
        self._sessions: dict[int, Session] = {}
        self._waiting: set[Greeter] = set()
        self._servers: dict[tuple[str, int], asyncio.Server] = {}
        self._links: dict[tuple[str, int], set[str]] = {}

    async def open(self, session: Session) -> None:
        """Listen for a link's peer. Raises ServiceError when the port cannot be opened."""
        link = session.link
        place = _place(link)
        if link.is_upper:
            self._sessions[link.access_code] = session
        self._links.setdefault(place, set()).add(link.name)
        if place in self._servers:
            return

        def make() -> asyncio.Protocol:
            if link.is_upper:
                return MainGreeter(self._waiting, self._sessions, self._known)
            return SubGreeter(self._waiting, session)

        try:
            self._servers[place] = await asyncio.get_running_loop().create_server(make, *place)
        except OSError as error:
            which = "main_port" if link.is_upper else "sub_port"
            raise ServiceError(
                f"port {place[1]} of link {link.name} cannot be opened on {place[0]}: "
                f"{error.strerror or error}; stop what uses it or change {which}"
            ) from None
        log.info("link %s: listening for the peer's %s link on %s:%d",
                 link.name, "main" if link.is_upper else "sub", *place)  # fmt: skip

    async def close(self, link: Link) -> None:
        """Listen no more for a link's peer."""
        place = _place(link)
        if link.is_upper:
            self._sessions.pop(link.access_code, None)
        users = self._links.get(place, set())
        users.discard(link.name)
        if not users and place in self._servers:
            self._servers.pop(place).close()


def _place(link: Link) -> tuple[str, int]:
    return (link.main_host, link.main_port) if link.is_upper else (link.sub_host, link.sub_port)
