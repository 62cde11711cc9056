"""The declared lines lie on the roads between their ends, and leave them nowhere but on a detour."""

import numpy as np
import pytest

from simulators.line_ways import first_way, way_on
from simulators.lines import ENDS, WIDTH_M, load_lines
from tests.simulators.fleets import BOOK


@pytest.mark.parametrize("line", load_lines(), ids=lambda line: line.line_id)
def test_lines_follow_their_roads(line):
    first, last = ENDS[line.line_id]
    back = way_on(BOOK, line, last)
    off_m, along_m, bearing_deg = line.nearest(back.longitude_deg, back.latitude_deg)
    assert off_m.max() < 5
    assert (along_m[0], round(along_m[-1])) == (pytest.approx(line.length_m, abs=5), 0)
    assert (back.start, back.goal) == (last, first)
    assert bearing_deg.min() >= 0
    path, offset_m = first_way(BOOK, line)
    assert 0 < offset_m < path.length_m


def test_a_detour_leaves_the_line_once_for_more_than_a_minute():
    line = next(each for each in load_lines() if "stop" in each.rules)
    there = way_on(BOOK, line, ENDS[line.line_id][0])
    along_m = np.arange(0.0, there.length_m, 20.0)
    lon = np.interp(along_m, there.along_m, there.longitude_deg)
    lat = np.interp(along_m, there.along_m, there.latitude_deg)
    off = line.nearest(lon, lat)[0] > WIDTH_M
    edges = np.flatnonzero(np.diff(off.astype(int)))
    assert len(edges) == 2
    assert 3_000 < along_m[edges[1]] - along_m[edges[0]] < 8_000
