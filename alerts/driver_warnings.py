"""What a driver is told when an alert begins: one spoken sentence, through JT/T 808 0x8300.

Only what happens now is said: an alert found in reports of an hour ago, uploaded after a dead zone, would
warn of what is over. The texts are Chinese, because they are for drivers, and short, because they are heard
at the wheel; they are in `rules/catalogue.toml`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from alerts.command_store import Order
from alerts.revision import AlertRevision
from rules.catalogue import catalogue

#: An alert is news to its driver for so long after the report that showed it.
NEWS_MS = 60_000
#: A warning that could not be said within this time is not said: the driver may be another by then.
VALID_S = 60
#: A sentence is no longer, whatever a zone or a route is called: half a minute of speech.
MOST_CHARACTERS = 120


def driver_text(rule: str, detail: Mapping[str, object]) -> str | None:
    """The sentence for a rule's alert, None where the driver is not to be told.

    >>> driver_text("speeding", {"limit_kmh": 80.0})
    '您已超速，限速80公里，请减速行驶'
    """
    one = catalogue().get(rule)
    if one is None or not one.driver:
        return None
    try:
        return one.driver.format_map({**detail, **_times(detail)})[:MOST_CHARACTERS]
    except (KeyError, ValueError, TypeError):
        return None  # a sentence with a hole says nothing; the alert itself is at the desk


def _times(detail: Mapping[str, object]) -> dict[str, str]:
    """Limits of time as they are spoken: whole or half hours, and the minutes left, rounded down."""
    limit_s, driving_s = detail.get("limit_s"), detail.get("driving_s")
    if not isinstance(limit_s, int | float):
        return {}
    said = {"limit_hours": f"{limit_s / 3600:.3g}"}
    if isinstance(driving_s, int | float):
        said["left_minutes"] = str(max(0, math.floor((limit_s - driving_s) / 60)))
    return said


def warnings_for(revisions: Sequence[AlertRevision], now_ms: int, within_ms: int = NEWS_MS) -> list[Order]:
    """Orders that tell drivers of alerts that have begun `within_ms`; the same alert gives the same one."""
    orders = []
    for one in revisions:
        text = driver_text(one.rule, one.detail) if is_news(one, now_ms, within_ms) else None
        if text is not None:
            body = {"text": text, "urgent": True, "display": True, "speak": True}
            dedup = f"driver/{one.alert_id}"
            orders.append(Order(one.vehicle_id, "text", body, valid_s=VALID_S, dedup=dedup))
    return orders


def is_news(revision: AlertRevision, now_ms: int, within_ms: int = NEWS_MS) -> bool:
    """Whether a revision begins an alert of this moment, or is the whole of one that has no duration."""
    at_once = revision.kind == "close" and revision.start_ms == revision.found_ms == revision.end_ms
    begins = revision.kind == "open" or at_once
    taken_back = "withdrawn" in revision.detail or "retrospective" in revision.detail
    return begins and not taken_back and abs(now_ms - revision.found_ms) <= within_ms
