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

_SHANGHAI = timezone(timedelta(hours=8))
_KEYS = {"vehicles", "kind", "one_way_km", "until", "source"}


@dataclass(frozen=True, slots=True)
class Exemption:
    """Vehicles freed from forbidden hours. `until_ms` is the end of the last day, None for no end."""

    vehicles: tuple[str, ...]
    kind: str
    one_way_km: float | None
    until_ms: int | None
    source: str


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
    vehicles, kind = said.get("vehicles"), said.get("kind")
    if not isinstance(vehicles, list) or not all(isinstance(one, str) and one for one in vehicles):
        raise ValueError("needs vehicles, a list of vehicle ids")
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} must be one of {', '.join(KINDS)}")
    one_way_km = said.get("one_way_km")
    if one_way_km is not None and (isinstance(one_way_km, bool) or not isinstance(one_way_km, int | float)):
        raise ValueError(f"one_way_km must be a number, not {one_way_km!r}")
    if kind == "short_line" and one_way_km is None:
        raise ValueError("kind short_line needs one_way_km")
    return Exemption(
        tuple(vehicles), kind, one_way_km, _until(said.get("until")), str(said.get("source", ""))
    )


def _until(said: Any) -> int | None:
    if said is None:
        return None
    try:
        day = datetime.fromisoformat(str(said))
    except ValueError as error:
        raise ValueError(f"until must be a day such as 2026-12-31, not {said!r}") from error
    end = datetime(day.year, day.month, day.day, tzinfo=_SHANGHAI) + timedelta(days=1)
    return round(end.timestamp() * 1000)
