"""Field types that bodies of commands share: ranges and texts of JT/T 808."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from alerts.times import SHANGHAI


class Body(BaseModel):
    """Base of all bodies: a field that is not known is a mistake, not something to leave out silently."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _number(value: Any) -> Any:
    """Numbers may be given as "0x0055", as the standard prints ids."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    if isinstance(value, str) and re.fullmatch(r"0[xX][0-9a-fA-F]{1,8}", value):
        return int(value, 16)
    return value


Byte = Annotated[int, BeforeValidator(_number), Field(ge=0, le=0xFF)]
Word = Annotated[int, BeforeValidator(_number), Field(ge=0, le=0xFFFF)]
DWord = Annotated[int, BeforeValidator(_number), Field(ge=0, le=0xFFFFFFFF)]
AreaId = Annotated[int, BeforeValidator(_number), Field(ge=1, le=0xFFFFFFFF)]


def gbk_bytes(text: str) -> bytes:
    """As a terminal gets it. Raises ``ValueError``."""
    if any(ord(character) < 32 and character not in "\n\t" for character in text):
        raise ValueError("must not hold control characters")
    try:
        return text.encode("gbk")
    except UnicodeEncodeError as error:
        raise ValueError(f"{text[error.start]!r} can't be sent to a terminal (GBK)") from None


def gbk_up_to(max_bytes: int) -> AfterValidator:
    """Text that fits a field of so many bytes."""

    def check(text: str) -> str:
        size = len(gbk_bytes(text))
        if size > max_bytes:
            raise ValueError(f"is {size} bytes long in GBK, more than the {max_bytes} of its field")
        return text

    return AfterValidator(check)


_DIGITS = re.compile(r"\d{12}")
_DAILY = re.compile(r"(\d\d):(\d\d)(?::(\d\d))?")


def _moment(value: Any) -> str:
    """BCD[6] YYMMDDhhmmss as 12 digits."""
    if not isinstance(value, str):
        raise ValueError("must be a time")
    if _DIGITS.fullmatch(value):
        _check_digits(value)
        return value
    if daily := _DAILY.fullmatch(value):
        digits = "000000" + "".join(part or "00" for part in daily.groups())
        _check_digits(digits)
        return digits
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(
            "must be 12 digits YYMMDDhhmmss, hh:mm:ss for every day, or a time such as "
            "2026-11-22T15:00:00+08:00"
        ) from None
    local = time.replace(tzinfo=SHANGHAI) if time.tzinfo is None else time.astimezone(SHANGHAI)
    return local.strftime("%y%m%d%H%M%S")


def _check_digits(digits: str) -> None:
    hour, minute, second = (int(digits[n : n + 2]) for n in (6, 8, 10))
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("is no time of day")


Moment = Annotated[
    str,
    BeforeValidator(_moment),
    Field(
        description="YYMMDDhhmmss (GMT+8), hh:mm:ss for every day, or ISO 8601",
        examples=["08:30:00", "2026-11-22T15:00:00+08:00"],
    ),
]


def _hexadecimal(text: str) -> str:
    try:
        return bytes.fromhex(text).hex()
    except ValueError:
        raise ValueError("must be hex") from None


Hex = Annotated[str, AfterValidator(_hexadecimal), Field(description="Bytes in hex", max_length=4096)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[32.060255])]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[118.796877])]
