"""Records of topic `telemetry` that are no reports: a rulebook from which on the partition is judged by it.

The value is one line, `MARK`, and the TOML text after it. Readers of positions pass such a record over.
"""

from __future__ import annotations

from rules.rulebook import Rulebook, rulebook_of
from rules.rulebook_faults import Fault, RulebookError

MARK = b"haulwatch-rulebook 1\n"
_ANY_VERSION = b"haulwatch-rulebook "


def encode_rulebook(text: str) -> bytes:
    """The record that hands over a rulebook."""
    return MARK + text.encode()


def is_rulebook(value: bytes | memoryview) -> bool:
    """Whether a record hands over a rulebook."""
    return bytes(value[: len(_ANY_VERSION)]) == _ANY_VERSION


def decode_rulebook(value: bytes | memoryview) -> Rulebook:
    """The rulebook of a record.

    Raises
    ------
    RulebookError
        This program cannot read it.
    """
    data = bytes(value)
    where = "of the stream"
    if not data.startswith(MARK):
        raise RulebookError(where, [Fault(0, "", "the record is of a version this program does not read")])
    try:
        text = data[len(MARK) :].decode()
    except UnicodeDecodeError as error:
        raise RulebookError(where, [Fault(0, "", "the record is not UTF-8 text")]) from error
    return rulebook_of(text, where)
