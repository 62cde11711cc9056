"""Milliseconds since 1970 UTC, datetimes and ISO 8601 text, one in terms of the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The operators' time; China has had no other offset and no daylight saving since 1991."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_datetime(time_ms: int) -> datetime:
    """An aware UTC datetime, exact to the millisecond."""
    return _EPOCH + time_ms * _MILLISECOND


def to_ms(time: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware datetime, rounded down."""
    return (time - _EPOCH) // _MILLISECOND


def iso_text(time: datetime | int) -> str:
    """ISO 8601 with +08:00; milliseconds only where there are any."""
    if not isinstance(time, datetime):
        time = to_datetime(time)
    local = time.astimezone(SHANGHAI)
    return local.isoformat(timespec="milliseconds" if local.microsecond >= 1000 else "seconds")


def now_ms() -> int:
    """The wall clock, for what happens here and now; never for event time."""
    return to_ms(datetime.now(UTC))
