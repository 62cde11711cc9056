"""Puts sub-packaged uplink messages together (JT/T 808-2013, 4.4.3), within a bound a connection."""

from __future__ import annotations

from dataclasses import dataclass, field

#: What one connection may have lying in unfinished messages. A terminal whose message does not fit gets no
#: answer for it and sends it again in smaller ones.
MAX_BYTES = 16 * 1024


@dataclass(slots=True)
class _Unfinished:
    bodies: dict[int, bytes] = field(default_factory=dict)
    serials: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Packages:
    """Mutable. `dropped` counts messages given up for want of room."""

    dropped: int = 0
    _bytes: int = 0
    _unfinished: dict[tuple[int, int, int], _Unfinished] = field(default_factory=dict)

    def add(
        self, message_id: int, serial: int, package: int, total: int, body: bytes
    ) -> tuple[bytes, list[int]] | None:
        """Take one package; the whole body and the serials of all its packages when it was the last.

        Packages of one message have consecutive serials, so the first one's serial names it.
        """
        key = (message_id, (serial - package + 1) & 0xFFFF, total)
        message = self._unfinished.setdefault(key, _Unfinished())
        if package not in message.bodies:
            self._bytes += len(body)
        message.bodies[package] = body
        message.serials[package] = serial
        if len(message.bodies) == total:
            self._forget(key)
            whole = b"".join(message.bodies[number] for number in range(1, total + 1))
            return whole, [message.serials[number] for number in range(1, total + 1)]
        while self._bytes > MAX_BYTES:
            self._forget(next(iter(self._unfinished)))
            self.dropped += 1
        return None

    def _forget(self, key: tuple[int, int, int]) -> None:
        message = self._unfinished.pop(key)
        self._bytes -= sum(map(len, message.bodies.values()))
