"""Long downlink messages kept for a while, so that a terminal can ask for lost packages (0x0005, 2019)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

#: Bounds: an area with many corners has some KB, and a terminal that lost a package asks within seconds.
MAX_BYTES = 16 * 1024
MAX_MESSAGES = 4
MAX_AGE_S = 120.0
#: A terminal that asks more often for one message has a link on which it will not arrive.
MAX_ASKED = 5


@dataclass(slots=True)
class _Kept:
    frames: list[bytes]
    sent_s: float
    size: int
    asked: int = 0


class Downlink:
    """The last sub-packaged messages of one session, by the serial of their first package. Mutable."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    def keep(self, first_serial: int, frames: list[bytes], now_s: float) -> None:
        """Keep the packages of a message; older messages go when there are too many, or too many bytes."""
        self._kept[first_serial] = _Kept(frames, now_s, sum(map(len, frames)))
        while len(self._kept) > MAX_MESSAGES or sum(one.size for one in self._kept.values()) > MAX_BYTES:
            self._kept.popitem(last=False)

    def again(self, first_serial: int, packages: Sequence[int], now_s: float) -> bytes:
        """The packages asked for, unchanged; nothing if they are not kept, too old or asked for too often."""
        kept = self._kept.get(first_serial)
        if kept is None or now_s - kept.sent_s > MAX_AGE_S or kept.asked >= MAX_ASKED:
            return b""
        kept.asked += 1
        wanted = sorted({number for number in packages if 1 <= number <= len(kept.frames)})
        return b"".join(kept.frames[number - 1] for number in wanted)
