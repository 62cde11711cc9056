"""Where evidence lies: a folder or an S3-compatible store, each object under its own SHA-256.

The address is the content, so nothing is ever overwritten by something else, the same file twice takes its
room once, and anybody can check an object against its name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

READ_BYTES = 256 * 1024
"""Read and handed on at a time: a video served to a slow client takes this much memory."""


class ObjectError(Exception):
    """The store can't be used now; the text says which and why."""


class ObjectMissing(ObjectError):
    """The store does not have what a row says it has."""


class Objects(Protocol):
    """A store of objects. Every method raises ``ObjectError`` when the store is away."""

    async def put(self, path: Path, sha256: bytes) -> None:
        """Keep a whole, synced file as this object. The file may be gone afterwards; there already is
        fine."""

    async def exists(self, sha256: bytes) -> bool:
        """Whether the object is there."""

    async def delete(self, sha256: bytes) -> None:
        """Forget the object; not there already is fine."""

    def read(self, sha256: bytes, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, in pieces. Raises ``ObjectMissing`` too."""


def object_path(sha256: bytes) -> str:
    """``ab/cd/abcd...``: two levels of 256 folders keep each of them small."""
    name = sha256.hex()
    return f"{name[:2]}/{name[2:4]}/{name}"
