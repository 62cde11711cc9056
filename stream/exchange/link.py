"""A link to another platform, as the file of links describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from stream.jt809.cipher import Cipher
from stream.jt809.header import Edition

UPPER, LOWER = "upper", "lower"
"""Our side of a link. As upper platform we are connected to, as lower platform we connect."""

KEEP, ADMIT, COUNT = "keep", "admit", "count"
"""What becomes of positions of vehicles the registry does not know: kept as dead letters, taken in under
their plate, or only counted."""

PLATE, DRIVER = "plate", "driver"
"""What may be masked."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Which vehicles a peer is sent. A vehicle is chosen when `everything` holds or any list names it; with
    `bbox` only its positions inside are sent (west, south, east, north in WGS-84 degrees)."""

    everything: bool = False
    vehicle_classes: tuple[str, ...] = ()
    enterprises: tuple[str, ...] = ()
    vehicles: tuple[str, ...] = ()
    plates: tuple[str, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    alerts: bool = True

    @property
    def anything(self) -> bool:
        """Whether the link forwards at all."""
        return self.everything or any(
            (self.vehicle_classes, self.enterprises, self.vehicles, self.plates),
        )


@dataclass(frozen=True, slots=True)
class Link:
    """One link. Ports and hosts: as upper platform `main_*` is where we listen and `sub_*`, where set,
    replaces the address the peer tells at its login; as lower platform `main_*` is the peer's server and
    `sub_*` is where we listen for the subordinate link, told to the peer as `sub_public_*`."""

    name: str
    role: str
    version: Edition
    access_code: int
    user: int
    password: str = field(repr=False)
    main_host: str
    main_port: int
    sub_host: str
    sub_port: int
    sub_public_host: str
    sub_public_port: int
    platform_id: str
    cipher: Cipher | None
    allowed_ips: tuple[IPv4Network | IPv6Network, ...]
    rate_per_s: float
    history_after_s: float
    confirm_s: float
    receipt_s: float
    unknown_vehicles: str
    forwarding: Forwarding
    mask: frozenset[str]
    mask_key: str = field(repr=False)

    @property
    def is_upper(self) -> bool:
        """Whether we are the upper platform of this link."""
        return self.role == UPPER
