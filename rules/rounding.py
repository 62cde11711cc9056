"""Rounding many numbers as Python's `round` does each, in a tenth of the time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_NEAR_HALF = 1e-3  # far more than the product's own rounding error can be where `_SURE` holds
_SURE = 2.0**40


def rounded(values: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    """`round(value, decimals)` of each value, bit for bit.

    >>> rounded(np.array([2.675, 72.6]), 2).tolist()
    [2.67, 72.6]
    """
    scale = 10.0**decimals
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is doubtful
        scaled = values * scale
        whole = np.rint(scaled)
        made: NDArray[np.float64] = whole / scale
        # Which way a value near the middle of two goes, its own digits decide, not those of the product.
        doubtful = ~((np.abs(np.abs(scaled - whole) - 0.5) > _NEAR_HALF) & (np.abs(scaled) < _SURE))
    for place in doubtful.nonzero()[0].tolist():
        made[place] = round(float(values[place]), decimals)
    return made
