"""Options of ``haulwatch simulate``: what they are, what they may be, and what they default to."""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from simulators import platform_options
from simulators.clock import DeviceClock
from simulators.limits import CHINA_OFFSET_S
from stream.jt808.header import EDITIONS, Edition

EDITION_CHOICES = ("mixed", *EDITIONS)
# Rests and speeding episodes must span several reports, and silence of 300 s counts as a gap.
LONGEST_INTERVAL_S = 120
# Asked to run faster but not from when: the last six hours.
HISTORY_WITH_SPEEDUP_H = 6.0


@dataclass(frozen=True, slots=True)
class Options:
    """One run of the simulator, checked."""

    host: str = "127.0.0.1"
    port: int = 8808
    vehicles: int = 300
    seed: int = 1
    interval: int = 10
    speedup: float = 1.0
    history: float | None = None
    begin: float | None = None
    duration: float | None = None
    edition: str = "mixed"
    alarms: float = 0.5
    truth: Path | None = None
    ledger: Path | None = None
    state: Path | None = None
    registry: Path | None = None
    write_registry: Path | None = None
    progress: float = 5.0
    answer_timeout: float = 10.0

    @property
    def chosen_edition(self) -> Edition | None:
        """The edition of every terminal; None for a mixture."""
        return next((each for each in EDITIONS if each == self.edition), None)

    def device_clock(self, now_s: float) -> DeviceClock:
        """The clock of the terminals in a run that starts now."""
        return DeviceClock(
            now_s, now_s - self.begin if self.begin is not None else self.history_s, self.speedup
        )

    @property
    def history_s(self) -> float:
        """How far back the device clocks start where no moment is given."""
        if self.history is not None:
            return self.history * 3600
        return HISTORY_WITH_SPEEDUP_H * 3600 if self.speedup > 1 else 0.0


def from_namespace(namespace: object) -> Options:
    """Pick the options out of an argparse namespace (or any object); what it lacks keeps its default."""
    given = {each.name: getattr(namespace, each.name, None) for each in fields(Options)}
    return Options(**{name: value for name, value in given.items() if value is not None})


def add_arguments(parser: argparse.ArgumentParser, defaults: object = None) -> None:
    """Add the simulator's options to a parser; ``defaults`` may carry other defaults as attributes."""
    base = Options()

    def option(flag: str, kind: Callable[[str], object], text: str, metavar: str) -> None:
        name = flag.lstrip("-").replace("-", "_")
        default = getattr(defaults, name, None)
        shown = getattr(base, name) if default is None else default
        note = "" if shown is None else f" (default: {shown})"
        parser.add_argument(flag, type=kind, default=shown, metavar=metavar, help=text + note)

    option("--host", str, "address of the JT/T 808 server", "HOST")
    option("--port", _whole(1, 65_535), "its TCP port", "PORT")
    option("--vehicles", _whole(1, 1_000_000), "how many vehicles, each with its own terminal", "N")
    option("--seed", _whole(0, 2**63 - 1), "the same seed gives the same fleet, roads and events", "N")
    option("--interval", _whole(1, LONGEST_INTERVAL_S), "seconds between two reports of a vehicle", "S")
    option(
        "--speedup", _number(0.01, 10_000), "how fast the device clocks run until they reach the present", "X"
    )
    option(
        "--history",
        _number(0, 24 * 366),
        f"hours before now at which device clocks start; {HISTORY_WITH_SPEEDUP_H:g} with a speedup, else 0",
        "HOURS",
    )
    option("--begin", _moment, "when device clocks start, ISO 8601 (without an offset: +08:00)", "TIME")
    option("--duration", _number(0, 1e9), "seconds to run; without it, until interrupted", "S")
    option("--alarms", _number(0, 60), "ADAS and DSM alarms with files, a vehicle and hour at speed", "N")
    option("--truth", Path, "write what really happened: one JSON object a line, complete at the end", "FILE")
    option("--ledger", Path, "write each acknowledged report: JSON lines, or CSV if the name ends so", "FILE")
    option("--state", Path, "keep here where the vehicles are, and go on from there next time", "FILE")
    option("--registry", Path, "write the fleet as a registry CSV first", "FILE")
    option("--write-registry", Path, "only write the registry CSV, connect to nothing", "FILE")
    option("--progress", _number(0, 1e9), "seconds between two lines of progress; 0: none", "S")
    option("--answer-timeout", _number(0.1, 3600), "seconds until an unanswered message is sent again", "S")
    edition = getattr(defaults, "edition", None) or base.edition
    parser.add_argument(
        "--edition",
        choices=EDITION_CHOICES,
        default=edition,
        help=f"JT/T 808 edition of the terminals (default: {edition}); of a platform: 2011, or 2019",
    )
    platform_options.add_arguments(parser)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        return int(_bounded(value, low, high))

    return parse


def _moment(text: str) -> float:
    """Seconds since 1970 UTC of a moment in the past, on a whole second."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 2026-03-01T20:30") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone(timedelta(seconds=CHINA_OFFSET_S)))
    if moment > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text!r} is in the future; terminals' clocks never are")
    return math.floor(moment.timestamp())


def _number(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        return _bounded(value, low, high)

    return parse


def _bounded(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{value:g} is not between {low:g} and {high:g}")
    return value
