"""What becomes of active-safety alarms, judged over a whole track at once; shares nothing with `rules`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JOIN_S, CAP_S = 300, 1800
PHONE_KMH, NIGHT = 60, (22, 6)

KINDS = {
    (0x64, 1): "adas_forward_collision",
    (0x64, 3): "adas_headway",
    (0x64, 4): "adas_pedestrian",
    (0x64, 9): "adas_other",
    (0x65, 1): "dsm_fatigue",
    (0x65, 2): "dsm_phone",
    (0x66, 0): "tpms",
    (0x67, 2): "bsd",
}
LEAST = {"adas_pedestrian": 1, "dsm_fatigue": 1}
TYRE_LEVEL = [0, 2, 2, 2, 3, 2, 2, 3] + [3] * 8
START, END = 1, 2


@dataclass(frozen=True)
class Alarm:
    """One alarm of one report."""

    peripheral: int
    event: int
    level: int
    speed: int
    identifier: bytes
    flag: int = 0
    degree: int = 0
    files: int = 0
    tyre_bits: int = 0
    tyres: int = 0


@dataclass(frozen=True)
class Told:
    """One report with its alarms."""

    time_s: int
    alarms: tuple[Alarm, ...] = ()


def level_of(kind: str, alarm: Alarm) -> int:
    """1 gravest to 3."""
    if kind == "tpms":
        return min(TYRE_LEVEL[bit] for bit in range(1, 16) if alarm.tyre_bits >> bit & 1)
    sent = alarm.level
    if sent not in (1, 2):
        sent = 0
        if alarm.peripheral in (0x64, 0x65):
            sent = 2 if alarm.speed > 50 else 1
    ours = {0: 3, 1: 2, 2: 1}[sent]
    return min(ours, LEAST.get(kind, 3))


def judge(track: list[Told]) -> list[dict[str, Any]]:
    """Every episode, the reports of one vehicle in order of time."""
    groups: dict[str, list[list[tuple[int, Alarm]]]] = {}
    for at, report in enumerate(track):
        for alarm in report.alarms:
            kind = KINDS.get((alarm.peripheral, alarm.event))
            if kind == "tpms" and alarm.tyre_bits in (0, 1):
                kind = None
            for rule in [kind, fused(kind, alarm, report)] if kind else []:
                if rule is not None:
                    add(track, groups.setdefault(rule, []), at, alarm)
    found = [episode(track, rule, group) for rule, together in groups.items() for group in together]
    return sorted(found, key=lambda one: (one["start"], one["rule"]))


def fused(kind: str | None, alarm: Alarm, report: Told) -> str | None:
    hour = (report.time_s + 8 * 3600) % 86_400 / 3600
    if kind == "dsm_phone" and (alarm.speed or 60) > PHONE_KMH:
        return "fused_phone"
    if kind == "adas_headway" and (hour >= NIGHT[0] or hour < NIGHT[1]):
        return "fused_headway"
    return None


def add(track: list[Told], together: list[list[tuple[int, Alarm]]], at: int, alarm: Alarm) -> None:
    now_s = track[at].time_s
    if together:
        first_s, last_s = track[together[-1][0][0]].time_s, track[together[-1][-1][0]].time_s
        awaited = alarm.flag == END and has_begun(together[-1])
        if (awaited or now_s - last_s <= JOIN_S) and now_s - first_s <= CAP_S:
            together[-1].append((at, alarm))
            return
    together.append([(at, alarm)])


def has_begun(group: list[tuple[int, Alarm]]) -> bool:
    """Whether a beginning was told whose end was not."""
    flags = [alarm.flag for _, alarm in group if alarm.flag in (START, END)]
    return bool(flags) and flags[-1] == START


def episode(track: list[Told], rule: str, group: list[tuple[int, Alarm]]) -> dict[str, Any]:
    start_s, last = track[group[0][0]].time_s, group[-1][0]
    names: list[bytes] = []
    count = files = 0
    for _, alarm in group:
        name = alarm.identifier[:14]
        named = any(alarm.identifier)
        if not named or name not in names[-4:]:
            count += 1
            files += alarm.files
            names += [name] if named else []
    level = 1 if rule.startswith("fused") else min(level_of(rule, alarm) for _, alarm in group)
    end = None if last == len(track) - 1 else track[last].time_s
    said = {"rule": rule, "start": start_s, "end": end, "level": level, "alarms": count, "attachments": files}
    if rule == "dsm_fatigue":
        said["max_degree"] = max(min(alarm.degree, 10) for _, alarm in group)
    if rule == "tpms":
        said["tyres"] = sorted({n for _, alarm in group for n in range(32) if alarm.tyres >> n & 1})
    return said
