"""Rows of the database in order, whatever order they come in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream.stored_tracks import ROW, track_order

_NAMES = ("vehicle_key", "time", "received_at", "digest")
_INT64 = st.integers(-(2**63), 2**63 - 1)
#: A few values, so that rows are often alike, and any at all.
_KEY, _TIME = st.integers(0, 2) | _INT64, st.integers(-1, 1) | st.integers(-(2**62), 2**62)


@given(st.lists(st.tuples(_KEY, _TIME, st.integers(0, 1), _INT64)))
def test_vehicle_time_reception_digest(rows: list[tuple[int, int, int, int]]) -> None:
    table = np.zeros(len(rows), ROW)
    for name, values in zip(_NAMES, zip(*rows, strict=True), strict=False):
        table[name] = values
    assert [rows[place] for place in track_order(table).tolist()] == sorted(rows)
