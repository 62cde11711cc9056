"""A file that is not whole yet, on disk: its bytes where they belong, and a note of which of them are there.

The note is written only after the bytes it speaks of are on the disk (fdatasync), so whatever ends the
process or the machine, a hole is never taken for evidence. What is lost then is at most `SYNC_BYTES`, which
the terminal is asked for again.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path

from stream.attachments.ranges import Ranges

SYNC_BYTES = 1 << 20
"""Between two notes: a second of a terminal's uplink."""

_NOTE = ".ranges"


class PartialFile:
    """Open while a link writes to it. Raises ``OSError`` when the disk is full or broken."""

    def __init__(self, folder: Path, file_id: str, size: int) -> None:
        self.path = folder / file_id
        self.size = size
        self.ranges = Ranges()
        self._note = folder / (file_id + _NOTE)
        self._unsynced = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._load()
        self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes in their place. Raises ``TooManyRanges`` before anything is written."""
        self.ranges.add(offset, offset + len(data))
        view = memoryview(data)
        while view:
            done = os.pwrite(self._descriptor, view, offset)
            view, offset = view[done:], offset + done
        self._unsynced += len(data)

    @property
    def sync_due(self) -> bool:
        """Whether enough came to note it."""
        return self._unsynced >= SYNC_BYTES

    async def sync(self) -> None:
        """Bring the bytes and then the note to the disk."""
        if self._unsynced:
            ranges, self._unsynced = list(self.ranges), 0
            await asyncio.to_thread(self._sync, ranges)

    def close(self) -> None:
        """Let go of the file; it stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def forget(self) -> None:
        """Let go of the file and remove what is left of it."""
        self.close()
        remove(self.path)

    def _sync(self, ranges: list[tuple[int, int]]) -> None:
        os.fdatasync(self._descriptor)
        beside = self._note.with_suffix(".new")
        with beside.open("w", encoding="ascii") as file:
            json.dump({"size": self.size, "ranges": ranges}, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(beside, self._note)

    def _load(self) -> None:
        """Take up what an earlier link or an earlier server left; anything doubtful begins anew."""
        try:
            note = json.loads(self._note.read_text(encoding="ascii"))
            if note["size"] == self.size and self.path.stat().st_size <= self.size:
                there = self.path.stat().st_size
                self.ranges = Ranges((start, end) for start, end in note["ranges"] if end <= there)
                return
        except (OSError, ValueError, TypeError, KeyError):
            pass
        remove(self.path)


def remove(path: Path) -> None:
    """Remove a partial file with its note."""
    for one in (path, path.with_name(path.name + _NOTE)):
        with suppress(FileNotFoundError):
            one.unlink()


def partial_ids(folder: Path) -> list[tuple[str, float]]:
    """File ids with partial files in `folder`, and when each was written last (seconds since 1970)."""
    found = []
    with suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            if not entry.name.endswith((_NOTE, ".new")):
                with suppress(FileNotFoundError):
                    found.append((entry.name, entry.stat().st_mtime))
    return found
