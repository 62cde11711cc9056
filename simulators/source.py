"""The reports of one vehicle, numbered from 0 on a grid of times; made in chunks, kept until acknowledged.

The grid has a hole where the vehicle is silent, and an end where its driver leaves it.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from simulators.cards import CardEvent
from simulators.driver import Driver
from simulators.events import Event
from simulators.faults import Faults
from simulators.motion import Samples
from simulators.plan import VehiclePlan
from simulators.reliefs import HANDS_OVER, Relief
from simulators.reports import bodies
from simulators.resume import Place
from simulators.routes import RoadBook
from simulators.safety import Cameras, describe
from simulators.truth import VehicleTruth

# Reports made at once: enough to make numpy worth while, few enough for ten thousand vehicles in memory.
CHUNK = 32


@dataclass(frozen=True, slots=True)
class _Chunk:
    first: int
    samples: Samples
    bodies: list[bytes]
    alarms: dict[int, bytes]

    @property
    def end(self) -> int:
        return self.first + len(self.bodies)


class Source:
    """What one terminal has to report, and the truth of what was acknowledged of it."""

    __slots__ = (
        *(
            "_cameras",
            "_chunks",
            "_driver",
            "_faults",
            "_interval_s",
            "_silent_from",
            "_told_below",
            "_truth",
        ),
        *("cards", "end", "plan"),
    )

    def __init__(
        self,
        plan: VehiclePlan,
        interval_s: int,
        book: RoadBook,
        *,
        with_truth: bool,
        cameras: Cameras | None = None,
    ) -> None:
        self.plan = plan
        self._cameras = cameras
        self._interval_s = interval_s
        self._driver = Driver(plan, interval_s, book)
        self._chunks: deque[_Chunk] = deque()  # bounded by what is unanswered: the session's window
        self._truth = VehicleTruth(plan.vehicle, book.zones) if with_truth else None
        self._told_below = 0
        self._faults = Faults(plan.role, plan.first_event_s, interval_s)
        self._silent_from = max(1, round((plan.first_event_s - plan.begin_s) // interval_s))
        self.end: int | None = None
        self.cards: list[CardEvent] = []
        if plan.relief is not None:
            self._relieve(plan.relief)

    def _relieve(self, relief: Relief) -> None:
        """Cards are put in before the first report; the last one of a vehicle that is left is the end."""
        self.cards.append(CardEvent(0, self.plan.begin_s, relief.driver))
        if self.plan.role == HANDS_OVER:
            self.end = (relief.at_s - self.plan.begin_s) // self._interval_s + 1
            self.cards.append(CardEvent(self.end, relief.at_s + 1, ""))

    def time_s(self, number: int) -> int:
        """When a report is taken, in device time."""
        silence_s = self.plan.silence_s if number >= self._silent_from else 0
        return self.plan.begin_s + number * self._interval_s + silence_s

    def due(self, device_s: float) -> int:
        """How many reports have been taken by a device time."""
        taken = self._on_grid(device_s)
        if self.plan.silence_s and taken > self._silent_from:
            taken = max(self._silent_from, self._on_grid(device_s - self.plan.silence_s))
        return taken if self.end is None else min(taken, self.end)

    def _on_grid(self, device_s: float) -> int:
        return max(0, int((device_s - self.plan.begin_s) // self._interval_s) + 1)

    @property
    def stored(self) -> int:
        """How many of the first reports were taken in a dead zone before the start."""
        return (self.plan.stored_until_s - self.plan.begin_s) // self._interval_s

    def reports(self, first: int, count: int) -> list[bytes]:
        """Bodies of reports; none that `settle` has let go of."""
        while not self._chunks or self._chunks[-1].end < first + count:
            self._make_chunk()
        found: list[bytes] = []
        for chunk in self._chunks:
            low, high = max(first, chunk.first), min(first + count, chunk.end)
            if low < high:
                found += chunk.bodies[low - chunk.first : high - chunk.first]
        return found

    def sample(self, number: int) -> tuple[int, float, float, float]:
        """Time (ms), longitude and latitude (degrees) and speed (km/h) of a report, as it was sent."""
        chunk = next(each for each in self._chunks if each.first <= number < each.end)
        row, samples = number - chunk.first, chunk.samples
        return (
            int(samples.time_ms[row]),
            int(samples.longitude_udeg[row]) / 1e6,
            int(samples.latitude_udeg[row]) / 1e6,
            int(samples.speed_dkmh[row]) / 10,
        )

    def settle(self, below: int) -> list[Event]:
        """All reports before this number are acknowledged: let go of them; return what they make certain."""
        settled = False
        while self._chunks and self._chunks[0].end <= below:
            chunk = self._chunks.popleft()
            settled = True
            self._tell(chunk, below)
            if not self._chunks:
                self._make_chunk(chunk.end)
        if settled:
            self._driver.track.forget_before(self.time_s(self._chunks[0].first - 1))
        return self._truth.take() if settled and self._truth else []

    def place(self, number: int) -> Place:
        """Where the vehicle was at a report: the last one settled, or any later one made."""
        time_s = self.time_s(number)
        path, along_m = self._driver.track.place(time_s)
        return Place(time_s, path, along_m, min(self._driver.wheel_since_s, time_s))

    def hand_over(self, other: "Source", below: int) -> list[Event]:
        """All reports before this number are acknowledged and the driver leaves for another vehicle.

        Returns what that makes certain.
        """
        events = self.settle(below)
        if self._truth is None or other._truth is None:
            return []
        if self._chunks:
            self._tell(self._chunks[0], below)
        self._truth.hand_over(other._truth)
        return events + self._truth.take()

    def finish(self, below: int) -> list[Event]:
        """The end: the truth of all reports before this number, open events included."""
        events = self.settle(below)
        if self._truth is None:
            return []
        if self._chunks:
            self._tell(self._chunks[0], below)
        return events + self._truth.finish()

    def _tell(self, chunk: _Chunk, below: int) -> None:
        """Let the truth see the reports of a chunk before a number, each once."""
        first, end = max(chunk.first, self._told_below), min(chunk.end, below)
        if self._truth is None or first >= end:
            return
        low, high = first - chunk.first, end - chunk.first
        alarms = {row - low: describe(item) for row, item in chunk.alarms.items() if low <= row < high}
        self._truth.feed(chunk.samples.part(low, high), alarms)
        self._told_below = end

    def _make_chunk(self, first: int | None = None) -> None:
        if first is None:
            first = self._chunks[-1].end if self._chunks else 0
        numbers = np.arange(first, first + CHUNK, dtype=np.int64)
        times_s = self.plan.begin_s + self._interval_s * numbers
        times_s += self.plan.silence_s * (numbers >= self._silent_from)
        self._driver.drive_until(float(times_s[-1]))
        samples = self._faults.over(self._driver.track.sample(times_s * 1000))
        reports = bodies(samples, self.plan.vehicle.edition)
        alarms = self._cameras.alarms(samples, first) if self._cameras else {}
        for row, item in alarms.items():
            reports[row] += item
        self._chunks.append(_Chunk(first, samples, reports, alarms))
