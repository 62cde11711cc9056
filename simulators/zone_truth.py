"""The truth about one zone: who entered, left, stayed too long or must not be there."""

from dataclasses import dataclass, field

from simulators.events import Event
from simulators.limits import second_of_day
from simulators.zones import Zone


@dataclass(slots=True)
class _Stay:
    """Reports inside a zone in a row."""

    first_ms: int
    last_ms: int
    found_ms: int | None = None


@dataclass(slots=True)
class ZoneTruth:
    """In, out, too long, forbidden in one zone. Stays end with the last report inside."""

    zone: Zone
    events: list[Event] = field(default_factory=list)
    _inside: bool | None = None
    _forbidden: _Stay | None = None
    _stay: _Stay | None = None

    def see(self, time_ms: int, inside: bool) -> None:
        rules = self.zone.rules
        if self._inside is not None and inside != self._inside:
            kind = "enter" if inside else "exit"
            if kind in rules:
                self._note(f"zone_{kind}", _Stay(time_ms, time_ms, time_ms), time_ms)
        if "forbidden" in rules:
            here = inside and self._in_hours(time_ms)
            self._forbidden = self._watch("zone_forbidden", self._forbidden, time_ms, here, 0.0)
        if "stay" in rules:
            over_ms = self.zone.max_stay_s * 1000 + 1  # longer than, not as long as
            self._stay = self._watch("zone_stay", self._stay, time_ms, inside, over_ms)
        self._inside = inside

    def _watch(
        self, rule: str, stay: _Stay | None, time_ms: int, here: bool, found_ms: float
    ) -> _Stay | None:
        """Follow one kind of presence; note it when it ends and was long enough to be found."""
        if here:
            stay = stay or _Stay(time_ms, time_ms)
            stay.last_ms = time_ms
            if stay.found_ms is None and time_ms - stay.first_ms >= found_ms:
                stay.found_ms = time_ms
            return stay
        if stay and stay.found_ms is not None:
            self._note(rule, stay, stay.last_ms)
        return None

    def _in_hours(self, time_ms: int) -> bool:
        if self.zone.hours is None:
            return True
        begin, end = self.zone.hours
        minute = second_of_day(time_ms / 1000) / 60
        return begin <= minute < end if begin < end else minute >= begin or minute < end

    def _note(self, rule: str, stay: _Stay, end_ms: int | None) -> None:
        assert stay.found_ms is not None
        self.events.append(Event(rule, stay.first_ms, stay.found_ms, end_ms, names_of(self.zone)))

    def take(self) -> list[Event]:
        """What is certain by now, each event once."""
        events, self.events = self.events, []
        return events

    def finish(self) -> None:
        """The reports end here; a vehicle that is still in the zone stays an open case."""
        for rule, stay in (("zone_forbidden", self._forbidden), ("zone_stay", self._stay)):
            if stay and stay.found_ms is not None:
                self._note(rule, stay, None)


def names_of(zone: Zone) -> dict[str, object]:
    """The fields by which an event names its zone."""
    return {"zone_id": zone.zone_id, "zone_name": zone.name}
