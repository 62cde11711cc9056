"""The PROXY protocol, version 2 (HAProxy, proxy-protocol.txt, 2.2), in which a load balancer says for whom a
connection is. Sans-IO. Only who is trusted may say so; from anyone else the header ends the connection.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"

_HEAD_BYTES = 16
#: The address block and the extensions that load balancers add have some hundred bytes.
_MAX_REST_BYTES = 2048
_VERSION = 2
_LOCAL, _PROXY = 0, 1
_INET, _INET6 = 1, 2
_PORTS_BYTES = 4

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ProxyError(ValueError):
    """The peer's fault: a header that is wrong, missing, or not the peer's to send. `reason` for counters."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Source:
    """Who is behind the load balancer; "" where it speaks for itself (LOCAL: a health check)."""

    address: str
    port: int


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks or addresses, separated by commas. Raises ValueError, naming the wrong one."""
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def is_trusted(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether a peer's address lies in one of the networks."""
    if not networks:
        return False
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)


class Opening:
    """The first bytes of a connection, until it is clear who speaks. Mutable."""

    __slots__ = ("_kept", "_trusted", "source")

    def __init__(self, trusted: bool) -> None:
        self._trusted = trusted
        self._kept = b""
        self.source: Source | None = None

    def feed(self, data: bytes) -> bytes | None:
        """What is behind the header, once it is whole; None while more is needed. Raises `ProxyError`."""
        self._kept += data
        begun = self._kept[: len(SIGNATURE)]
        if not self._trusted:
            if begun == SIGNATURE:
                raise ProxyError("proxy_spoofed", "a PROXY header from an address that is not trusted")
            # A terminal begins with a flag; whoever begins like a header must be seen to its end.
            return None if SIGNATURE.startswith(self._kept) else self._kept
        if not SIGNATURE.startswith(begun):
            raise ProxyError("proxy_missing", "no PROXY header from a load balancer")
        if len(self._kept) < _HEAD_BYTES:
            return None
        size = int.from_bytes(self._kept[14:16])
        if size > _MAX_REST_BYTES:
            raise ProxyError("proxy_malformed", f"a PROXY header of {size} bytes")
        end = _HEAD_BYTES + size
        if len(self._kept) < end:
            return None
        self.source = _source(self._kept[12], self._kept[13], self._kept[_HEAD_BYTES:end])
        return self._kept[end:]


def _source(version_command: int, family_transport: int, block: bytes) -> Source:
    version, command = divmod(version_command, 16)
    if version != _VERSION or command not in (_LOCAL, _PROXY):
        raise ProxyError("proxy_malformed", f"a PROXY header of version and command 0x{version_command:02x}")
    family = family_transport >> 4
    if command == _LOCAL or family not in (_INET, _INET6):
        return Source("", 0)
    size, kind = (4, socket.AF_INET) if family == _INET else (16, socket.AF_INET6)
    if len(block) < 2 * size + _PORTS_BYTES:
        raise ProxyError("proxy_malformed", f"a PROXY address block of {len(block)} bytes")
    port = int.from_bytes(block[2 * size : 2 * size + 2])
    return Source(socket.inet_ntop(kind, block[:size]), port)
