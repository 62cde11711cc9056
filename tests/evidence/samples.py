"""Files as terminals send them, small and of any size."""

from __future__ import annotations

import random
import struct


def jpeg(size: int = 3000, seed: int = 1) -> bytes:
    """Beginning and end of a JPEG with noise between, the bytes of flags and magics among it."""
    noise = random.Random(seed).randbytes(size - 14)
    return b"\xff\xd8\xff\xe0\x00\x04JF" + noise[:-4] + b"\x7e01cd\x7d"[:4] + b"\x00\x7e\xff\xff\xff\xd9"[-6:]


def h264(size: int = 3000, seed: int = 2) -> bytes:
    """Parameter sets and slices; no start code or forbidden bit by chance in the noise."""
    noise = random.Random(seed).randbytes(size).replace(b"\x00", b"\x01")
    head = b"\x00\x00\x00\x01\x67\x42\x00\x1e\x00\x00\x00\x01\x68\xce\x38\x80\x00\x00\x00\x01\x65"
    return (head + noise)[:size]


def wav(size: int = 3000, seed: int = 3) -> bytes:
    data = random.Random(seed).randbytes(size - 44)
    head = (
        b"RIFF"
        + struct.pack("<I", size - 8)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    )
    return head + b"data" + struct.pack("<I", len(data)) + data


def state(blocks: int = 4, seed: int = 4) -> bytes:
    """A vehicle state file: blocks of 64 bytes that end with the low byte of their sum."""
    found = []
    for number in range(1, blocks + 1):
        block = struct.pack(">II", blocks, number) + random.Random(seed + number).randbytes(55)
        found.append(block + bytes([sum(block) & 0xFF]))
    return b"".join(found)
