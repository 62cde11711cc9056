"""Exemptions as data: which vehicles a ban does not hold for, why, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from rules.rulebook_faults import Fault, line_of

KINDS = ("short_line", "relay", "airport_or_rail_express", "commuter_charter", "customised_service", "permit")
"""short_line: one way at most `forbidden_hours_exempt_km`, the others by their kind alone
(交运规〔2023〕2号 art 32; relay: 旅客规范 art 38(5))."""

MAX_VEHICLES = 100_000  # of all exemptions of a rulebook; a province has some 10,000 coaches
MAX_ONE_WAY_KM = 10_000  # no line in the country is half as long

_SHANGHAI = timezone(timedelta(hours=8))
_DAY_MS = 86_400_000
_KEYS = {"vehicles", "routes", "kind", "one_way_km", "from", "until", "source"}


@dataclass(frozen=True, slots=True)
class Exemption:
    """Vehicles freed from forbidden hours, and those that declared routes name, by the routes' ids.

    It holds from `from_ms` to before `until_ms`, the end of the last day; None is no bound. A short line
    without `one_way_km` is as long as its route.
    """

    vehicles: tuple[str, ...]
    kind: str
    one_way_km: float | None
    until_ms: int | None
    source: str
    routes: tuple[str, ...] = ()
    from_ms: int | None = None


def read_exemptions(said: Any, text: str, faults: list[Fault]) -> tuple[Exemption, ...]:
    """The `[[exemption]]` tables of a rulebook; what is faulty is added to `faults`."""
    line = line_of(text, "exemption")
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        faults.append(Fault(line, "exemption", "must be tables", "write [[exemption]]"))
        return ()
    made = []
    for number, one in enumerate(said, 1):
        try:
            made.append(_exemption(one))
        except ValueError as error:
            faults.append(Fault(line, f"exemption {number}", str(error)))
    count = sum(len(one.vehicles) for one in made)
    if count > MAX_VEHICLES:
        faults.append(Fault(line, "exemption", f"{count} vehicles are more than {MAX_VEHICLES}"))
    return tuple(made)


def _exemption(said: dict[str, Any]) -> Exemption:
    unknown = sorted(set(said) - _KEYS)
    if unknown:
        raise ValueError(f"has unknown keys {unknown}; it may have {', '.join(sorted(_KEYS))}")
    vehicles, routes, kind = _texts(said, "vehicles"), _texts(said, "routes"), said.get("kind")
    if not vehicles and not routes:
        raise ValueError("needs vehicles, a list of vehicle ids, or routes, a list of route ids")
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} must be one of {', '.join(KINDS)}")
    one_way_km = said.get("one_way_km")
    if one_way_km is not None and (isinstance(one_way_km, bool) or not isinstance(one_way_km, int | float)):
        raise ValueError(f"one_way_km must be a number, not {one_way_km!r}")
    if one_way_km is not None and not 0 < one_way_km < MAX_ONE_WAY_KM:
        raise ValueError(f"one_way_km must be above 0 and under {MAX_ONE_WAY_KM}, not {one_way_km!r}")
    if kind == "short_line" and one_way_km is None and vehicles:
        raise ValueError("kind short_line needs one_way_km")
    from_ms, until_ms = _day(said, "from", 0), _day(said, "until", 1)
    if from_ms is not None and until_ms is not None and from_ms >= until_ms:
        raise ValueError(f"from {said['from']} is after until {said['until']}")
    return Exemption(vehicles, kind, one_way_km, until_ms, str(said.get("source", "")), routes, from_ms)


def _texts(said: dict[str, Any], name: str) -> tuple[str, ...]:
    texts = said.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(one, str) and one for one in texts):
        raise ValueError(f"{name} must be a list of ids, not {texts!r}")
    return tuple(texts)


def _day(said: dict[str, Any], name: str, later_days: int) -> int | None:
    """The beginning of a day, so many days later, in ms since 1970 UTC."""
    if name not in said:
        return None
    try:
        day = datetime.fromisoformat(str(said[name]))
    except ValueError as error:
        raise ValueError(f"{name} must be a day such as 2026-12-31, not {said[name]!r}") from error
    begin = datetime(day.year, day.month, day.day, tzinfo=_SHANGHAI)
    return round(begin.timestamp() * 1000) + later_days * _DAY_MS  # so 9999-12-31, for good, can be written
