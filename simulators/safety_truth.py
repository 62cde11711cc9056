"""The truth about alarms of the cameras: which belong together, how grave they are, what makes them worse."""

from dataclasses import dataclass, field

from simulators.events import Event
from simulators.limits import NIGHT_BEGINS_S, NIGHT_ENDS_S, second_of_day

RULES = {
    (0x64, 1): "adas_forward_collision",
    (0x64, 2): "adas_lane_departure",
    (0x64, 3): "adas_headway",
    (0x65, 1): "dsm_fatigue",
    (0x65, 2): "dsm_phone",
    (0x65, 3): "dsm_smoking",
    (0x65, 4): "dsm_distraction",
}
# The standard's graver level is 2, an operator's is 1. Tired eyes are grave at any speed.
LEVELS = {1: 2, 2: 1}
ALWAYS_GRAVE = "dsm_fatigue"
JOIN_MS, LONGEST_MS = 300_000, 1_800_000
TIRED_AFTER_S = 7_200.0
FAST_KMH = 60


@dataclass(frozen=True, slots=True)
class CameraAlarm:
    """What a report tells of one alarm; ``level`` as sent."""

    peripheral: int
    event: int
    level: int
    speed_kmh: int
    identifier: str
    attachments: int

    def fact(self, time_ms: int) -> Event:
        """The alarm by itself."""
        names = ("peripheral", "event", "level", "identifier", "attachments")
        detail: dict[str, object] = {name: getattr(self, name) for name in names}
        return Event("safety_alarm", time_ms, time_ms, time_ms, detail, fact=True)


@dataclass(slots=True)
class _Group:
    """Alarms of one kind that belong together."""

    first_ms: int
    last_ms: int
    level: int
    alarms: int = 0
    attachments: int = 0


@dataclass(slots=True)
class SafetyTruth:
    """Alarms of one kind with pauses of at most 5 min are one, for at most half an hour."""

    events: list[Event] = field(default_factory=list)
    _groups: dict[str, _Group] = field(default_factory=dict)
    _last_ms: int = 0

    def see(self, time_ms: int, alarm: CameraAlarm | None, driven_s: float) -> None:
        """One report; ``driven_s``: how long the driver has been at the wheel."""
        for rule, group in list(self._groups.items()):
            if time_ms - group.last_ms > JOIN_MS:
                self._end(rule, group.last_ms)
        self._last_ms = time_ms
        if alarm is None:
            return
        self.events.append(alarm.fact(time_ms))
        rule = RULES[alarm.peripheral, alarm.event]
        self._add(rule, time_ms, alarm, 1 if rule == ALWAYS_GRAVE else LEVELS[alarm.level])
        worse = _made_worse(rule, time_ms, alarm, driven_s)
        if worse:
            self._add(worse, time_ms, alarm, 1)

    def _add(self, rule: str, time_ms: int, alarm: CameraAlarm, level: int) -> None:
        group = self._groups.get(rule)
        if group is not None and time_ms - group.first_ms > LONGEST_MS:
            self._end(rule, group.last_ms)
            group = None
        group = self._groups[rule] = group or _Group(time_ms, time_ms, level)
        group.last_ms, group.level = time_ms, min(group.level, level)
        group.alarms += 1
        group.attachments += alarm.attachments

    def _end(self, rule: str, end_ms: int | None) -> None:
        group = self._groups.pop(rule)
        told: dict[str, object] = {name: getattr(group, name) for name in ("level", "alarms", "attachments")}
        self.events.append(Event(rule, group.first_ms, group.first_ms, end_ms, told))

    def take(self) -> list[Event]:
        """What is certain by now, each event once."""
        events, self.events = self.events, []
        return events

    def finish(self) -> None:
        """The reports end here; what the last one tells of is still going on."""
        for rule, group in list(self._groups.items()):
            self._end(rule, None if group.last_ms == self._last_ms else group.last_ms)


def _made_worse(rule: str, time_ms: int, alarm: CameraAlarm, driven_s: float) -> str | None:
    """The risk that an alarm becomes together with hours at the wheel, speed, or night."""
    of_day_s = second_of_day(time_ms / 1000)
    if rule == "dsm_fatigue" and driven_s >= TIRED_AFTER_S:
        return "fused_fatigue"
    if rule == "dsm_phone" and alarm.speed_kmh > FAST_KMH:
        return "fused_phone"
    if rule == "adas_headway" and (of_day_s >= NIGHT_BEGINS_S or of_day_s < NIGHT_ENDS_S):
        return "fused_headway"
    return None
