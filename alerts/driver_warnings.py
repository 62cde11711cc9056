"""What a driver is told when an alert begins: one spoken sentence, through JT/T 808 0x8300.

Only what happens now is said: an alert found in reports of an hour ago, uploaded after a dead zone, would
warn of what is over. The texts are Chinese, because they are for drivers, and short, because they are heard
at the wheel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerts.command_store import Order
from alerts.revision import AlertRevision

#: An alert is news to its driver for so long after the report that showed it.
NEWS_MS = 60_000
#: A warning that could not be said within this time is not said: the driver may be another by then.
VALID_S = 60

_TEXTS: Mapping[str, str] = {
    "speeding": "您已超速，限速{limit_kmh:.0f}公里，请减速行驶",
    "zone_speed": "您在{zone_name}内超速，限速{limit_kmh:.0f}公里，请减速行驶",
    "continuous_driving": "您已连续驾驶超过四小时，请尽快停车休息二十分钟",
    "zone_forbidden": "您已驶入禁行区域{zone_name}，请尽快驶离",
    "forbidden_hours": "现在是禁行时段{forbidden_hours}，请尽快停车休息",
    "forbidden_hours_pre": "禁行时段{forbidden_hours}将至，请提前安排停车休息",
    "route_deviation": "您已偏离线路{route_name}，请尽快返回",
    "zone_stay": "您在{zone_name}内停留超时，请尽快驶离",
}


def driver_text(rule: str, detail: Mapping[str, object]) -> str | None:
    """The sentence for a rule's alert, None where the driver is not to be told.

    >>> driver_text("speeding", {"limit_kmh": 80.0})
    '您已超速，限速80公里，请减速行驶'
    """
    template = _TEXTS.get(rule)
    return template.format_map(detail) if template else None


def warnings_for(revisions: Sequence[AlertRevision], now_ms: int) -> list[Order]:
    """Orders that tell drivers of alerts that have just begun; the same alert gives the same one."""
    orders = []
    for one in revisions:
        text = driver_text(one.rule, one.detail) if is_news(one, now_ms) else None
        if text is not None:
            body = {"text": text, "urgent": True, "display": True, "speak": True}
            dedup = f"driver/{one.alert_id}"
            orders.append(Order(one.vehicle_id, "text", body, valid_s=VALID_S, dedup=dedup))
    return orders


def is_news(revision: AlertRevision, now_ms: int) -> bool:
    """Whether a revision begins an alert of this moment that a driver is told of."""
    begins = revision.kind == "open" and revision.rule in _TEXTS
    return begins and abs(now_ms - revision.found_ms) <= NEWS_MS
