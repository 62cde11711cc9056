"""Kinds of fields that are bytes: a fixed number, behind their number, to the end."""

from __future__ import annotations

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.layout import Json, Kind, Scope, Size, size_in
from stream.jt808.reader import Reader, pack
from stream.jt808.view_values import hex_bytes


class Data(Kind[bytes]):
    """Bytes that are not interpreted; hex in JSON."""

    def show(self, value: bytes, edition: Edition) -> Json:
        return value.hex()

    def parse(self, view: Json, name: str, edition: Edition) -> bytes:
        return hex_bytes(view, name)

    def meaning(self, value: bytes, edition: Edition) -> str:
        return f"{len(value)} bytes"


class FixedData(Data):
    """A fixed number of bytes."""

    def __init__(self, size: Size) -> None:
        self.size = size

    def read(self, reader: Reader, name: str, scope: Scope) -> bytes:
        return reader.take(size_in(self.size, scope), name)

    def write(self, value: bytes, name: str, scope: Scope) -> bytes:
        if len(value) != size_in(self.size, scope):
            raise EncodeError(f"{name}: {len(value)} bytes, the field has {size_in(self.size, scope)}")
        return value


class CountedData(Data):
    """Bytes behind their number."""

    def __init__(self, count_bytes: int) -> None:
        self.count_bytes = count_bytes

    def read(self, reader: Reader, name: str, scope: Scope) -> bytes:
        return reader.take(reader.count(self.count_bytes, f"{name} length"), name)

    def write(self, value: bytes, name: str, scope: Scope) -> bytes:
        return pack(len(value), self.count_bytes, f"{name} length") + value


class RestData(Data):
    """All bytes to the end of the body."""

    def read(self, reader: Reader, name: str, scope: Scope) -> bytes:
        return reader.rest(name)

    def write(self, value: bytes, name: str, scope: Scope) -> bytes:
        return value
