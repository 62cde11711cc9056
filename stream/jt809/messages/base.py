"""What every message has: business type, sub type, and what is wrapped around its fields.

Wrappers (JT/T 809-2011, 4.5): messages about a vehicle begin with plate, colour, sub type and length;
messages between platforms with sub type and length; the others have nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, ClassVar

from stream.jt808.header import Edition as AnyEdition
from stream.jt808.layout import Record, Scope
from stream.jt808.reader import Reader, pack
from stream.jt808.text import encode_fixed_text
from stream.jt809.header import Edition
from stream.jt809.layout import Variants
from stream.jt809.words import COLOR_CODE, OUTSIDE, PLATE_TEXT, Color, NewDWord, NewTypeId, Plate
from stream.protocol_errors import EncodeError, LengthError, ProtocolError

PLATE_BYTES = 21


class Wrapper(Enum):
    """What stands before the fields of a message."""

    NONE = "none"
    VEHICLE = "plate, color, sub type, length"
    PLATFORM = "sub type, length"
    #: 2019, answers without data: what is answered stands before the length.
    SOURCE = "plate, color, sub type, source type, source sequence, length"


WRAPPER_BYTES = {Wrapper.NONE: 0, Wrapper.VEHICLE: 28, Wrapper.PLATFORM: 6, Wrapper.SOURCE: 34}
_SOURCE_BYTES = 6


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A body taken out of its wrapper. plate and color are None where the wrapper has none."""

    sub_type: int
    data: bytes
    plate: str | None = None
    color: int | None = None
    wrapper: Wrapper = Wrapper.NONE


def unwrap(body: bytes, wrapper: Wrapper) -> Wrapped:
    """Take a body apart. Raises `TruncatedError`, or `LengthError` if the stated length is wrong."""
    if wrapper is Wrapper.NONE:
        return Wrapped(0, body)
    reader = Reader(body)
    plate = color = None
    if wrapper is not Wrapper.PLATFORM:
        plate, color = reader.text(PLATE_BYTES, "plate"), reader.u8("color")
    sub_type = reader.u16("sub_type")
    source = reader.take(_SOURCE_BYTES, "source") if wrapper is Wrapper.SOURCE else b""
    stated = reader.u32("data length")
    if stated != reader.left:
        raise LengthError(
            f"the data of sub type 0x{sub_type:04x} have {reader.left} bytes, {stated} are stated"
        )
    return Wrapped(sub_type, source + reader.rest(), plate, color, wrapper)


def find_wrapper(body: bytes, expected: Wrapper, message_id: int) -> Wrapped:
    """Take a body apart by the wrapper its type should have, else by the one whose length and sub type fit.

    Raises the `ProtocolError` of the expected wrapper if none fits.
    """
    try:
        return unwrap(body, expected)
    except ProtocolError as error:
        first = error
    if expected is not Wrapper.NONE:
        for wrapper in (Wrapper.VEHICLE, Wrapper.PLATFORM, Wrapper.SOURCE):
            try:
                found = unwrap(body, wrapper)
            except ProtocolError:
                continue
            if found.sub_type & 0xFF00 == message_id:
                return found
    raise first


def wrap(wrapped: Wrapped, edition: AnyEdition) -> bytes:
    """The inverse of `unwrap`. Raises `EncodeError`."""
    if wrapped.wrapper is Wrapper.NONE:
        return wrapped.data
    head = b""
    if wrapped.wrapper is not Wrapper.PLATFORM:
        if wrapped.plate is None or wrapped.color is None:
            raise EncodeError(f"sub type 0x{wrapped.sub_type:04x} needs plate and color in {edition}")
        head = encode_fixed_text(wrapped.plate, PLATE_BYTES, "plate") + pack(wrapped.color, 1, "color")
    data = wrapped.data
    head += pack(wrapped.sub_type, 2, "sub_type")
    if wrapped.wrapper is Wrapper.SOURCE:
        head, data = head + data[:_SOURCE_BYTES], data[_SOURCE_BYTES:]
    return head + pack(len(data), 4, "data length") + data


_NONE: Mapping[Edition, Wrapper] = {"2011": Wrapper.NONE, "2019": Wrapper.NONE}
_VEHICLE: Mapping[Edition, Wrapper] = {"2011": Wrapper.VEHICLE, "2019": Wrapper.VEHICLE}
_PLATFORM: Mapping[Edition, Wrapper] = {"2011": Wrapper.PLATFORM, "2019": Wrapper.PLATFORM}
_SOURCE: Mapping[Edition, Wrapper] = {"2011": Wrapper.VEHICLE, "2019": Wrapper.SOURCE}
_ALARM: Mapping[Edition, Wrapper] = {"2011": Wrapper.VEHICLE, "2019": Wrapper.PLATFORM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Variants):
    """Base of the message dataclasses. message_id: the business type; sub_type: 0 where there is none."""

    message_id: ClassVar[int] = 0
    sub_type: ClassVar[int] = 0
    WRAPPERS: ClassVar[Mapping[Edition, Wrapper]] = _NONE

    def encode(self, edition: AnyEdition = "2011", outer: Scope | None = None) -> bytes:
        """The body, wrapper included. Raises `EncodeError` for a value that does not fit its field."""
        wrapper = self.WRAPPERS["2019" if edition == "2019" else "2011"]
        plate, color = getattr(self, "plate", None), getattr(self, "color", None)
        data = Record.encode(self, edition, outer)
        return wrap(Wrapped(self.sub_type, data, plate, color, wrapper), edition)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleMessage(Message):
    """About one vehicle, named by plate and plate colour."""

    WRAPPERS: ClassVar[Mapping[Edition, Wrapper]] = _VEHICLE
    plate: Plate
    color: Color


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMessage(VehicleMessage):
    """An answer without data; 2019 puts what it answers before the length."""

    WRAPPERS: ClassVar[Mapping[Edition, Wrapper]] = _SOURCE
    source_type: NewTypeId = None
    source_sequence: NewDWord = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformMessage(Message):
    """Between platforms, about no vehicle."""

    WRAPPERS: ClassVar[Mapping[Edition, Wrapper]] = _PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class MaybeVehicleMessage(Message):
    """About a vehicle that the wrapper names in some layouts and not in others."""

    plate: Annotated[str | None, PLATE_TEXT, OUTSIDE] = None
    color: Annotated[int | None, COLOR_CODE, OUTSIDE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMessage(MaybeVehicleMessage):
    """About an alarm: of a vehicle in the wrapper in 2011; 2019 has the vehicle among the fields, or not."""

    WRAPPERS: ClassVar[Mapping[Edition, Wrapper]] = _ALARM


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A business type or sub type this program does not read; the data as they came."""

    message_id: int
    sub_type: int
    data: bytes
    plate: str | None = None
    color: int | None = None
    wrapper: Wrapper = Wrapper.NONE

    def encode(self, edition: AnyEdition = "2011") -> bytes:
        """The body as it came."""
        return wrap(Wrapped(self.sub_type, self.data, self.plate, self.color, self.wrapper), edition)
