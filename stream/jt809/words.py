"""The standard's types as annotations of fields (JT/T 809-2011, 4.2), and those that many messages share.

Names that begin with New stand for fields of 2019 only, with Old for fields of 2011 only, with Optional for
fields that some variants of a layout have; they are None where they are not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from stream.jt808.kinds import (
    ID16,
    REST_TEXT,
    U8,
    U16,
    U32,
    CountedData,
    CountedText,
    FixedText,
    Number,
    whole_number,
)
from stream.jt808.kinds import Time as TimeKind
from stream.jt808.layout import Edition, Json, Scope, When
from stream.jt808.reader import Reader
from stream.jt809.times import from_seconds, to_seconds

GENERATION = 4  # characters of a variant's name that say its edition


def is_2019(scope: Scope) -> bool:
    """Whether a layout is one of 2019."""
    return scope.variant[:GENERATION] == "2019"


def size(old: int, new: int) -> Callable[[Scope], int]:
    """A size that differs between the editions."""
    return lambda scope: new if is_2019(scope) else old


class Seconds(TimeKind):
    """Time_t: seconds since 1970 UTC in 64 bits; milliseconds are understood. None where it is not set."""

    def read(self, reader: Reader, name: str, scope: Scope) -> datetime | None:
        return from_seconds(int.from_bytes(reader.take(8, name)))

    def write(self, value: datetime | None, name: str, scope: Scope) -> bytes:
        return to_seconds(value, name).to_bytes(8)

    def parse(self, view: Json, name: str, edition: Edition) -> datetime | None:
        if isinstance(view, int):
            return from_seconds(whole_number(view, name))
        return super().parse(view, name, edition)

    def meaning(self, value: datetime | None, edition: Edition) -> str:
        return value.isoformat() if value else "not set"


U64 = Number(8)
SECONDS = Seconds()
LONG_TEXT, LONG_DATA = CountedText(4), CountedData(4)
PLATE_TEXT, PLATFORM_TEXT = FixedText(21), FixedText(11)
COLOR_CODE = Number(
    1,
    names={
        1: "blue",
        2: "yellow",
        3: "black",
        4: "white",
        5: "green",
        9: "other",
        91: "agricultural yellow",
        92: "agricultural green",
        93: "yellow-green",
        94: "gradient green",
    },
)
NEW = When(is_2019)
OLD = When(lambda scope: not is_2019(scope))
#: The field stands in the wrapper around the message.
OUTSIDE = When(lambda scope: False)

Byte = Annotated[int, U8]
Word = Annotated[int, U16]
DWord = Annotated[int, U32]
LongWord = Annotated[int, U64]
Time = Annotated[datetime | None, SECONDS]
TypeId = Annotated[int, ID16]
LongText = Annotated[str, LONG_TEXT]
LastText = Annotated[str, REST_TEXT]
LongData = Annotated[bytes, LONG_DATA]
Plate = Annotated[str, PLATE_TEXT, OUTSIDE]
Color = Annotated[int, COLOR_CODE, OUTSIDE]
PlatformId = Annotated[str, PLATFORM_TEXT]

NewByte = Annotated[int | None, U8, NEW]
NewDWord = Annotated[int | None, U32, NEW]
NewTypeId = Annotated[int | None, ID16, NEW]
NewTime = Annotated[datetime | None, SECONDS, NEW]
NewPlatformId = Annotated[str | None, PLATFORM_TEXT, NEW]
OldDWord = Annotated[int | None, U32, OLD]

OptionalByte = Annotated[int | None, U8]
OptionalWord = Annotated[int | None, U16]
OptionalDWord = Annotated[int | None, U32]
OptionalPlatformId = Annotated[str | None, PLATFORM_TEXT]
OptionalText = Annotated[str | None, LONG_TEXT]


def parse_key_values(text: str) -> dict[str, str]:
    """`KEY:=value;KEY:=value` as a dictionary (JT/T 809-2011, 4.5.4.4); what has no `:=` is left out."""
    pairs = (part.partition(":=") for part in text.split(";"))
    return {key.strip(): value.strip() for key, mark, value in pairs if mark}


def format_key_values(values: dict[str, str]) -> str:
    """The inverse of `parse_key_values`."""
    return ";".join(f"{key}:={value}" for key, value in values.items())
