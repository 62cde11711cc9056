"""Times of the command line."""

from __future__ import annotations

from datetime import datetime

from alerts.times import SHANGHAI, now_ms, to_ms
from stream.errors import OperatorError

_FIRST_YEAR, _END_YEAR = 2000, 2100  # JT/T 808 writes a year with two digits


def parse_span(begin: str, end: str | None) -> tuple[int, int]:
    """The first and last millisecond of a span; without an end it goes up to now.

    Raises
    ------
    OperatorError
        A time is none, or the end does not come after the beginning.
    """
    from_ms = parse_time("--from", begin)
    end_ms = now_ms() if end is None else parse_time("--to", end)
    if end_ms <= from_ms:
        raise OperatorError(f"--to {end or 'now'} does not come after --from {begin}")
    return from_ms, end_ms - 1


def parse_time(option: str, text: str) -> int:
    """Milliseconds since 1970 UTC of a time given to an option; without an offset it is Shanghai's.

    Raises
    ------
    OperatorError
        The text is no time that reports can have.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(
            f"{option} {text}: not a time; write 2026-11-22 or 2026-11-22T08:00:00+08:00"
        ) from None
    if not _FIRST_YEAR <= moment.year < _END_YEAR:
        raise OperatorError(f"{option} {text}: reports have times from {_FIRST_YEAR} to {_END_YEAR - 1}")
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI))
