"""What terminals do that the standard does not say, and that does no harm: accepted, and counted by kind.

A kind is one bit, so that a column of frames can carry them and one report can have several.
"""

from __future__ import annotations

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray


class Oddity(IntFlag):
    """Harmless departures from the standard. Names are those of the metric's label `kind`, in lower case."""

    #: The check code 7d stands unescaped before the closing flag.
    UNESCAPED_CHECK_CODE = 1 << 0
    #: The header has the 2019 layout while its version flag says otherwise.
    UNFLAGGED_2019_HEADER = 1 << 1
    #: Property bit 15, which no edition uses, is set.
    RESERVED_PROPERTY = 1 << 2
    #: A terminal phone with nibbles above 9.
    HEX_PHONE = 1 << 3
    #: A heartbeat that carries bytes.
    HEARTBEAT_BODY = 1 << 4
    #: South or west as a negative number instead of, or beside, the status bit.
    TWOS_COMPLEMENT = 1 << 5
    #: A position whose time does not exist.
    UNKNOWN_TIME = 1 << 6
    #: The items of a position end in the middle of one.
    TRUNCATED_ITEM = 1 << 7
    #: The same item twice in one position.
    REPEATED_ITEM = 1 << 8
    #: An item id of the standard with a length the standard does not give it: another vendor's use.
    REUSED_ITEM = 1 << 9
    #: An item id that no standard known here defines.
    UNKNOWN_ITEM = 1 << 10
    #: A body in the layout of another edition than its header's.
    OTHER_EDITION_BODY = 1 << 11
    #: A general response with a result the standard does not have.
    UNKNOWN_RESULT = 1 << 12
    #: Bytes behind the last field of a message.
    TRAILING_BYTES = 1 << 13
    #: Text in UTF-8 instead of GBK.
    UTF8_TEXT = 1 << 14
    #: A message id that no standard known here defines.
    UNKNOWN_MESSAGE = 1 << 15
    #: A count that is left out, or above what is there, where the length leaves no doubt.
    WRONG_COUNT = 1 << 16


def oddity_names(found: int) -> list[str]:
    """The kinds in some bits, in lower case, in the order of the bits."""
    if not found:
        return []
    return [kind.name.lower() for kind in Oddity if found & kind and kind.name]


def count_oddities(column: NDArray[np.uint32]) -> dict[str, int]:
    """How many rows of a column have each kind, by name; kinds that do not occur are left out.

    One pass when nothing is odd, which is nearly always.
    """
    present = int(np.bitwise_or.reduce(column)) if len(column) else 0
    if not present:
        return {}
    return {
        name.lower(): int(np.count_nonzero(column & Oddity[name.upper()])) for name in oddity_names(present)
    }
