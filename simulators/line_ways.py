"""How a vehicle follows its declared line: there with a detour or a stop on the way, and back."""

from dataclasses import replace

from simulators.detours import with_detour
from simulators.lines import ENDS, Line
from simulators.routes import Path, RoadBook

DETOUR_M, DETOUR_BEGINS_AT = 3_000.0, 0.55
# How far before what is to be seen a vehicle begins its first trip, and where it stops outside the stations.
FIRST_M, STOPS_AT = 600.0, 0.3
# Waits there: this and some minutes (`simulators.driver`).
OUTSTAYS_S = 60.0


def first_way(book: RoadBook, line: Line) -> tuple[Path, float]:
    """The first trip, and where on it the vehicle is at the start; on a line of one direction the other."""
    first, last = ENDS[line.line_id]
    if "direction" in line.rules:
        path = _way(book, last, first)
        return path, path.length_m * 0.2
    path = way_on(book, line, first)
    return path, path.length_m * DETOUR_BEGINS_AT - FIRST_M


def way_on(book: RoadBook, line: Line, here: str) -> Path:
    """The next trip from one of the line's ends."""
    first, last = ENDS[line.line_id]
    if here != first:
        path = _way(book, last, first)
        return replace(path, halt=(path.length_m * STOPS_AT, OUTSTAYS_S))
    path = _way(book, first, last)
    return with_detour(path, path.length_m * DETOUR_BEGINS_AT, DETOUR_M) if "stop" in line.rules else path


def _way(book: RoadBook, start: str, goal: str) -> Path:
    path = book.path(start, goal, "national")
    assert path is not None, "a line lies on a road"
    return path
