"""Values of a JSON view, checked: what is wrong is told with the name of its field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stream.jt808.bcd import GMT8
from stream.jt808.errors import EncodeError
from stream.jt808.layout import Json


def whole_number(view: Json, name: str) -> int:
    """An integer of a JSON view; ids may be given as "0x8300". Raises `EncodeError`."""
    if isinstance(view, str):
        try:
            return int(view, 0)
        except ValueError:
            pass
    elif isinstance(view, int | float) and view == view // 1:
        return int(view)
    raise EncodeError(f"{name}: {view!r} is no whole number")


def real_number(view: Json, name: str) -> float:
    """A number of a JSON view. Raises `EncodeError`."""
    if isinstance(view, int | float) and not isinstance(view, bool):
        return float(view)
    raise EncodeError(f"{name}: {view!r} is no number")


def hex_bytes(view: Json, name: str) -> bytes:
    """Bytes of a JSON view, given in hex. Raises `EncodeError`."""
    try:
        return bytes.fromhex(view)
    except (TypeError, ValueError):
        raise EncodeError(f"{name}: {view!r} is no hex") from None


def point_in_time(view: Json, name: str, zone: Any = GMT8) -> datetime:
    """A time of a JSON view, ISO 8601, GMT+8 unless it says otherwise. Raises `EncodeError`."""
    try:
        time = datetime.fromisoformat(view)
    except (TypeError, ValueError):
        raise EncodeError(f"{name}: {view!r} is no time such as 2026-03-15T14:25:30+08:00") from None
    return time if time.tzinfo else time.replace(tzinfo=zone)
