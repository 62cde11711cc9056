"""Putting sub-packages together (JT/T 808-2013, 4.4.3 and table 3). Sans-IO, bounded by bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from stream.jt808.header import Header

# Together with the unfinished frame of a `FrameSplitter` this stays under 16 KiB a connection: eleven full
# packages, a long 0x0704. Media want more and borrow it from a `Pool`.
MAX_KEPT_BYTES = 12 * 1024

# Pictures have 100-500 KB, the longest clips some MB; a total of 65,535 packages would be 64 MB.
MAX_MESSAGE_BYTES = 4 * 1024 * 1024

# Kept for each package whatever its length, so that empty packages are not free.
_OVERHEAD_BYTES = 64

_Key = tuple[str, int, int, int]


@dataclass(slots=True)
class Pool:
    """Memory that the big messages of many connections share. Mutable.

    Who comes when it is used up is refused, whoever it is; nobody who has begun loses what is here. A message
    is bounded by `MAX_MESSAGE_BYTES` and by its age, so no terminal keeps the others out for long.
    """

    limit_bytes: int
    used_bytes: int = 0

    def take(self, size: int) -> bool:
        """Lend `size` bytes; False when that would be more than there are."""
        if self.used_bytes + size > self.limit_bytes:
            return False
        self.used_bytes += size
        return True

    def give(self, size: int) -> None:
        """Return what was lent."""
        self.used_bytes -= size


@dataclass(slots=True)
class Open:
    """A message some of whose packages are here. Times are of the caller's clock."""

    message_id: int
    first_serial: int
    total: int
    begun_s: float
    heard_s: float
    kept_bytes: int = 0
    lent_bytes: int = 0
    asked: int = 0
    asked_in_all: int = 0
    due_s: float = 0.0
    unanswered: list[int] = field(default_factory=list)
    parts: dict[int, bytes] = field(default_factory=dict)

    def missing(self) -> list[int]:
        """Package numbers not seen yet, in order."""
        return [number for number in range(1, self.total + 1) if number not in self.parts]


class Assembler:
    """Collects the packages of messages, of one terminal or of many.

    A message is known by terminal, message id, total and the serial its first package has. What goes beyond
    `max_bytes` is borrowed from `pool`; without a pool the oldest message is given up. With more than
    `max_open` messages the oldest is given up. `dropped` counts the messages given up.
    """

    __slots__ = ("_kept_bytes", "_max_bytes", "_max_open", "_open", "_pool", "dropped")

    def __init__(
        self, max_bytes: int = MAX_KEPT_BYTES, pool: Pool | None = None, max_open: int | None = None
    ) -> None:
        self._max_bytes = max_bytes
        self._max_open = max_open
        self._pool = pool
        self._kept_bytes = 0
        self._open: OrderedDict[_Key, Open] = OrderedDict()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Open]:
        return iter(list(self._open.values()))

    def add(self, header: Header, body: bytes, now_s: float = 0.0) -> bytes | None:
        """Take one package; returns the whole body when it was the last one missing, else None."""
        key = _key(header)
        message = self._open.get(key)
        if message is None:
            message = Open(header.message_id, key[3], header.total, now_s, now_s)
            self._open[key] = message
        if header.package not in message.parts:
            message.parts[header.package] = body
            message.kept_bytes += len(body) + _OVERHEAD_BYTES
            self._kept_bytes += len(body) + _OVERHEAD_BYTES
            message.heard_s = now_s
        if len(message.parts) == message.total:
            self._close(key)
            return b"".join(message.parts[number] for number in range(1, message.total + 1))
        self._bound(key, message)
        return None

    def find(self, header: Header) -> Open | None:
        """The unfinished message this package belongs to."""
        return self._open.get(_key(header))

    def missing(self, header: Header) -> list[int]:
        """Package numbers not seen yet of the message this package belongs to; empty if it is not open."""
        message = self.find(header)
        return [] if message is None else message.missing()

    def drop(self, message: Open) -> None:
        """Give one message up."""
        for key, one in self._open.items():
            if one is message:
                self._give_up(key)
                return

    def clear(self) -> None:
        """Give all up, as at the end of a connection."""
        for key in list(self._open):
            self._give_up(key)

    def _bound(self, key: _Key, message: Open) -> None:
        if self._max_open is not None and len(self._open) > self._max_open:
            self._give_up(next(iter(self._open)))
        while self._kept_bytes - self._lent_bytes() > self._max_bytes:
            if self._pool is None:
                self._give_up(next(iter(self._open)))
            elif not self._borrow(message):
                self._give_up(key)
                return

    def _borrow(self, message: Open) -> bool:
        """Move a message's bytes onto the pool's account."""
        assert self._pool is not None
        size = message.kept_bytes - message.lent_bytes
        if message.kept_bytes > MAX_MESSAGE_BYTES or not size or not self._pool.take(size):
            return False
        message.lent_bytes += size
        return True

    def _lent_bytes(self) -> int:
        return sum(message.lent_bytes for message in self._open.values())

    def _give_up(self, key: _Key) -> None:
        self._close(key)
        self.dropped += 1

    def _close(self, key: _Key) -> None:
        message = self._open.pop(key)
        self._kept_bytes -= message.kept_bytes
        if self._pool is not None:
            self._pool.give(message.lent_bytes)


def first_serial(header: Header) -> int:
    """The serial of package 1 of the message, which 0x8003 asks by."""
    return (header.serial - header.package + 1) & 0xFFFF


def _key(header: Header) -> _Key:
    return header.phone, header.message_id, header.total, first_serial(header)
