"""The check of the speed source that a recorder makes once a day (GB/T 19056-2012, 4.4.1.2.8).

The first stretch of a day with GNSS speeds over `speed_source_speed_kmh` that lasts `speed_source_s` is
compared. The source is abnormal where every report of it differs by more than `speed_source_percent`.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from geo.kernel import kernel
from rules.local_time import DAY_MS, OFFSET_MS
from rules.records import NONE, Layout

LAYOUT: Layout = {
    "day": ("i4", -1),  # the newest one that was checked, counted from 1970 in Asia/Shanghai
    "since_ms": ("i8", NONE),  # where the stretch begins
    "last_ms": ("i8", NONE),  # its newest report
    "least": ("f8", 0.0),  # differences in it, %
    "most": ("f8", 0.0),
}

_SHANGHAI = timezone(timedelta(hours=8))


@kernel
def compare(check: Any, e: Any, percent: float, p: Any) -> bool:
    """Take an entry whose speeds differ by so many percent; whether it makes the day's source abnormal."""
    day = (e.time_ms + OFFSET_MS) // DAY_MS
    if check.day == day:
        return False
    if e.gap or check.last_ms == NONE or check.last_ms != e.before_ms:
        check.since_ms, check.least, check.most = e.time_ms, percent, percent
    check.last_ms = e.time_ms
    check.least, check.most = min(check.least, percent), max(check.most, percent)
    if e.time_ms - check.since_ms < p.source_ms:
        return False
    check.day = day
    return bool(check.least > p.source_percent + 1e-9)


def day_text(time_ms: int) -> str:
    """The day of a time.

    >>> day_text(0)
    '1970-01-01'
    """
    return f"{datetime.fromtimestamp(time_ms / 1000, _SHANGHAI):%Y-%m-%d}"
