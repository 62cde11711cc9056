"""The truth about one declared line: left, driven the wrong way, stopped on outside the stations."""

import numpy as np

from simulators.events import Event
from simulators.limits import STOPPED_SPEED_KMH
from simulators.lines import Line
from simulators.runs_truth import Asks, RunTruth
from simulators.told import Told

TERMINUS_M = 500.0
FORGOTTEN_AFTER_S = 7_200
WRONG_WAY_DEG, WRONG_WAY_KMH = 120.0, 20.0


class LineTruth:
    """One vehicle on one of its lines."""

    def __init__(self, line: Line) -> None:
        self._line = line
        names: dict[str, object] = {"route_id": line.line_id, "route_name": line.name}
        self._off = RunTruth("route_deviation", Asks(min_s=60, points=3), names)
        self._wrong = RunTruth("route_wrong_direction", Asks(min_s=60, broken_by_gap=True), names)
        self._stop = RunTruth("route_stop", Asks(min_s=180), names)
        self._seen_ms: int | None = None  # newest report on the line, while on a trip
        self._left_at_end = False

    def feed(self, told: Told) -> None:
        """The next reports."""
        line = self._line
        off_m, along_m, bearing_deg = line.nearest(told.longitude_deg, told.latitude_deg)
        inside = off_m <= line.width_m
        at_end = (along_m <= TERMINUS_M) | (along_m >= line.length_m - TERMINUS_M)
        turn_deg = np.abs((told.heading_deg - bearing_deg + 180) % 360 - 180)
        if "direction" in line.rules:
            wrong = inside & (told.speed_kmh > WRONG_WAY_KMH) & (turn_deg > WRONG_WAY_DEG)
            self._wrong.feed(told.time_ms, wrong)
        if "stop" in line.rules:
            stands = inside & (told.speed_kmh <= STOPPED_SPEED_KMH) & ~at_end
            at_station = line.at_station(told.longitude_deg, told.latitude_deg)
            self._stop.feed(told.time_ms, stands & ~at_station)
        for row in zip(told.time_ms.tolist(), inside.tolist(), at_end.tolist(), strict=True):
            self._see(*row)

    def _see(self, time_ms: int, inside: bool, at_end: bool) -> None:
        """A vehicle is on its line from the first report there on; who leaves at an end has finished."""
        if inside:
            self._seen_ms, self._left_at_end = time_ms, at_end
        left = self._seen_ms is not None and not inside and not self._left_at_end
        if self._seen_ms is not None and time_ms - self._seen_ms > FORGOTTEN_AFTER_S * 1000:
            self._seen_ms = None
        self._off.see(time_ms, left)

    def _runs(self) -> tuple[RunTruth, ...]:
        return self._off, self._wrong, self._stop

    def take(self) -> list[Event]:
        """What is certain by now, each event once."""
        return [event for run in self._runs() for event in run.take()]

    def finish(self) -> None:
        """The reports end here."""
        for run in self._runs():
            run.finish()
