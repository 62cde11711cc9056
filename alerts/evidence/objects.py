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


def open_objects(url: str, folder: Path, *, endpoint: str = "", region: str = "") -> Objects:
    """The store of the settings: ``s3://bucket/prefix``, or `folder` where `url` is empty.

    endpoint, region: of the S3-compatible server; its keys come from AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY in the environment. Raises ``ValueError`` for an address that is no store.
    """
    if not url:
        from alerts.evidence.folder_objects import FolderObjects

        return FolderObjects(folder)
    if not url.startswith("s3://") or not url.removeprefix("s3://").strip("/"):
        raise ValueError(f"{url!r} is not s3://BUCKET or s3://BUCKET/PREFIX")
    from alerts.evidence.s3_objects import S3Objects

    return S3Objects(url, endpoint=endpoint, region=region)
