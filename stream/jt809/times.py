"""Times of JT/T 809: Time_t, 64 bits of seconds since 1970 UTC; real platforms send milliseconds as well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from stream.protocol_errors import EncodeError

GMT8 = timezone(timedelta(hours=8))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Above this a number counts milliseconds: as seconds it would be a day of the year 5138.
MILLISECONDS_ABOVE = 100_000_000_000
_LAST_MS = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)


def from_seconds(value: int) -> datetime | None:
    """A Time_t as a datetime with +08:00; None for 0, which means not set, and beyond the year 9999."""
    ms = value if value > MILLISECONDS_ABOVE else value * 1000
    if not 0 < ms <= _LAST_MS:
        return None
    return (_EPOCH + timedelta(milliseconds=ms)).astimezone(GMT8)


def to_seconds(time: datetime | None, field: str) -> int:
    """Whole seconds since 1970 UTC; None gives 0. Raises `EncodeError` before 1970 and without a zone."""
    if time is None:
        return 0
    if time.tzinfo is None:
        raise EncodeError(f"{field}: {time.isoformat()} has no time zone")
    seconds = (time - _EPOCH) // timedelta(seconds=1)
    if seconds < 0:
        raise EncodeError(f"{field}: {time.isoformat()} is before 1970")
    return seconds
