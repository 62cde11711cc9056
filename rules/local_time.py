"""The law's clock: Asia/Shanghai, which has been UTC+8 without daylight saving since 1992."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

OFFSET_MS = 8 * 3_600_000
DAY_MS = 86_400_000


def in_window(of_day_ms: NDArray[np.int64], start_ms: float, end_ms: float) -> NDArray[np.bool_]:
    """Whether times of day lie in a window, its start included, its end not; start > end spans midnight.

    >>> in_window(np.array([1, 5, 9]), 8, 5).tolist()
    [True, False, True]
    """
    after, before = of_day_ms >= start_ms, of_day_ms < end_ms
    inside: NDArray[Any] = after & before if start_ms <= end_ms else after | before
    return inside
