"""Rounds: an order of work in which no vehicle occurs twice at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def starts_of(keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Mask of the first element of each run of equal keys.

    >>> starts_of(np.array([4, 4, 7])).tolist()
    [True, False, True]
    """
    first = np.empty(len(keys), bool)
    first[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return first


def ends_of(starts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mask of the last element of each run whose first elements are given.

    >>> ends_of(np.array([True, False, True])).tolist()
    [False, True, True]
    """
    last = np.empty(len(starts), bool)
    last[-1:] = True
    last[:-1] = starts[1:]
    return last


def rounds(keys: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
    """Positions by round: the first element of each run of equal keys, then the second of each, and so on.

    >>> [round_.tolist() for round_ in rounds(np.array([4, 4, 7]))]
    [[0, 2], [1]]
    """
    if not len(keys):
        return
    first = starts_of(keys)
    everything = np.arange(len(keys))
    if first.all():
        yield everything
        return
    turn = everything - np.maximum.accumulate(np.where(first, everything, 0))
    order = turn.argsort(kind="stable")
    end = np.bincount(turn).cumsum().tolist()
    for begin, stop in zip([0, *end], end, strict=False):
        yield order[begin:stop]
