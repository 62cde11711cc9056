"""Range requests (RFC 9110, section 14) for bytes that never change."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Unsatisfiable(Exception):
    """No byte of the range is there: 416."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes ``[start, end)`` that a Range header asks for, None for all of them.

    Several ranges at once and headers of another form are answered with the whole, as the RFC allows.
    Raises ``Unsatisfiable``.
    """
    match = _RANGE.fullmatch(header.strip().replace(" ", "")) if header else None
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= end:
        raise Unsatisfiable
    return start, end
