"""BCD digits and BCD times (GMT+8). By the column: `stream.jt808.position_kernel`."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from stream.jt808.errors import EncodeError

GMT8 = timezone(timedelta(hours=8))
_DIGITS = frozenset("0123456789abcdefABCDEF")


# Two digits of every byte; where a nibble is above 9 a number that no part of a time can be.
_PAIRS = tuple(
    (byte >> 4) * 10 + (byte & 15) if byte >> 4 <= 9 and byte & 15 <= 9 else 9999 for byte in range(256)
)


def decode_time(digits: bytes) -> datetime | None:
    """One BCD[6] time as a datetime with +08:00; None where it is no time that exists."""
    try:
        year, month, day, hour, minute, second = map(_PAIRS.__getitem__, digits)
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=GMT8)
    except ValueError:
        return None


def encode_time(time: datetime | None) -> bytes:
    """BCD[6] in GMT+8; None gives zeros, what a terminal without a clock sends. Raises `EncodeError` outside
    2000-2099.
    """
    if time is None:
        return bytes(6)
    local = time.astimezone(GMT8)
    if not 2000 <= local.year <= 2099:
        raise EncodeError(f"year {local.year} does not fit two BCD digits (2000-2099)")
    return bytes.fromhex(local.strftime("%y%m%d%H%M%S"))


def encode_digits(digits: str, size: int) -> bytes:
    """Digits (hex nibbles are let through) left-padded with 0 into `size` bytes. Raises `EncodeError` for
    anything else and for too many.
    """
    if not _DIGITS.issuperset(digits):
        raise EncodeError(f"{digits!r} is not made of digits")
    if len(digits) > size * 2:
        raise EncodeError(f"{digits!r} has more than {size * 2} digits")
    return bytes.fromhex(digits.rjust(size * 2, "0"))
