"""The standard's types as annotations of fields (JT/T 809-2011, 4.2), and those that many messages share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from stream.jt809.kinds import Identifier, Octets, RestText, Seconds, SizedText, Text, Unsigned

Byte = Annotated[int, Unsigned(1)]
Word = Annotated[int, Unsigned(2)]
DWord = Annotated[int, Unsigned(4)]
LongWord = Annotated[int, Unsigned(8)]
Time = Annotated[datetime | None, Seconds()]
TypeId = Annotated[int, Identifier(2)]
LongText = Annotated[str, SizedText()]
LastText = Annotated[str, RestText()]
LongData = Annotated[bytes, Octets(sized=True)]

Plate = Annotated[str, Text(21)]
PlatformId = Annotated[str, Text(11)]

_COLORS = {
    1: "blue",
    2: "yellow",
    3: "black",
    4: "white",
    5: "green",
    9: "other",
    93: "yellow-green",
    94: "gradient green",
}
Color = Annotated[int, Unsigned(1, _COLORS)]


def parse_key_values(text: str) -> dict[str, str]:
    """`KEY:=value;KEY:=value` as a dictionary (JT/T 809-2011, 4.5.4.4); what has no `:=` is left out."""
    pairs = (part.partition(":=") for part in text.split(";"))
    return {key.strip(): value.strip() for key, mark, value in pairs if mark}


def format_key_values(values: dict[str, str]) -> str:
    """The inverse of `parse_key_values`."""
    return ";".join(f"{key}:={value}" for key, value in values.items())
