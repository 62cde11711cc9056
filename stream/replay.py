"""`haulwatch replay`: the worker's engine over recorded tracks, one JSON object an alert episode."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np
from numpy.typing import NDArray

from alerts.registry_rows import RegistryFileError, read_registry
from geo.road_table import RoadError
from geo.zones import ZoneError
from rules.change import Disposition, EpisodeChange
from rules.distress import Distress, pressing
from rules.engine import Engine
from rules.ledger import Ledger
from rules.reports import Reports, digest
from rules.rulebook import RulebookError, default_rulebook, load_rulebook
from rules.silence import Silence
from rules.vehicle_class import class_code
from stream.errors import EXIT_USAGE
from stream.finding_lines import line_of, place_of
from stream.map_files import load_map
from stream.raw_alarms import RawAlarms
from stream.track_rows import Known, TrackFileError, Tracks, read_tracks

DEFAULT_BLOCK_SIZE = 20_000
MAX_TOLD_LINES = 1000  # broken lines told one by one; the rest is only counted

_SET_ASIDE = {
    "time_too_early": "time before 2000",
    "time_ahead": "time beyond 2099",
    "longitude": "longitude beyond 180 degrees",
    "latitude": "latitude beyond 90 degrees, as when longitude and latitude are exchanged",
    "speed": "speed that no vehicle has",
}


def run(
    path: str | Path,
    *,
    rulebook: str | Path | None = None,
    zones: str | Path | None = None,
    roads: str | Path | None = None,
    registry: str | Path | None = None,
    block_size: int = DEFAULT_BLOCK_SIZE,
    until_ms: int | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Replay a CSV file ("-" is standard input) and print its episodes, in order of start, vehicle and rule.

    With `until_ms` it also tells which vehicles are silent at that time; without it nothing that is told of
    one vehicle hangs on how long others have reported.

    Returns 0 when the file could be read, however many of its rows were broken (each is told on stderr), and
    2 when a file is missing or is not what it should be.
    """
    stdout, stderr = stdout or sys.stdout, stderr or sys.stderr

    def tell(line: str) -> None:
        print(line, file=stderr)

    try:
        book = load_rulebook(rulebook) if rulebook else default_rulebook()
        engine = Engine(book, load_map(zones, roads, tell))
        known = _registry(Path(registry), stderr) if registry else {}
        with _opened(path) as file:
            tracks = read_tracks(iter(file), known)
    except (TrackFileError, RulebookError, ZoneError, RoadError, RegistryFileError) as error:
        blamed = _blamed(error, path, registry, zones)
        print(f"haulwatch replay: {blamed}{error}", file=stderr)
        return EXIT_USAGE
    except OSError as error:
        print(f"haulwatch replay: {error.filename or path}: {error.strerror or error}", file=stderr)
        return EXIT_USAGE
    for line in tracks.notes:
        tell(f"{path}: {line}")
    _tell_broken(path, tracks.broken, stderr)
    episodes, fates = _replay(engine, tracks.reports, max(1, block_size), until_ms)
    _print(episodes, tracks.vehicle_ids, stdout)
    _summarise(path, tracks, fates, engine, stderr)
    return 0


def _blamed(error: Exception, path: str | Path, registry: str | Path | None, zones: str | Path | None) -> str:
    """The file at fault, where the error itself does not name it."""
    if isinstance(error, ZoneError):
        return "" if str(zones) in str(error) else f"zones {zones}: "
    if isinstance(error, RulebookError | RoadError):
        return ""
    return f"{registry if isinstance(error, RegistryFileError) else path}: "


@contextmanager
def _opened(path: str | Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
    else:
        with open(path, "rb") as file:
            yield file


def _registry(path: Path, stderr: TextIO) -> dict[str, Known]:
    rows = read_registry(path.read_bytes())
    for line in rows.notes:
        print(f"{path}: {line}", file=stderr)
    _tell_broken(path, rows.broken, stderr)
    return {
        vehicle.vehicle_id: Known(class_code(vehicle.vehicle_class), vehicle.driver_id)
        for vehicle in rows.vehicles.values()
    }


def _replay(
    engine: Engine, reports: Reports, block_size: int, until_ms: int | None
) -> tuple[list[EpisodeChange], Counter[int]]:
    """The final state of every episode, and how many reports had which disposition."""
    order = _in_time(reports)
    told = Ledger()
    fates: Counter[int] = Counter()
    distress, raw = Distress(), RawAlarms()
    for start in range(0, len(order), block_size):
        block = reports.take(order[start : start + block_size])
        fixes = engine.fixes(pressing(block))
        outcome = engine.process(block)
        fates.update(outcome.disposition.tolist())
        told.note(outcome.changes)
        told.note(distress.tell(block, outcome.disposition, fixes, engine.rulebook))
        raw.add(outcome.alarms)
    told.note(engine.open_changes())
    if until_ms is not None:
        told.note(Silence().tell(engine, until_ms))
    return [raw.explained(change) for change in told.changes(engine.wording)], fates


def _in_time(reports: Reports) -> NDArray[np.int64]:
    """The order of evaluation, shape (n,), of reports in the order of their file.

    By time over all vehicles, since a driver may change over to another one; of equal times by vehicle, so
    that the file's order of vehicles does not matter. Of one vehicle and time in the order of the file, but
    copies next to what they are copies of: so the engine sees them however many others stand between.
    """
    marks = digest(reports)
    alike = np.lexsort((marks, reports.vehicle_key, reports.time_ms))
    original = np.ones(len(alike), bool)
    original[1:] = False
    for column in (marks, reports.vehicle_key, reports.time_ms):
        original[1:] |= np.diff(column[alike]) != 0
    first = np.empty_like(alike)
    first[alike] = alike[np.maximum.accumulate(np.where(original, np.arange(len(alike)), 0))]
    return np.lexsort((first, reports.vehicle_key, reports.time_ms))


def _print(episodes: list[EpisodeChange], vehicle_ids: Mapping[int, str], stdout: TextIO) -> None:
    for episode in sorted(episodes, key=lambda one: place_of(one, vehicle_ids[one.vehicle_key])):
        stdout.write(line_of(episode, vehicle_ids[episode.vehicle_key]) + "\n")


def _tell_broken(path: str | Path, broken: Mapping[int, str], stderr: TextIO) -> None:
    for told, (number, reason) in enumerate(broken.items()):
        if told == MAX_TOLD_LINES:
            print(f"{path}: {len(broken) - told} more broken lines", file=stderr)
            return
        print(f"{path}:{number}: {reason}; the row is left out", file=stderr)


def _summarise(path: str | Path, tracks: Tracks, fates: Counter[int], engine: Engine, stderr: TextIO) -> None:
    """One line for everything that did not count, or none when everything did."""
    parts = []
    if tracks.broken:
        parts.append(f"{len(tracks.broken)} broken")
    if fates[Disposition.DUPLICATE]:
        parts.append(f"{fates[Disposition.DUPLICATE]} exact duplicates dropped")
    if fates[Disposition.IMPOSSIBLE]:
        reasons = ", ".join(f"{_SET_ASIDE[reason]}: {count}" for reason, count in engine.refused.items())
        parts.append(f"{fates[Disposition.IMPOSSIBLE]} impossible set aside ({reasons})")
    if parts:
        print(f"{path}: of {tracks.rows} rows {', '.join(parts)}", file=stderr)
    if engine.zones_ignored:
        print(f"{path}: {engine.zones_ignored} zones ignored where too many overlap", file=stderr)
