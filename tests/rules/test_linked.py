"""Which reports have to be looked at together, and which come out of turn though they are not late."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.linked import linked
from rules.timely import Timely
from tests.properties import PROPERTY
from tests.rules.oracle import Report
from tests.rules.test_timely import ZONE_SET
from tests.rules.tracks import SHORT_BOOK, to_reports

BEGIN_MS = 1_780_000_000_000


@PROPERTY
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=25))
def test_groups_are_those_of_a_walk(pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
    group = linked(left, right)
    for first in range(len(pairs)):
        reached, waiting = {first}, [first]
        while waiting:
            a, b = pairs[waiting.pop()]
            more = {i for i, one in enumerate(pairs) if one[0] == a or one[1] == b} - reached
            reached |= more
            waiting += more
        assert {i for i in range(len(pairs)) if group[i] == group[first]} == reached


def report(second: int, driver: int) -> Report:
    return Report(BEGIN_MS + 1000 * second, 118.5, 32.5, 80.0, None, driver)


def test_what_is_older_than_its_driver_elsewhere_is_looked_at_again() -> None:
    engine = Timely.new(SHORT_BOOK, ZONE_SET)
    engine.process(to_reports(1, [report(0, 7), report(20, 0)]))
    engine.process(to_reports(2, [report(10, 8), report(40, 8)]))
    assert engine.late == 0
    engine.process(to_reports(2, [report(50, 7)]))
    assert engine.late == 0
    engine.process(to_reports(1, [report(45, 0)]))
    assert engine.late == 1
    engine.late_changes()
    engine.process(to_reports(1, [report(60, 9)]))
    assert engine.late == 0
