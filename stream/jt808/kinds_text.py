"""Kinds of fields that are text: of fixed size, behind their length, to the end."""

from __future__ import annotations

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.layout import Json, Kind, Scope, Size, size_in
from stream.jt808.oddities import Oddity
from stream.jt808.reader import Reader, pack
from stream.jt808.text import decode_text, encode_fixed_text, encode_text, is_utf8


class Text(Kind[str]):
    """GBK text without its padding. `FixedText`, `CountedText` and `REST_TEXT` say where it ends."""

    def parse(self, view: Json, name: str, edition: Edition) -> str:
        if not isinstance(view, str):
            raise EncodeError(f"{name}: {view!r} is no text")
        return view

    def decode(self, data: bytes, reader: Reader) -> str:
        """The text of some bytes; UTF-8 is noted."""
        if is_utf8(data):
            reader.note(Oddity.UTF8_TEXT)
        return decode_text(data)


class FixedText(Text):
    """A text field of fixed size, padded with zeros."""

    def __init__(self, size: Size) -> None:
        self.size = size

    def read(self, reader: Reader, name: str, scope: Scope) -> str:
        return self.decode(reader.take(size_in(self.size, scope), name), reader)

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        return encode_fixed_text(value, size_in(self.size, scope), name)


class CountedText(Text):
    """A text behind its length."""

    def __init__(self, count_bytes: int = 1) -> None:
        self.count_bytes = count_bytes

    def read(self, reader: Reader, name: str, scope: Scope) -> str:
        return self.decode(reader.take(reader.count(self.count_bytes, f"{name} length"), name), reader)

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        data = encode_text(value, name)
        return pack(len(data), self.count_bytes, f"{name} length") + data


class RestText(Text):
    """A text that ends with the body."""

    def read(self, reader: Reader, name: str, scope: Scope) -> str:
        return self.decode(reader.rest(name), reader)

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        return encode_text(value, name)
