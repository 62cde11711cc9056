"""Objects in a folder of this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from alerts.evidence.objects import READ_BYTES, ObjectError, ObjectMissing, object_path

T = TypeVar("T")

_MODE = 0o440
"""Nobody writes to evidence, not even its owner by mistake."""


class FolderObjects:
    """Objects are renamed into their place, so a half-written one is never seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, path: Path, sha256: bytes) -> None:
        """See ``Objects``; on the same file system nothing is copied."""
        await self._try(lambda: self._put(path, sha256))

    async def exists(self, sha256: bytes) -> bool:
        """See ``Objects``."""
        return await self._try(self._place(sha256).is_file)

    async def delete(self, sha256: bytes) -> None:
        """See ``Objects``."""
        await self._try(lambda: self._place(sha256).unlink(missing_ok=True))

    async def read(self, sha256: bytes, start: int, end: int) -> AsyncIterator[bytes]:
        """See ``Objects``."""
        place = self._place(sha256)
        try:
            file = await asyncio.to_thread(place.open, "rb")
        except FileNotFoundError:
            raise ObjectMissing(f"{place} is not there") from None
        except OSError as error:
            raise ObjectError(f"{place} cannot be read: {error.strerror}") from None
        with file:
            await asyncio.to_thread(file.seek, start)
            while start < end:
                data = await asyncio.to_thread(file.read, min(READ_BYTES, end - start))
                if not data:
                    raise ObjectError(f"{place} ends at byte {start}, before byte {end}")
                start += len(data)
                yield data

    def _place(self, sha256: bytes) -> Path:
        return self._folder / object_path(sha256)

    async def _try(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise ObjectError(f"the evidence folder {self._folder} fails: {error.strerror}") from None

    def _put(self, path: Path, sha256: bytes) -> None:
        place = self._place(sha256)
        if place.is_file():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(_MODE)
        try:
            os.rename(path, place)
        except OSError:  # another file system: a copy beside the place, then the rename
            self._copy(path, place)
        for folder in (place.parent, place.parent.parent, self._folder):
            _sync_folder(folder)

    @staticmethod
    def _copy(path: Path, place: Path) -> None:
        beside = place.with_name(f"{place.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(path, beside)
            beside.chmod(_MODE)
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            os.rename(beside, place)
        finally:
            with suppress(FileNotFoundError):
                beside.unlink()


def _sync_folder(folder: Path) -> None:
    """A rename is durable when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
