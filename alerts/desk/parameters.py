"""Query parameters that need more than a type."""

from __future__ import annotations

import re
from datetime import datetime

from alerts.desk.errors import invalid
from alerts.times import SHANGHAI, to_datetime

_LOST_PLUS = re.compile(r"(T\d\d:\d\d.*) (\d\d:?\d\d)$")

MAX_SEQ = 2**63 - 1

EARLIEST = datetime(1990, 1, 1, tzinfo=SHANGHAI)
LATEST = datetime(9000, 1, 1, tzinfo=SHANGHAI)
"""No report lies outside; times beyond are moved here, where every calculation with them still works."""


def parse_time(name: str, text: str) -> datetime:
    """An ISO 8601 time; without an offset it is Asia/Shanghai. Raises ``ApiError`` (422).

    A `+` that was not escaped in the address arrives as a space and is understood.
    """
    try:
        time = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text.strip()))
        time = time.replace(tzinfo=SHANGHAI) if time.tzinfo is None else time
        return min(max(time, EARLIEST), LATEST).astimezone(SHANGHAI)
    except ValueError:
        raise invalid(
            name,
            f"{text!r} is not an ISO 8601 time such as 2026-11-22T15:00:00+08:00",
            f"“{text}”不是 ISO 8601 时间，例如 2026-11-22T15:00:00+08:00",
        ) from None


def parse_cursor(name: str, text: str | None) -> int | None:
    """A cursor of alert changes; None when absent or empty. Raises ``ApiError`` (422)."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text) <= MAX_SEQ:
        return int(text)
    raise invalid(
        name, f"{text[:40]!r} is not a cursor this API has given out", f"“{text[:40]}”不是本接口给出的游标"
    )


def parse_place(name: str, text: str) -> tuple[datetime, int]:
    """A place among rows by time, `<milliseconds>.<number>`: `next` of a page. Raises ``ApiError`` (422)."""
    time_ms, _, number = text.partition(".")
    try:
        place = to_datetime(int(time_ms)), int(number)
        if -(2**63) <= place[1] < 2**63:
            return place
    except (ValueError, OverflowError):
        pass
    raise invalid(name, f"{text[:40]!r} is not a `next` of this API", f"“{text[:40]}”不是本接口给出的 next")


def parse_bbox(text: str) -> tuple[float, float, float, float]:
    """``minlon,minlat,maxlon,maxlat`` in degrees. Raises ``ApiError`` (422)."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = south = east = north = float("nan")
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise invalid(
            "bbox",
            f"{text[:80]!r} is not minlon,minlat,maxlon,maxlat in degrees",
            f"“{text[:80]}”不是 minlon,minlat,maxlon,maxlat（度）",
        )
    return west, south, east, north
