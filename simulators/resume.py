"""Where a fleet was when a run ended, so that the next run goes on from there.

Without it every vehicle would be somewhere else after a restart, and who watches would rightly conclude that
it drove all the time in between.
"""

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from simulators.roads import Network
from simulators.routes import Path, RoadBook

FORMAT = 1


class ResumeError(ValueError):
    """A file of places that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """One vehicle at its last acknowledged report; times in seconds since 1970 UTC."""

    time_s: int
    path: Path
    along_m: float
    wheel_since_s: float


def save(file: FilePath, seed: int, network: Network, places: Iterable[tuple[str, Place]]) -> None:
    """Write all places in one go: a reader finds the old file or the new one, never half of it."""
    rows = {
        vehicle_id: [
            place.time_s,
            place.path.start,
            place.path.goal,
            place.path.steps,
            round(place.along_m, 1),
            round(place.wheel_since_s),
        ]
        for vehicle_id, place in places
    }
    document = {"format": FORMAT, "seed": seed, "network": _fingerprint(network), "places": rows}
    draft = file.with_name(file.name + ".new")
    draft.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    os.replace(draft, file)


def load(file: FilePath, seed: int, book: RoadBook) -> Mapping[str, Place]:
    """Read places; none if the file does not exist or is of another fleet or network.

    Raises
    ------
    ResumeError
        The file is no such file.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["format"] != FORMAT or document["seed"] != seed:
            return {}
        if document["network"] != _fingerprint(book.network):
            return {}
        return {vehicle_id: _place(row, book) for vehicle_id, row in document["places"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ResumeError(
            f"{file} holds no places of a fleet ({error}); delete it to start afresh"
        ) from error


def _place(row: list, book: RoadBook) -> Place:  # type: ignore[type-arg]
    time_s, start, goal, steps, along_m, wheel_since_s = row
    path = book.along(tuple((int(index), bool(forward)) for index, forward in steps), start, goal)
    return Place(int(time_s), path, min(max(0.0, float(along_m)), path.length_m), float(wheel_since_s))


def _fingerprint(network: Network) -> int:
    """Changes whenever the roads do: places are told by their numbers."""
    return zlib.crc32(repr([(road.road_id, round(road.length_m)) for road in network.roads]).encode())
