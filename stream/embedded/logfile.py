"""Log files that cannot fill a disk."""

from pathlib import Path
from types import TracebackType
from typing import BinaryIO

LOG_BYTES = 8 << 20
"""Size at which a log moves to `NAME.1`: two files of 8 MiB a child hold days of ordinary operation."""


class BoundedLog:
    """An appended log of at most two files: `path` and, when that grew to `limit_bytes`, `path`.1 before it.

    A disk that is full loses log lines and nothing else: the child's pipe goes on being emptied.
    """

    def __init__(self, path: Path, limit_bytes: int = LOG_BYTES) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("ab")
        self._size_bytes = self._file.tell()

    def write(self, piece: bytes) -> None:
        try:
            if self._size_bytes >= self._limit_bytes:
                self._turn_over()
            self._file.write(piece)
            self._file.flush()
        except OSError:
            return
        self._size_bytes += len(piece)

    def _turn_over(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_name(self._path.name + ".1"))
        self._file = self._path.open("ab")
        self._size_bytes = 0

    def __enter__(self) -> "BoundedLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
