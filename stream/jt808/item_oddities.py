"""What is odd about the items of a position, for one report and as a table for the kernel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stream.jt808.active_safety import SAFETY_ITEMS, TpmsAlarm
from stream.jt808.alarm_identifier import TERMINAL_ID_BYTES
from stream.jt808.errors import ProtocolError
from stream.jt808.item_list import KNOWN, REUSED, TYRES, UNKNOWN, Item
from stream.jt808.item_records import ITEM_KINDS
from stream.jt808.oddities import Oddity
from stream.jt808.reader import Reader

# E0 and above are for vendors, who may use F1 and F2 as they like.
_STANDARD_IDS = frozenset(number for number in ITEM_KINDS if number < 0xE0) | frozenset(SAFETY_ITEMS)
# The length of the custom items behind it (table 27 of 2013); in which form it is not said.
_CUSTOM_LENGTH = 0xE0


def item_table() -> NDArray[np.uint8]:
    """What an item is, by id and length: `UNKNOWN`, `REUSED`, `KNOWN` or `TYRES` of `item_list`."""
    return _ITEM_TABLE


def _make_table() -> NDArray[np.uint8]:
    table = np.full((256, 256), UNKNOWN, np.uint8)
    table[sorted(_STANDARD_IDS)] = REUSED
    for number, (_, _, sizes) in ITEM_KINDS.items():
        table[number, list(sizes)] = KNOWN
    for size in TERMINAL_ID_BYTES:
        table[[0x64, 0x65], 31 + size] = KNOWN
        table[0x67, 25 + size] = KNOWN
    table[0x66] = TYRES
    table[_CUSTOM_LENGTH] = KNOWN
    return table


_ITEM_TABLE = _make_table()
# The same for one item at a time, and numbers without a class, which are ten times as fast to look at.
_ITEM_BYTES = _ITEM_TABLE.tobytes()
_TRUNCATED, _REPEATED = int(Oddity.TRUNCATED_ITEM), int(Oddity.REPEATED_ITEM)
_UNKNOWN, _REUSED = int(Oddity.UNKNOWN_ITEM), int(Oddity.REUSED_ITEM)


def item_oddities(items: Sequence[Item], rest: bytes) -> int:
    """What is odd about the items of one report, as bits of `Oddity`."""
    found = _TRUNCATED if rest else 0
    seen = set()
    for item in items:
        seen.add(item.id)
        kind = _ITEM_BYTES[item.id << 8 | len(item.value)]
        if kind == KNOWN:
            continue
        if kind == UNKNOWN:
            found |= _UNKNOWN
        elif kind == REUSED or not _has_tyres(item.value):
            found |= _REUSED
    return found if len(seen) == len(items) else found | _REPEATED


def _has_tyres(value: bytes) -> bool:
    """Whether an item 0x66 is of active safety, not another vendor's use of its id."""
    try:
        TpmsAlarm.variant_of(Reader(value), "2013")
    except ProtocolError:
        return False
    return True
