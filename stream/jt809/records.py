"""Kinds that hold records: one inside another, and counted lists of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stream.jt808.reader import Reader, pack
from stream.jt809.header import Edition
from stream.jt809.kinds import Kind
from stream.jt809.layout import Record
from stream.protocol_errors import EncodeError


@dataclass(frozen=True, eq=False)
class Inner(Kind):
    """A record that is a field of another."""

    record: type[Record]

    def read(self, reader: Reader, name: str, edition: Edition) -> Record:
        return self.record.read(reader, edition)

    def write(self, value: Record, name: str, edition: Edition) -> bytes:
        return value.pack(edition)

    def show(self, value: Record) -> dict[str, Any]:
        return value.show()

    def parse(self, shown: Any, name: str) -> Record:
        if not isinstance(shown, Mapping):
            raise EncodeError(f"{name}: {shown!r} is no object")
        return self.record.parse(shown)


@dataclass(frozen=True, eq=False)
class Several(Kind):
    """A tuple of values behind their count, an integer of `count_bytes`."""

    kind: Kind
    count_bytes: int

    def read(self, reader: Reader, name: str, edition: Edition) -> tuple[Any, ...]:
        count = int.from_bytes(reader.take(self.count_bytes, f"{name} count"))
        # A count is no promise: the reader ends the loop where the bytes end, the body bounds memory.
        return tuple(
            self.kind.read(reader, f"{name} {number + 1} of {count}", edition) for number in range(count)
        )

    def write(self, value: tuple[Any, ...], name: str, edition: Edition) -> bytes:
        items = [self.kind.write(one, name, edition) for one in value]
        return pack(len(items), self.count_bytes, f"{name} count") + b"".join(items)

    def show(self, value: tuple[Any, ...]) -> list[Any]:
        return [self.kind.show(one) for one in value]

    def parse(self, shown: Any, name: str) -> tuple[Any, ...]:
        if not isinstance(shown, list):
            raise EncodeError(f"{name}: {shown!r} is no list")
        return tuple(self.kind.parse(one, name) for one in shown)
