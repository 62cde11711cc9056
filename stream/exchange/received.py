"""A message that came over a link, with what handlers need to know beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from stream.exchange.link import Link
from stream.jt809.header import Header
from stream.jt809.messages import Message, RawMessage


@dataclass(frozen=True, slots=True)
class Received:
    """One message. `plate` is as the peer wrote it; `vehicle_id` is None for no vehicle of the registry."""

    link: Link
    at: datetime
    header: Header
    message: Message | RawMessage
    plate: str
    plate_colour: int
    vehicle_id: str | None

    @property
    def sequence(self) -> int:
        """Of the frame, which answers of 2019 quote."""
        return self.header.sequence

    @property
    def source(self) -> dict[str, Any]:
        """What an answer of 2019 says about what it answers; nothing in 2011."""
        if self.link.version == "2011":
            return {}
        return {"source_type": self.message.sub_type, "source_sequence": self.header.sequence}

    @property
    def vehicle(self) -> dict[str, Any]:
        """Plate and colour for an answer, as they came."""
        return {"plate": self.plate, "color": self.plate_colour}


Answer = Message | RawMessage
Handler = Callable[[asyncpg.Connection, Any], Awaitable[Sequence[Answer]]]
"""Writes what a message means, inside a transaction; returns the answers that leave when it is committed."""

Handlers = Mapping[type[Message], Handler]
