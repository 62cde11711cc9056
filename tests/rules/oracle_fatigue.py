"""Fatigue once more: slow, plain, an interval at a time, written from the text of the semantics.

Hours belong to drivers, so this takes the reports of all vehicles at once. Sums are added up afresh from all
that was ever driven.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from tests.rules.oracle import Episode, Report, Terms, in_order, metres

DAY = 86_400_000
SHANGHAI = 8 * 3_600_000
SIX = 6 * 3_600_000
NIGHT_LENGTH = 8 * 3_600_000


@dataclass
class Going:
    """An episode that goes on."""

    rule: str
    vehicle: int
    start: int
    found: int
    bridged: bool
    limit: float
    most: float


@dataclass
class Person:
    vehicle: int | None = None
    last: int | None = None
    clock: int | None = None
    stop: int | None = None
    rested: int = -(10**18)
    pieces: list[tuple[int, int, bool]] = field(default_factory=list)  # driven, and whether in a coach
    gaps: list[tuple[int, int]] = field(default_factory=list)
    going: dict[str, Going] = field(default_factory=dict)
    dawned: Going | None = None
    nameless: bool = False


class Fatigue:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.people: dict[Any, Person] = {}
        self.seats: dict[int, Any] = {}
        self.episodes: dict[tuple[int, str, int], Episode] = {}

    def run(self, fleet: dict[int, list[Report]]) -> list[Episode]:
        events = []
        for vehicle, reports in fleet.items():
            place = None
            before: tuple[Report, Any] | None = None
            for number, report in enumerate(in_order(reports)):
                place = (report.longitude, report.latitude) if report.fix else place
                events.append((report.time_ms, vehicle, number, report, place, before))
                before = (report, place)
        for _, vehicle, _, report, place, before in sorted(events, key=lambda one: one[:3]):
            self.report(vehicle, report, place, before)
        for person in self.people.values():
            for going in person.going.values():
                self.tell(person, going, None)
        return list(self.episodes.values())

    def report(self, vehicle: int, now: Report, place: Any, before: tuple[Report, Any] | None) -> None:
        name = self.who(vehicle, now)
        person = self.people[name]
        gap, driving = False, False
        if before is not None:
            gap, driving = self.judge(before, now, place)
        if person.vehicle not in (None, vehicle):
            drives = person.clock is not None and person.stop is None
            if before is None or (before[0].time_ms < person.last and (drives or not driving)):
                return
            self.close_all(person, person.last)
        person.vehicle = vehicle
        if before is None:
            person.last = max(now.time_ms, person.last or now.time_ms)
            return
        t0, t1 = before[0].time_ms, now.time_ms
        if person.last is not None:
            if t1 < person.last or (t1 == person.last and t0 < t1):
                return
            if t0 > person.last:
                self.away(person, person.last, t0)
            t0 = max(t0, person.last)
        self.interval(person, now, t0, t1, driving, gap)
        person.last = t1

    def who(self, vehicle: int, now: Report) -> Any:
        seat = self.seats.get(vehicle)
        nameless = ("vehicle", vehicle)
        if now.driver:
            name: Any = now.driver
        elif seat is not None and self.people[seat].vehicle == vehicle:
            name = seat
        else:
            name = nameless
        person = self.people.setdefault(name, Person())
        if name != seat:
            if seat is not None:
                old = self.people[seat]
                if old.nameless and now.driver and person.vehicle is None:
                    person.__dict__.update(copy.deepcopy(old.__dict__))
                    self.people[seat] = Person()
                elif old.vehicle == vehicle:
                    self.close_all(old, old.last)
            self.seats[vehicle] = name
            person.nameless = not now.driver
        return name

    def judge(self, before: tuple[Report, Any], now: Report, place: Any) -> tuple[bool, bool]:
        terms = self.terms
        gap = now.time_ms - before[0].time_ms > terms.gap_s * 1000
        if not gap:
            return False, before[0].speed > terms.stopped_kmh or now.speed > terms.stopped_kmh
        if before[1] is None or place is None:
            return True, True
        way = metres(Report(0, *before[1], 0), Report(0, *place, 0))
        return True, way >= terms.rest_m

    def away(self, person: Person, since: int, until: int) -> None:
        if until - since > self.terms.gap_s * 1000:
            person.gaps.append((since, until))
        self.stand(person, since, until)

    def interval(self, person: Person, now: Report, t0: int, t1: int, driving: bool, gap: bool) -> None:
        terms = self.terms
        coach = now.vehicle_class in terms.coaches
        if gap:
            person.gaps.append((t0, t1))
            for going in person.going.values():
                going.bridged = True
        if driving:
            if person.clock is None:
                person.clock = t0
            person.stop = None
            person.pieces.append((t0, t1, coach))
            bridged = self.gap_since(person, person.clock)
            self.compare(
                person, now, "continuous_driving", t1 - person.clock, terms.drive_s, person.clock, bridged
            )
        else:
            self.stand(person, t0, t1)
        if coach:
            self.night(person, now, t1, driving)
        self.calendar_day(person, now, t1, driving)
        if coach:
            self.window(person, now, t1, driving, "driving_24h", terms.short_s, terms.short_window_s)
            self.window(person, now, t1, driving, "driving_7d", terms.long_s, terms.long_window_s)

    def stand(self, person: Person, t0: int, t1: int) -> None:
        person.stop = t0 if person.stop is None else person.stop
        if t1 - person.stop < self.terms.rest_s * 1000:
            return
        person.clock = None
        person.rested = person.stop
        for rule in ("continuous_driving", "night_driving"):
            self.close(person, rule, person.stop)
            self.close(person, rule + "_pre", person.stop)
        if person.dawned is not None:
            self.tell(person, person.dawned, person.stop)
            person.dawned = None

    def gap_since(self, person: Person, since: int) -> bool:
        return any(end > since for _, end in person.gaps)

    def night(self, person: Person, now: Report, t1: int, driving: bool) -> None:
        six = (t1 - 1 + SHANGHAI - SIX) // DAY * DAY + SIX - SHANGHAI
        if driving:
            person.dawned = None
        for rule in ("night_driving", "night_driving_pre"):
            going = person.going.get(rule)
            if going is not None and going.start < six:
                ended = six
                while ended - DAY > going.start:
                    ended -= DAY
                if not driving and (person.stop or ended) < ended:
                    person.dawned = going
                self.close(person, rule, ended)
        if not driving:
            return
        evening = six + DAY - NIGHT_LENGTH
        pieces = [
            (max(b, evening), e)
            for b, e, coach in person.pieces
            if coach and e > max(b, evening) and e > person.rested
        ]
        if not pieces:
            return
        driven = sum(e - b for b, e in pieces)
        start = pieces[0][0]
        bridged = self.gap_since(person, start)
        self.compare(person, now, "night_driving", driven, self.terms.night_s, start, bridged)

    def calendar_day(self, person: Person, now: Report, t1: int, driving: bool) -> None:
        midnight = (t1 - 1 + SHANGHAI) // DAY * DAY - SHANGHAI
        for rule in ("driving_day", "driving_day_pre"):
            if rule in person.going and person.going[rule].start <= midnight:
                start = person.going[rule].start
                own_end = (start - 1 + SHANGHAI) // DAY * DAY + DAY - SHANGHAI
                self.close(person, rule, own_end)
        if driving:
            driven = sum(max(0, e - max(b, midnight)) for b, e, _ in person.pieces)
            bridged = self.gap_since(person, midnight)
            self.compare(person, now, "driving_day", driven, self.terms.day_s, t1, bridged)

    def window(
        self, person: Person, now: Report, t1: int, driving: bool, rule: str, limit_s: float, length_s: float
    ) -> None:
        edge = t1 - length_s * 1000
        driven = sum(max(0, e - max(b, edge)) for b, e, coach in person.pieces if coach)
        if driving:
            self.compare(person, now, rule, driven, limit_s, t1, self.gap_since(person, edge))
        if driven <= limit_s * 1000:
            self.close(person, rule, t1)
        if driven < (limit_s - self.terms.pre_s) * 1000:
            self.close(person, rule + "_pre", t1)

    def compare(
        self, person: Person, now: Report, rule: str, driven: float, limit_s: float, start: int, bridged: bool
    ) -> None:
        early = rule + "_pre"
        limit = limit_s * 1000
        if driven > limit:
            self.close(person, early, now.time_ms)
            self.note(person, now, rule, driven, limit, start, bridged)
        elif rule in person.going:
            person.going[rule].most = max(person.going[rule].most, driven)
        elif driven >= limit - self.terms.pre_s * 1000 or early in person.going:
            self.note(person, now, early, driven, limit, start, bridged)

    def note(
        self, person: Person, now: Report, rule: str, driven: float, limit: float, start: int, bridged: bool
    ) -> None:
        if rule in person.going:
            person.going[rule].most = max(person.going[rule].most, driven)
            return
        assert person.vehicle is not None
        # Who comes back before a rest goes on with what was found there.
        before = self.episodes.get((person.vehicle, rule, start))
        found = now.time_ms if before is None else int(before["found"])
        person.going[rule] = Going(rule, person.vehicle, start, found, bridged, limit, driven)

    def close_all(self, person: Person, end: int | None) -> None:
        person.dawned = None
        for rule in list(person.going):
            self.close(person, rule, end)

    def close(self, person: Person, rule: str, end: int | None) -> None:
        going = person.going.pop(rule, None)
        if going is not None:
            self.tell(person, going, end)

    def tell(self, person: Person, going: Going, end: int | None) -> None:
        driven = going.most
        if going.rule.startswith("continuous_driving"):
            until = end
            if until is None:
                until = person.stop if person.stop is not None else person.last
            driven = until - going.start
        self.episodes[going.vehicle, going.rule, going.start] = {
            "vehicle": going.vehicle,
            "rule": going.rule,
            "start": going.start,
            "found": going.found,
            "end": end,
            "evidence": "bridged" if going.bridged else "complete",
            "driving_s": driven / 1000,
            "limit_s": going.limit / 1000,
        }
