"""The ports terminals come in by: TCP, TLS, UDP."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from stream.errors import ServiceError
from stream.gateway.connection import Connection
from stream.gateway.server import Gateway
from stream.settings.sections import GatewaySettings

log = logging.getLogger(__name__)

#: Connections the kernel holds while we are busy: a fleet that comes back after a network break.
_BACKLOG = 4096


@dataclass
class Doors:
    """What the settings ask for, checked before anything is opened."""

    section: GatewaySettings
    _servers: list[asyncio.Server] = field(default_factory=list)

    @classmethod
    def of(cls, section: GatewaySettings) -> Doors:
        """Raises ServiceError where settings are wrong."""
        return cls(section)

    async def open(self, gateway: Gateway) -> None:
        """Listen. Raises ServiceError when a port cannot be opened."""
        section = self.section
        await self._listen(gateway, section.port, "gateway.port")
        log.info("listening for JT/T 808 terminals on %s:%d", section.host, section.port)

    def close(self) -> None:
        """Take nobody in any more; those inside stay."""
        for server in self._servers:
            server.close()

    async def _listen(self, gateway: Gateway, port: int, setting: str) -> None:
        host = self.section.host
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: Connection(gateway), host, port, backlog=_BACKLOG
            )
        except OSError as error:
            raise ServiceError(
                f"port {port} for terminals cannot be opened on {host}: {error.strerror}; "
                f"stop what uses it or set {setting}"
            ) from None
        self._servers.append(server)
