"""One file on its way: what was announced of it, and whose link brings it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from alerts.evidence.files import COMPLETE, EvidenceFile
from stream.attachments.partial_file import PartialFile
from stream.jt808.attachment_stream import NAME_BYTES


@dataclass(slots=True)
class Upload:
    """Mutable. `raw_name`: the name as bytes, which chunks are matched by and 0x9212 repeats.

    `owner` is the link that writes now: the newest that announced the file. `ended`: complete or refused, so
    that nothing more of it is wanted.
    """

    file: EvidenceFile
    raw_name: bytes
    folder: Path
    owner: object
    ended: bool = False
    partial: PartialFile | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.ended = self.file.state == COMPLETE

    @property
    def size(self) -> int:
        """Bytes announced."""
        return self.file.announced_bytes

    def open(self) -> PartialFile:
        """The file on disk, with what an earlier link left. Raises ``OSError``."""
        if self.partial is None:
            self.partial = PartialFile(self.folder, self.file.file_id, self.size)
        return self.partial

    def close(self) -> None:
        """Let go of the file on disk."""
        if self.partial is not None:
            self.partial.close()
            self.partial = None


def fitting(uploads: list[Upload], chunk_name: bytes, current: Upload | None) -> Upload | None:
    """The file that a chunk's name means, None for none.

    The name field of a chunk has 50 bytes and names may be longer, so it may fit several: then the file
    between its 0x1211 and 0x1212, else the first that is not whole.
    """
    found = [one for one in uploads if one.raw_name[:NAME_BYTES].rstrip(b"\x00") == chunk_name]
    if current in found:
        return current
    return next((one for one in found if not one.ended), found[0] if found else None)
