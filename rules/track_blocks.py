"""Blocks of tracks: whole vehicles, few enough that what is kept of their reports stays near the processor.

Of a vehicle the rules know its own reports, and where else its drivers were. So vehicles that share no driver
can be taken one after the other; those that share one go together, in order of time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rules.engine import Engine
from rules.reports import Reports

BLOCK = 4_096
"""Reports after which a new block begins with the next vehicle: with 230 bytes an entry a megabyte, which
is near the second cache, and enough that the fixed cost of a block hardly counts."""


def blocks(reports: Reports, engine: Engine) -> Iterator[Reports]:
    """Reports in blocks of which an engine makes, one after the other, what it would make of all at once.

    Only those in order of vehicle are cut; others are one block.
    """
    heads = _heads(reports.vehicle_key)
    vehicles = reports.vehicle_key[heads]
    if len(reports) <= BLOCK or len(np.unique(vehicles)) < len(vehicles):
        yield reports
        return
    shares = _sharing(reports, vehicles, engine)
    yield from _alone(reports, np.append(heads, len(reports)), shares)
    if shares.any():
        yield reports.take(np.repeat(shares, np.diff(heads, append=len(reports))))


def _heads(*columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where a row differs from the one before."""
    changed = np.ones(len(columns[0]), bool)
    changed[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return changed.nonzero()[0]


def _sharing(reports: Reports, vehicles: NDArray[np.int64], engine: Engine) -> NDArray[np.bool_]:
    """Whether each vehicle shares a driver with another one: one its reports name, or who drove it before."""
    heads = _heads(reports.vehicle_key, reports.driver_key)
    keys = np.append(reports.vehicle_key[heads], vehicles)
    drivers = np.append(reports.driver_key[heads], engine.seated(vehicles)[0])
    keys, drivers = keys[drivers != 0], drivers[drivers != 0]
    order = np.lexsort((keys, drivers))
    keys, drivers = keys[order], drivers[order]
    several = (drivers[1:] == drivers[:-1]) & (keys[1:] != keys[:-1])
    shared = np.isin(drivers, drivers[1:][several])
    shares: NDArray[np.bool_] = np.isin(vehicles, keys[shared])
    return shares


def _alone(reports: Reports, bounds: NDArray[np.int64], shares: NDArray[np.bool_]) -> Iterator[Reports]:
    """The vehicles that share no driver, as many to a block as there is room for, at least one."""
    begin = end = 0
    for stop, shared in zip(bounds[1:].tolist(), shares.tolist(), strict=True):
        if end > begin and (shared or stop - begin > BLOCK):
            yield reports.take(slice(begin, end))
            begin = end
        if shared:
            begin = stop
        end = stop
    if end > begin:
        yield reports.take(slice(begin, end))
