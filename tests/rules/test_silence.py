"""Silence while it lasts: told by the time of the others, the same in the end for any cut."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.zones import ZoneSet
from rules import conditions, silence
from rules.change import EpisodeChange
from rules.engine import Engine
from rules.records import NONE
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.silence import Silence
from rules.timely import Timely
from tests.properties import PROPERTY
from tests.rules.tracks import MIDNIGHT_S

BOOK = default_rulebook()
MAP = ZoneSet()
RULES = ("silent_driving", "offline_24h")
LATE_S = 600

Track = list[tuple[int, float]]
"""Seconds and speeds of one vehicle's reports."""


def reports_of(tracks: dict[int, Track]) -> Reports:
    rows = [(key, second, speed) for key, track in tracks.items() for second, speed in track]
    rows.sort(key=lambda row: (row[1], row[0]))
    count = len(rows)
    return Reports.build(
        vehicle_key=np.array([key for key, _, _ in rows], np.int64),
        time_ms=np.array([(MIDNIGHT_S + second) * 1000 for _, second, _ in rows], np.int64),
        longitude_deg=118.0 + np.arange(count) * 1e-4,
        latitude_deg=np.full(count, 32.0),
        speed_kmh=np.array([speed for _, _, speed in rows], float),
    )


def silences(track: Track, newest_s: int) -> list[tuple[str, int, int, int | None]]:
    """The oracle: rule, start, found and end of the silences of one vehicle; the last may last on."""
    found = []
    for (second, speed), (after, _) in itertools.pairwise([*track, (newest_s, 0.0)]):
        end = after if (after, 0.0) != (newest_s, 0.0) or track[-1][0] == after else None
        if after - second >= 1800 and speed > 20:
            found.append(("silent_driving", second, second + 1800, end))
        if after - second > 86_400:
            found.append(("offline_24h", second, second + 86_400, end))
    return sorted(found)


def final(changes: list[EpisodeChange], key: int) -> list[tuple[str, int, int, int | None]]:
    last = {one.alert_id: one for one in changes if one.vehicle_key == key and one.rule in RULES}
    return sorted(
        (
            one.rule,
            one.start_ms // 1000 - MIDNIGHT_S,
            one.found_ms // 1000 - MIDNIGHT_S,
            None if one.end_ms is None else one.end_ms // 1000 - MIDNIGHT_S,
        )
        for one in last.values()
        if one.kind != "withdraw"
    )


_STEPS = st.sampled_from([1, 30, 1799, 1800, 1801, 7200, 86_400, 86_401, 100_000])
_TRACK = st.lists(st.tuples(_STEPS, st.sampled_from([0.0, 20.0, 20.1, 60.0])), min_size=1, max_size=8)


def track_of(steps: Any) -> Track:
    seconds = itertools.accumulate(step for step, _ in steps)
    return [(second, speed) for second, (_, speed) in zip(seconds, steps, strict=True)]


FLEETS = st.lists(_TRACK, min_size=1, max_size=4).map(
    lambda every: {7 + number: track_of(steps) for number, steps in enumerate(every)}
)


def heard_since(tracks: dict[int, Track]) -> int:
    """The oracle of the clock: where the newest stretch of reports without a break of five minutes begins."""
    seconds = sorted(second for track in tracks.values() for second, _ in track)
    breaks = [later for before, later in itertools.pairwise(seconds) if later - before > 300]
    return breaks[-1] if breaks else seconds[0]


@PROPERTY
@given(FLEETS, st.lists(st.integers(0, 32), max_size=6), st.booleans())
def test_in_the_end_as_the_oracle_says(tracks: dict[int, Track], cuts: list[int], asks: bool) -> None:
    stream = reports_of(tracks)
    engine, listener = Engine(BOOK, MAP, (conditions.FAMILY,)), Silence()
    changes: list[EpisodeChange] = []
    for begin, end in itertools.pairwise([0, *sorted({min(c, len(stream)) for c in cuts}), len(stream)]):
        part = stream.take(slice(begin, end))
        made = engine.process(part).changes
        listener.heed(made)
        listener.note(engine, part, np.ones(len(part), bool))
        changes += made
        if asks or end == len(stream):
            changes += listener.tell(engine, int(stream.time_ms[:end].max(initial=NONE)))
    newest_s = max(track[-1][0] for track in tracks.values())
    for key, track in tracks.items():
        assert final(changes, key) == silences(track, newest_s)


@PROPERTY
@given(FLEETS, st.lists(st.integers(0, 32), max_size=6))
def test_a_worker_tells_them_ten_minutes_later(tracks: dict[int, Track], cuts: list[int]) -> None:
    stream = reports_of(tracks)
    engine = Timely.new(BOOK, MAP)
    changes: list[EpisodeChange] = []
    for begin, end in itertools.pairwise([0, *sorted({min(c, len(stream)) for c in cuts}), len(stream)]):
        changes += engine.process(stream.take(slice(begin, end))).changes
        changes += engine.silences()
    newest_s = max(track[-1][0] for track in tracks.values())
    since_s = heard_since(tracks)
    for key, track in tracks.items():
        ended = [one for one in silences(track, newest_s) if one[3] is not None]
        lasting = [one for one in silences(track, newest_s - LATE_S) if one[1] == track[-1][0]]
        # It has lasted long enough since the others have been heard, of a day longer than that.
        heard_s = newest_s - LATE_S - since_s
        lasting = [one for one in lasting if heard_s >= one[2] - one[1] + (one[0] == "offline_24h")]
        assert final(changes, key) == sorted(ended + lasting)


HEARD = [(second, 0.0) for second in range(0, 2401, 300)]


