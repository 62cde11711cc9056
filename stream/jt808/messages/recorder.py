"""Driving recorder data (JT/T 808-2013, 8.43, 8.44; GB/T 19056): carried through, not read."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.kinds import REST_DATA, U16, Number
from stream.jt808.messages.base import Message

_COMMAND = Number(1, hexadecimal=True)


@dataclass(frozen=True, slots=True)
class RecorderQuery(Message):
    """0x8700. command: a word of GB/T 19056. data: its block, if it has one."""

    message_id: ClassVar[int] = 0x8700
    command: Annotated[int, _COMMAND]
    data: Annotated[bytes, REST_DATA] = b""


@dataclass(frozen=True, slots=True)
class RecorderData(Message):
    """0x0700, answer to 0x8700. data: the block of GB/T 19056 as the recorder gave it."""

    message_id: ClassVar[int] = 0x0700
    reply_serial: Annotated[int, U16]
    command: Annotated[int, _COMMAND]
    data: Annotated[bytes, REST_DATA]


@dataclass(frozen=True, slots=True)
class RecorderParameters(Message):
    """0x8701, sends parameters down to the recorder."""

    message_id: ClassVar[int] = 0x8701
    command: Annotated[int, _COMMAND]
    data: Annotated[bytes, REST_DATA]
