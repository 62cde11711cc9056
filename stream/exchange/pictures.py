"""Pictures that terminals took because a platform above asked for them, from the store of evidence."""

from __future__ import annotations

import asyncio
import logging
import time

from alerts.evidence.objects import ObjectError, Objects
from stream.exchange.link import Link
from stream.jt809.framing import MAX_LARGE_FRAME_BYTES, escape

log = logging.getLogger(__name__)

FORMATS = {"image/jpeg": 1, "image/gif": 2, "image/tiff": 3, "image/png": 4}
"""Format codes of 0x1502 by the content type found in the bytes."""
MAX_BYTES = MAX_LARGE_FRAME_BYTES - 4096
"""Of a picture as it is on the wire: what is beside it in its frame, a position of 2019 with all its items
among it, takes less than 2 KiB, and an escape may double that."""
READ_S = 5.0
"""A store that takes longer for one picture holds up all other answers."""
REST_S = 10.0
"""A store that failed is left alone for this long, for the same reason."""


class Pictures:
    """Mutable: the store, and until when it is left alone."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._rest_until_s = 0.0

    async def read(self, sha256: bytes, size_bytes: int) -> bytes | None:
        """The bytes of one; None while the store can't give it. Ask for none beyond `MAX_BYTES`."""
        if time.monotonic() < self._rest_until_s:
            return None
        try:
            async with asyncio.timeout(READ_S):
                parts = [part async for part in self._objects.read(sha256, 0, size_bytes)]
        except (ObjectError, TimeoutError) as error:
            log.warning("a picture for a platform above waits: %s", error or f"no answer in {READ_S} s")
            self._rest_until_s = time.monotonic() + REST_S
            return None
        return b"".join(parts)


def fits(link: Link, data: bytes) -> bool:
    """Whether a picture has room in a frame. Encrypted, its escapes are not known before; a sixteenth is four
    times what they take of bytes that are evenly spread."""
    if link.cipher is not None:
        return len(data) * 17 // 16 <= MAX_BYTES
    return len(escape(data)) <= MAX_BYTES