class TestWorker:
    def told(self, engine: Timely, **tracks: Track) -> list[tuple[str, str, int | None]]:
        """Rule, kind and end of what reports of vehicles a and b cause."""
        stream = reports_of({ord(name): track for name, track in tracks.items()})
        changes = [*engine.process(stream).changes, *engine.late_changes(), *engine.silences()]
        return [
            (one.rule, one.kind, None if one.end_ms is None else one.end_ms // 1000 - MIDNIGHT_S)
            for one in changes
            if one.rule in RULES
        ]

    def test_it_opens_while_the_vehicle_is_silent_and_closes_with_its_return(self) -> None:
        engine = Timely.new(BOOK, MAP)
        assert self.told(engine, a=[(0, 60)], b=[*HEARD[:-1], (2399, 0)]) == []
        assert self.told(engine, b=[(2400, 0)]) == [("silent_driving", "open", None)]
        assert self.told(engine, b=[(2500, 0)]) == []
        assert self.told(engine, a=[(3000, 0)]) == [("silent_driving", "close", 3000)]

    def test_reports_from_a_dead_zone_take_it_back(self) -> None:
        engine = Timely.new(BOOK, MAP)
        assert self.told(engine, a=[(0, 60)], b=HEARD) == [("silent_driving", "open", None)]
        stored = [(second, 60.0) for second in range(30, 2400, 30)]
        assert self.told(engine, a=stored) == [("silent_driving", "withdraw", None)]
        assert self.told(engine, b=[(2500, 0)]) == []

    def test_who_goes_on_from_a_snapshot_does_not_tell_it_again(self) -> None:
        engine = Timely.new(BOOK, MAP)
        assert self.told(engine, a=[(0, 60)], b=HEARD) == [("silent_driving", "open", None)]
        engine = Timely.restore(BOOK, MAP, engine.snapshot())
        assert self.told(engine, b=[(2500, 0)]) == []
        stored = [(second, 60.0) for second in range(30, 2500, 30)]
        assert self.told(engine, a=stored) == [("silent_driving", "withdraw", None)]

    def test_late_reports_of_others_do_not_tell_it_again(self) -> None:
        engine = Timely.new(BOOK, MAP)
        assert self.told(engine, a=[(0, 60)], b=HEARD) == [("silent_driving", "open", None)]
        assert self.told(engine, b=[(2300, 0)]) == []
        assert self.told(engine, a=[(3000, 0)]) == [("silent_driving", "close", 3000)]

    def test_an_outage_makes_no_alert_of_who_comes_back_second(self) -> None:
        engine = Timely.new(BOOK, MAP)
        assert self.told(engine, a=[(0, 60)], b=[(0, 60)]) == []
        assert self.told(engine, b=[(7200, 0)]) == [("silent_driving", "close", 7200)]
        assert self.told(engine, b=[(second, 0.0) for second in range(7300, 9600, 100)]) == []
        assert self.told(engine, b=[(9600, 0)]) == [("silent_driving", "open", None)]

    def test_what_a_dead_zone_kept_says_nothing_of_others(self) -> None:
        engine = Timely.new(BOOK, MAP)
        assert self.told(engine, a=[(0, 60)]) == []
        stored = reports_of({ord("b"): [(second, 0.0) for second in range(0, 7200, 100)]})
        stored = replace(stored, received_ms=np.full(len(stored), (MIDNIGHT_S + 7400) * 1000))
        engine.process(stored)
        assert engine.silences() == []

    def test_a_whole_partition_that_is_silent_makes_no_alerts(self) -> None:
        engine = Timely.new(BOOK, MAP)
        assert self.told(engine, a=[(0, 60)], b=[(5, 60)]) == []
        assert engine.silences() == []


class LooksAlways(Silence):
    """Looks through all vehicles whenever it is asked."""

    def tell(self, engine: Any, until_ms: int, heard_since_ms: int = NONE) -> list[EpisodeChange]:
        self._looked = None, NONE
        return super().tell(engine, until_ms, heard_since_ms)


@PROPERTY
@given(FLEETS, st.randoms(use_true_random=False), st.lists(st.integers(0, 32), max_size=8))
def test_what_is_told_is_what_looking_at_every_round_tells(tracks: Any, random: Any, cuts: list[int]) -> None:
    stream = reports_of(tracks)
    moved = sorted(range(len(stream)), key=lambda at: at + random.choice([0, 0, 0, 6]))
    stream = stream.take(np.array(moved))
    engines = Timely.new(BOOK, MAP), Timely.new(BOOK, MAP)
    engines[1]._silence = LooksAlways()
    for begin, end in itertools.pairwise([0, *sorted({min(c, len(stream)) for c in cuts}), len(stream)]):
        part = stream.take(slice(begin, end))
        told = [
            [*engine.process(part).changes, *engine.late_changes(), *engine.silences()] for engine in engines
        ]
        assert told[0] == told[1]


def test_vehicles_are_not_all_looked_through_at_every_round(monkeypatch: Any) -> None:
    looked = []
    find = silence.find
    monkeypatch.setattr(silence, "find", lambda *asked: (looked.append(asked[2]), find(*asked))[1])
    engine = Timely.new(BOOK, MAP)
    for second in range(0, 7200, 30):
        # One reports all the time, one parks, one falls silent as it drives.
        parks, falls_silent = [(second, 0.0)][second // 900 :], [(second, 60.0)][second // 1800 :]
        engine.process(reports_of({7: [(second, 0.0)], 8: parks, 9: falls_silent}))
        told = engine.silences()
        assert [one.vehicle_key for one in told] == [9] * (second == 1770 + 1800 + LATE_S)
    assert len(looked) < 8
