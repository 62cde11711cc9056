"""Kinds made of other kinds: a record inside a record, and lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.layout import Json, Kind, Record, Scope
from stream.jt808.reader import Reader, pack

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class Nested(Kind[R], Generic[R]):
    """A record as a field of another."""

    def __init__(self, record: type[R]) -> None:
        self.record = record

    def read(self, reader: Reader, name: str, scope: Scope) -> R:
        reader.enter(name)
        value = self.record.read(reader, scope.edition, scope)
        reader.leave()
        return value

    def write(self, value: R, name: str, scope: Scope) -> bytes:
        return value.encode(scope.edition, scope)

    def show(self, value: R, edition: Edition) -> Json:
        return value.show(edition)

    def parse(self, view: Json, name: str, edition: Edition) -> R:
        return self.record.parse(view, edition, name)

    def meaning(self, value: R, edition: Edition) -> str:
        return ""


class ListOf(Kind[tuple[T, ...]], Generic[T]):
    """A list to the end of the body."""

    def __init__(self, element: Kind[T]) -> None:
        self.element = element

    def read(self, reader: Reader, name: str, scope: Scope) -> tuple[T, ...]:
        found: list[T] = []
        while reader.left:
            found.append(self.read_one(reader, f"{name}[{len(found)}]", scope))
        return tuple(found)

    def read_one(self, reader: Reader, name: str, scope: Scope) -> T:
        """One element, explained."""
        value = self.element.read(reader, name, scope)
        if reader.trace is not None:
            reader.explain(self.element.meaning(value, scope.edition))
        return value

    def write(self, value: Sequence[T], name: str, scope: Scope) -> bytes:
        return b"".join(self.element.write(one, f"{name}[{k}]", scope) for k, one in enumerate(value))

    def show(self, value: Sequence[T], edition: Edition) -> Json:
        return [self.element.show(one, edition) for one in value]

    def parse(self, view: Json, name: str, edition: Edition) -> tuple[T, ...]:
        if not isinstance(view, list | tuple):
            raise EncodeError(f"{name}: a list is wanted, not {view!r}")
        return tuple(self.element.parse(one, f"{name}[{k}]", edition) for k, one in enumerate(view))

    def meaning(self, value: Sequence[T], edition: Edition) -> str:
        return ""


class Counted(ListOf[T]):
    """A list behind the number of its elements.

    omit_empty: nothing at all stands for an empty list. again_2011: bytes in which the edition of 2011 states
    the number once more, the elements in this package.
    """

    def __init__(
        self, count_bytes: int, element: Kind[T], *, omit_empty: bool = False, again_2011: int = 0
    ) -> None:
        super().__init__(element)
        self.count_bytes, self.omit_empty, self.again_2011 = count_bytes, omit_empty, again_2011

    def read(self, reader: Reader, name: str, scope: Scope) -> tuple[T, ...]:
        if self.omit_empty and not reader.left:
            return ()
        count = reader.count(self.count_bytes, f"{name} count")
        if self.again_2011 and scope.edition == "2011":
            count = reader.count(self.again_2011, f"{name} count in this package")
        return tuple(self.read_one(reader, f"{name}[{k}]", scope) for k in range(count))

    def write(self, value: Sequence[T], name: str, scope: Scope) -> bytes:
        if self.omit_empty and not value:
            return b""
        count = pack(len(value), self.count_bytes, f"{name} count")
        if self.again_2011 and scope.edition == "2011":
            count += pack(len(value), self.again_2011, f"{name} count in this package")
        return count + super().write(value, name, scope)
