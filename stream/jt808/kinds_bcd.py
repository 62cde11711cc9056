"""Kinds of fields in BCD: digits, moments, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stream.jt808.bcd import GMT8, decode_time, encode_digits, encode_time
from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.layout import Json, Kind, Scope
from stream.jt808.oddities import Oddity
from stream.jt808.reader import Reader
from stream.jt808.view_values import point_in_time

_TIME_BYTES = 6


class Digits(Kind[str]):
    """BCD[n] as its digits; hex nibbles are kept."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, reader: Reader, name: str, scope: Scope) -> str:
        return reader.take(self.size, name).hex()

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        try:
            return encode_digits(value, self.size)
        except EncodeError as error:
            raise EncodeError(f"{name}: {error}") from None

    def parse(self, view: Json, name: str, edition: Edition) -> str:
        if isinstance(view, int) and not isinstance(view, bool):
            return str(view)
        if not isinstance(view, str):
            raise EncodeError(f"{name}: {view!r} is not made of digits")
        return view


class Moment(Digits):
    """BCD[6] YYMMDDhhmmss as 12 digits, where zeros mean something: any time, or every day.

    A view may also give "hh:mm:ss" (every day) or a time in ISO 8601 (GMT+8 unless it says otherwise).
    """

    def __init__(self) -> None:
        super().__init__(_TIME_BYTES)

    def parse(self, view: Json, name: str, edition: Edition) -> str:
        if isinstance(view, str) and ":" in view:
            if len(view) in (5, 8) and "-" not in view:
                return ("000000" + view.replace(":", "")).ljust(12, "0")
            return encode_time(point_in_time(view, name)).hex()
        return super().parse(view, name, edition)


class Time(Kind[datetime | None]):
    """BCD[6] in GMT+8 (`utc`: in UTC); None for what is no time."""

    may_be_none = True

    def __init__(self, *, utc: bool = False) -> None:
        self.utc = utc

    def read(self, reader: Reader, name: str, scope: Scope) -> datetime | None:
        time = decode_time(reader.take(_TIME_BYTES, name))
        if time is None:
            reader.note(Oddity.UNKNOWN_TIME)
        return time.replace(tzinfo=UTC) if self.utc and time else time

    def write(self, value: datetime | None, name: str, scope: Scope) -> bytes:
        shifted = value.astimezone(UTC) - timedelta(hours=8) if self.utc and value else value
        return encode_time(shifted)

    def show(self, value: datetime | None, edition: Edition) -> Json:
        return value.isoformat() if value else None

    def parse(self, view: Json, name: str, edition: Edition) -> datetime | None:
        if view is None:
            return None
        return point_in_time(view, name, UTC if self.utc else GMT8)

    def meaning(self, value: datetime | None, edition: Edition) -> str:
        return value.isoformat() if value else "no time that exists"
