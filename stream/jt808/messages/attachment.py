"""Evidence files of active safety: who sends what to whom (T/JSATL 12-2017, 4.5-4.6, 5.5-5.7).

The provinces differ in the lengths of the alarm identifier and of the terminal id before it; the length of
the body tells which. The data of the files themselves are no messages: `stream.jt808.attachment_stream`.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.alarm_identifier import IDENTIFIER, TERMINAL_ID_BYTES
from stream.jt808.attachment_layout import ALARM_NUMBER_BYTES, file_list_layout
from stream.jt808.errors import LengthError
from stream.jt808.header import Edition
from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import SHORT_TEXT, U16, U32, FixedData, FixedText, Number
from stream.jt808.layout import Record
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader

_RESERVED_BYTES = 16
_FILE_TYPES = {0: "image", 1: "audio", 2: "video", 3: "text", 4: "other"}
_FILE_TYPE = Number(1, names=_FILE_TYPES)
DONE, SEND_AGAIN = 0, 1


@dataclass(frozen=True, slots=True)
class AttachmentRequest(Message):
    """0x9208, to the terminal: send the files of an alarm to this server.

    alarm_identifier: as the terminal sent it. alarm_number: the platform's own, up to 32 bytes, unique.
    """

    message_id: ClassVar[int] = 0x9208
    server_address: Annotated[str, SHORT_TEXT]
    tcp_port: Annotated[int, U16]
    udp_port: Annotated[int, U16]
    alarm_identifier: Annotated[bytes, IDENTIFIER]
    alarm_number: Annotated[str, FixedText(ALARM_NUMBER_BYTES)]
    reserved: Annotated[bytes, FixedData(_RESERVED_BYTES)] = bytes(_RESERVED_BYTES)

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """The identifier is what the fixed fields leave. Raises `LengthError` if that is none."""
        body = reader.ahead()
        fixed = 1 + (body[0] if body else 0) + 4 + ALARM_NUMBER_BYTES + _RESERVED_BYTES
        if len(body) - fixed not in TERMINAL_ID_BYTES:
            raise LengthError(f"{len(body)} bytes leave {len(body) - fixed} for the alarm identifier")
        return str(len(body) - fixed)


@dataclass(frozen=True, slots=True)
class AttachmentFile(Record):
    """One file announced. The name is the terminal's and may be anything: never a path."""

    name: Annotated[str, SHORT_TEXT]
    size_bytes: Annotated[int, U32]


@dataclass(frozen=True, slots=True)
class AttachmentList(Message):
    """0x1210, to the attachment server: the files of an alarm. kind: 0 normal, 1 sent again after a break."""

    message_id: ClassVar[int] = 0x1210
    terminal_id: Annotated[str, FixedText(lambda scope: int(scope.variant.split()[1]))]
    alarm_identifier: Annotated[bytes, IDENTIFIER]
    alarm_number: Annotated[str, FixedText(ALARM_NUMBER_BYTES)]
    kind: Annotated[int, Number(1, names={0: "normal", 1: "again"})]
    files: Annotated[tuple[AttachmentFile, ...], Counted(1, Nested(AttachmentFile))]

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """The lengths with which the file list ends the body. Raises `LengthError` if none do."""
        body = reader.ahead()
        layout = file_list_layout(body)
        if layout is None:
            raise LengthError(f"{len(body)} bytes fit no known layout of the attachment list")
        return f"{layout[1]} {layout[0]}"

    def variant_for(self, edition: Edition) -> str:
        """The terminal id as long as inside the identifier, or none if there is none."""
        size = len(self.alarm_identifier)
        width = TERMINAL_ID_BYTES.get(size, 0)
        return f"{size} {width if self.terminal_id or size != 38 else 0}"


@dataclass(frozen=True, slots=True)
class FileAnnouncement(Message):
    """Fields shared by 0x1211 and 0x1212. file_type: 0 image, 1 audio, 2 video, 3 text, 4 other."""

    name: Annotated[str, SHORT_TEXT]
    file_type: Annotated[int, _FILE_TYPE]
    size_bytes: Annotated[int, U32]


@dataclass(frozen=True, slots=True)
class FileStart(FileAnnouncement):
    """0x1211: the data of this file follow."""

    message_id: ClassVar[int] = 0x1211


@dataclass(frozen=True, slots=True)
class FileEnd(FileAnnouncement):
    """0x1212: all data of this file have been sent."""

    message_id: ClassVar[int] = 0x1212


@dataclass(frozen=True, slots=True)
class MissingRange(Record):
    """Bytes that have not come."""

    offset: Annotated[int, U32]
    length: Annotated[int, U32]


@dataclass(frozen=True, slots=True)
class FileEndResponse(Message):
    """0x9212, answer to 0x1212. result: 0 done, 1 send the missing ranges again."""

    message_id: ClassVar[int] = 0x9212
    name: Annotated[str, SHORT_TEXT]
    file_type: Annotated[int, _FILE_TYPE]
    result: Annotated[int, Number(1, names={DONE: "done", SEND_AGAIN: "send again"})]
    missing: Annotated[tuple[MissingRange, ...], Counted(1, Nested(MissingRange))] = ()
