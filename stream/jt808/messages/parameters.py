"""Terminal parameters (JT/T 808-2013, 8.9-8.12 and table 12; 2019, 8.9-8.12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; the type of the value depends on the id."""

    parameter_id: int
    value: bytes


def _read_parameters(reader: Reader, count: int) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(reader.u32("parameter_id"), reader.take(reader.u8("parameter length"), "parameter"))
        for _ in range(count)
    )


def _pack_parameters(parameters: tuple[Parameter, ...]) -> bytes:
    parts = [pack(len(parameters), 1, "count")]
    for parameter in parameters:
        size = pack(len(parameter.value), 1, "parameter length")
        parts.append(pack(parameter.parameter_id, 4, "parameter_id") + size + parameter.value)
    return b"".join(parts)


@dataclass(frozen=True, slots=True)
class SetParameters(Message):
    """0x8103."""

    message_id: ClassVar[int] = 0x8103
    parameters: tuple[Parameter, ...]

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2011 states the number of parameters in this package after the number of all."""
        count = reader.u8("count")
        if edition == "2011":
            count = reader.u8("count in this package")
        return cls(_read_parameters(reader, count))

    def encode(self, edition: Edition = "2013") -> bytes:
        """2011 states the number of parameters in this package after the number of all."""
        body = _pack_parameters(self.parameters)
        return body[:1] + body if edition == "2011" else body


@dataclass(frozen=True, slots=True)
class ParameterQuery(Message):
    """0x8106, query of some parameters."""

    message_id: ClassVar[int] = 0x8106
    parameter_ids: tuple[int, ...]

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2013 and 2019."""
        return cls(tuple(reader.u32("parameter_id") for _ in range(reader.u8("count"))))

    def encode(self, edition: Edition = "2013") -> bytes:
        """2013 and 2019."""
        ids = b"".join(pack(number, 4, "parameter_id") for number in self.parameter_ids)
        return pack(len(self.parameter_ids), 1, "count") + ids


@dataclass(frozen=True, slots=True)
class ParameterResponse(Message):
    """0x0104, answer to 0x8104 and 0x8106."""

    message_id: ClassVar[int] = 0x0104
    reply_serial: int
    parameters: tuple[Parameter, ...]

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        serial = reader.u16("reply_serial")
        return cls(serial, _read_parameters(reader, reader.u8("count")))

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        return pack(self.reply_serial, 2, "reply_serial") + _pack_parameters(self.parameters)
