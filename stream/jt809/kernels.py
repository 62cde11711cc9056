"""Loops over bytes, compiled: the cipher, whose every byte needs the one before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel


@kernel
def _cipher(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    key: np.uint64,
    m1: np.uint64,
    ia1: np.uint64,
    ic1: np.uint64,
) -> None:
    """Encrypt or decrypt `data[start:end]` in place; see `stream.jt809.cipher`."""
    modulus = m1 if m1 != 0 else np.uint64(1)
    state = key if key != 0 else np.uint64(1)
    for place in range(start, end):
        state = (ia1 * (state % modulus) + ic1) & np.uint64(0xFFFFFFFF)
        data[place] ^= np.uint8((state >> np.uint64(20)) & np.uint64(0xFF))


def cipher_bytes(data: bytes, key: int, m1: int, ia1: int, ic1: int) -> bytes:
    """`stream.jt809.cipher.Cipher.apply` for large bodies."""
    out = np.frombuffer(data, np.uint8).copy()
    _cipher(out, 0, len(out), np.uint64(key), np.uint64(m1), np.uint64(ia1), np.uint64(ic1))
    return out.tobytes()
