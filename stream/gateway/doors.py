"""The ports terminals come in by: TCP, TLS, UDP."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from stream.errors import ServiceError
from stream.gateway.connection import Connection, Door
from stream.gateway.datagrams import DatagramDoor
from stream.gateway.proxy import parse_networks
from stream.gateway.server import Gateway
from stream.gateway.tls import server_context
from stream.settings.sections import GatewaySettings

log = logging.getLogger(__name__)

#: Connections the kernel holds while we are busy: a fleet that comes back after a network break.
_BACKLOG = 4096


@dataclass
class Doors:
    """What the settings ask for, checked before anything is opened. Mutable."""

    section: GatewaySettings
    plain: Door
    secure: Door | None
    _servers: list[asyncio.Server] = field(default_factory=list)
    _datagrams: DatagramDoor | None = None

    @classmethod
    def of(cls, section: GatewaySettings) -> Doors:
        """Raises ServiceError where a setting is wrong."""
        try:
            trusted = parse_networks(section.proxy_trusted)
        except ValueError as error:
            raise ServiceError(f"gateway.proxy_trusted: {error}; write networks such as 10.0.0.0/8") from None
        secure = None
        if section.tls_port:
            secure = Door(trusted, server_context(section.tls_certificate, section.tls_key))
        return cls(section, Door(trusted), secure)

    async def open(self, gateway: Gateway) -> None:
        """Listen. Raises ServiceError when a port cannot be opened."""
        section = self.section
        await self._listen(gateway, self.plain, section.port, "gateway.port")
        if self.secure is not None:
            await self._listen(gateway, self.secure, section.tls_port, "gateway.tls_port")
        if section.udp_port:
            await self._listen_udp(gateway, section.udp_port)
        log.info("listening for JT/T 808 terminals on %s:%d", section.host, section.port)

    def close(self) -> None:
        """Take nobody in any more; those inside stay."""
        for server in self._servers:
            server.close()

    def close_last(self) -> None:
        """After the last answer: datagrams have no connections that could be closed one by one."""
        if self._datagrams is not None:
            self._datagrams.close()

    async def _listen(self, gateway: Gateway, door: Door, port: int, setting: str) -> None:
        host = self.section.host
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: Connection(gateway, door), host, port, backlog=_BACKLOG
            )
        except OSError as error:
            raise _taken(port, host, error, setting) from None
        self._servers.append(server)

    async def _listen_udp(self, gateway: Gateway, port: int) -> None:
        host = self.section.host
        self._datagrams = DatagramDoor(gateway)
        datagrams = self._datagrams
        try:
            await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: datagrams, local_addr=(host, port)
            )
        except OSError as error:
            raise _taken(port, host, error, "gateway.udp_port") from None


def _taken(port: int, host: str, error: OSError, setting: str) -> ServiceError:
    return ServiceError(
        f"port {port} for terminals cannot be opened on {host}: {error.strerror}; "
        f"stop what uses it or set {setting}"
    )
