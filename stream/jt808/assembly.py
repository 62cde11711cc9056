"""Putting sub-packages together (JT/T 808-2013, 4.4.3 and table 3). Sans-IO, bounded by bytes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from stream.jt808.header import Header

# Together with the unfinished frame of a `FrameSplitter` this stays under 16 KiB a connection: eleven full
# packages, a long 0x0704. Media want more: give the assembler that serves them its own bound.
MAX_KEPT_BYTES = 12 * 1024

# Kept for each package whatever its length, so that empty packages are not free.
_OVERHEAD_BYTES = 64

_Key = tuple[str, int, int, int]


@dataclass(slots=True)
class _Open:
    total: int
    kept_bytes: int = 0
    parts: dict[int, bytes] = field(default_factory=dict)


class Assembler:
    """Collects the packages of messages, of one terminal or of many.

    A message is known by terminal, message id, total and the serial its first package has. When more than
    `max_bytes` would be kept the oldest message is given up; `dropped` counts the messages given up.
    """

    def __init__(self, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept_bytes = 0
        self._open: OrderedDict[_Key, _Open] = OrderedDict()
        self.dropped = 0

    def add(self, header: Header, body: bytes) -> bytes | None:
        """Take one package; returns the whole body when it was the last one missing, else None."""
        key = _key(header)
        message = self._open.setdefault(key, _Open(header.total))
        if header.package not in message.parts:
            message.parts[header.package] = body
            message.kept_bytes += len(body) + _OVERHEAD_BYTES
            self._kept_bytes += len(body) + _OVERHEAD_BYTES
        if len(message.parts) == message.total:
            self._close(key)
            return b"".join(message.parts[number] for number in range(1, message.total + 1))
        while self._kept_bytes > self._max_bytes:
            self._close(next(iter(self._open)))
            self.dropped += 1
        return None

    def missing(self, header: Header) -> list[int]:
        """Package numbers not seen yet of the message this package belongs to; empty if it is not open."""
        message = self._open.get(_key(header))
        if message is None:
            return []
        return [number for number in range(1, message.total + 1) if number not in message.parts]

    def _close(self, key: _Key) -> None:
        self._kept_bytes -= self._open.pop(key).kept_bytes


def first_serial(header: Header) -> int:
    """The serial of package 1 of the message, which 0x8003 asks by."""
    return (header.serial - header.package + 1) & 0xFFFF


def _key(header: Header) -> _Key:
    return header.phone, header.message_id, header.total, first_serial(header)
