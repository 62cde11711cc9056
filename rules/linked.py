"""Which vehicles have to be looked at together, as one driver was seen in both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def linked(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """The group of each of n pairs, a number below n: pairs that share a key of either side, or are joined by
    others that do, are of one group.

    Each pass carries a group's number one pair further on both sides, and doubles the way by following
    numbers: a shift's chain of relief drivers takes a handful of passes.
    """
    _, vehicle = np.unique(left, return_inverse=True)
    _, driver = np.unique(right, return_inverse=True)
    group = np.arange(len(left))
    while True:
        before = group.copy()
        for side in (vehicle, driver):
            least = np.full(len(left), len(left))
            np.minimum.at(least, side, group)
            group = least[side]
        group = group[group]
        if (group == before).all():
            return group
