"""Gathering fixed pieces out of one buffer by the column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Every buffer carries this many spare bytes at its end, so that a fixed-size window may start anywhere in it
# without a check before each read; validity is decided by lengths afterwards.
WINDOW_BYTES = 32


def windows(data: NDArray[np.uint8], starts: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    """Bytes `starts[i] : starts[i] + size` of each row as uint8[n, size].

    One block copy a row (a stride of one byte over a `size`-byte element) instead of one gather a byte.
    """
    blocks = np.ndarray((len(data) - size + 1,), np.dtype((np.void, size)), data, strides=(1,))
    return blocks[starts].view(np.uint8).reshape(len(starts), size)
