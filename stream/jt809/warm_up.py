"""The kernels of this package, ready before the first frame."""

from __future__ import annotations

from stream.jt809.bulk import decode_frames
from stream.jt809.cipher import Cipher
from stream.jt809.header import HEADER_BYTES
from stream.jt809.positions import decode_positions


def warm_up() -> None:
    """Compile or load the kernels of this package, so that no first frame waits for that."""
    cipher = Cipher(1, 1, 1)
    for edition in HEADER_BYTES:
        decode_positions(decode_frames([bytes(40)], edition, cipher))
        decode_positions(decode_frames([bytes(40)], edition))
    cipher.apply(1, bytes(1024))
