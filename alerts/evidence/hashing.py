"""The two hashes of a piece of evidence, over the same bytes in one pass."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Hashes:
    """SHA-256 for the world, SM3 (GB/T 32905-2016) for Chinese authorities; 32 bytes each."""

    sha256: bytes
    sm3: bytes


def hash_bytes(data: bytes) -> Hashes:
    """Both hashes of bytes in memory."""
    return Hashes(hashlib.sha256(data).digest(), hashlib.new("sm3", data).digest())


def hash_file(file: BinaryIO) -> Hashes:
    """Both hashes of a file from its beginning, read once, a MiB at a time."""
    sha256, sm3 = hashlib.sha256(), hashlib.new("sm3")
    file.seek(0)
    while data := file.read(_READ_BYTES):
        sha256.update(data)
        sm3.update(data)
    return Hashes(sha256.digest(), sm3.digest())
