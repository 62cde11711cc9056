"""How long the identity at the start of a file list 0x1210 is (T/JSATL 12-2017, table 4-23, and its sisters).

The provinces differ in the terminal id and in the alarm identifier behind it, and terminals mix them.
"""

from __future__ import annotations

from stream.jt808.alarm_identifier import TERMINAL_ID_BYTES
from stream.jt808.bcd import decode_time

ALARM_NUMBER_BYTES = 32

# Sizes of terminal id and identifier: Jiangsu, Guangdong, Sichuan, Heilongjiang with a terminal id, Hunan,
# Heilongjiang without; then what terminals mix.
_LAYOUTS = (
    *((7, 16), (30, 40), (30, 39), (30, 38), (7, 32), (0, 38), (30, 16), (0, 39), (7, 39), (7, 40)),
    *((0, 32), (0, 16), (0, 40)),
)
_TIME_BYTES = 6


def file_list_layout(body: bytes) -> tuple[int, int] | None:
    """Bytes of terminal id and identifier of a 0x1210 body; None where no layout ends with the body.

    Where several do, the one whose identifier has a time that exists and a terminal id that is not empty,
    then one with a time at least.
    """
    fitting = [one for one in _LAYOUTS if _list_fits(body, sum(one) + ALARM_NUMBER_BYTES + 1)]
    return max(fitting, key=lambda one: _likelihood(body, *one), default=None)


def _likelihood(body: bytes, start: int, size: int) -> int:
    identifier = body[start : start + size]
    at = TERMINAL_ID_BYTES[size]
    if decode_time(identifier[at : at + _TIME_BYTES]) is None:
        return 0
    return 2 if identifier[:at].strip(b"\0 ") else 1


def _list_fits(body: bytes, at: int) -> bool:
    """Whether the counted files that begin at `at` end with the body."""
    if at >= len(body):
        return False
    count = body[at]
    at += 1
    for _ in range(count):
        if at >= len(body):
            return False
        at += 1 + body[at] + 4
    return at == len(body)
