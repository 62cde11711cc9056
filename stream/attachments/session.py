"""One link of the attachment server without its socket: bytes in, events out; any cut gives the same events.

Control frames and file chunks share the link (T/JSATL 12-2017, 6.3). What comes next is told by its first
byte, 0x7e or 0x30; of a chunk exactly 62 + length bytes are taken, and no 0x7e is looked for inside. A chunk
is handed on in the pieces in which it arrives, so that its length is no claim on memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from stream.attachments.control import (
    FILE_ANSWER,
    FILE_END,
    FILE_HEAD,
    FILE_LIST,
    FileHead,
    FileList,
    file_answer,
    read_file_head,
    read_file_list,
)
from stream.jt808.assembly import Assembler
from stream.jt808.attachment_stream import HEAD_BYTES, MAGIC, NAME_BYTES
from stream.jt808.errors import ProtocolError
from stream.jt808.frame import decode_frame, encode_frame
from stream.jt808.framing import FLAG, MAX_FRAME_BYTES
from stream.jt808.header import Header
from stream.jt808.messages import PlatformGeneralResponse, Result

MAX_BAD_FRAMES = 16
MAX_JUNK_BYTES = 4096
"""Noise of a radio link is forgiven; a peer that speaks something else is not read for ever."""

_MAX_LIST_BYTES = 64 * 1024
"""Packages of one list kept: 255 files with the longest names fill one."""


@dataclass(frozen=True, slots=True)
class ListCame:
    """0x1210."""

    header: Header
    message: FileList


@dataclass(frozen=True, slots=True)
class HeadCame:
    """0x1211."""

    header: Header
    message: FileHead


@dataclass(frozen=True, slots=True)
class EndCame:
    """0x1212."""

    header: Header
    message: FileHead


@dataclass(frozen=True, slots=True)
class PieceCame:
    """Bytes of a file at their offset; `name` is the chunk's field without its padding, cut at 50 bytes."""

    name: bytes
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class OtherCame:
    """Any other message, or a package of one that is not whole yet; `result` is what 0x8001 is to say."""

    header: Header
    result: Result


@dataclass(frozen=True, slots=True)
class Fault:
    """Bytes that are not of this protocol. When `fatal` the link is out of step and nothing more is read."""

    code: str
    text: str
    fatal: bool


Event = ListCame | HeadCame | EndCame | PieceCame | OtherCame | Fault

_HEARTBEAT = 0x0002


class AttachmentSession:
    """Mutable. `max_chunk_bytes`: a longer one is no chunk but a link out of step."""

    def __init__(self, max_chunk_bytes: int) -> None:
        self._max_chunk_bytes = max_chunk_bytes
        self._kept = b""
        self._events: list[Event] = []
        self._chunk_name = b""
        self._chunk_offset = 0
        self._chunk_left = 0
        self._behind_flag = False
        self._bad_frames = 0
        self._junk_bytes = 0
        self._in_junk = False
        self._serial = 0
        self._assembler = Assembler(_MAX_LIST_BYTES)
        self.dead = False

    def receive_data(self, data: bytes) -> list[Event]:
        """Take the next bytes of the link; return what they complete, in order."""
        self._events = []
        data, self._kept = self._kept + data, b""
        at = 0
        while at < len(data) and not self.dead:
            taken = self._take_chunk(data, at) if self._chunk_left else self._take_next(data, at)
            if not taken:
                self._kept = data[at:]
                break
            at += taken
        return self._events

    def general_answer(self, header: Header, result: Result) -> bytes:
        """0x8001 to a message."""
        body = PlatformGeneralResponse(header.serial, header.message_id, result)
        return self._frame(header, body.message_id, body.encode(header.edition))

    def file_answer(self, header: Header, head: FileHead, missing: list[tuple[int, int]]) -> bytes:
        """0x9212 to the end of a file."""
        return self._frame(header, FILE_ANSWER, file_answer(head, missing))

    def _frame(self, header: Header, message_id: int, body: bytes) -> bytes:
        serial, self._serial = self._serial, (self._serial + 1) & 0xFFFF
        return encode_frame(message_id, header.phone, serial, body, header.edition)

    def _take_next(self, data: bytes, at: int) -> int:
        """How many bytes the next thing at `at` takes; 0 when its beginning is not all there."""
        first = data[at]
        if first == MAGIC[0]:
            return self._take_chunk_head(data, at)
        if first == FLAG[0]:
            self._behind_flag, self._in_junk = True, False
            return 1
        if self._behind_flag:
            return self._take_frame(data, at)
        return self._take_junk(data, at)

    def _take_junk(self, data: bytes, at: int) -> int:
        """Skip what begins neither a frame nor a chunk, to where one may begin."""
        starts = [place for mark in (FLAG, MAGIC[:1]) if (place := data.find(mark, at + 1)) >= 0]
        taken = min(starts, default=len(data)) - at
        self._junk_bytes += taken
        text = f"{data[at : at + 4].hex(' ')} begins neither a frame nor a chunk"
        if self._junk_bytes > MAX_JUNK_BYTES:
            return self._out_of_step("junk", text)
        if not self._in_junk:
            self._in_junk = True
            self._events.append(Fault("junk", text, False))
        return taken

    def _take_frame(self, data: bytes, at: int) -> int:
        end = data.find(FLAG, at, at + MAX_FRAME_BYTES + 1)
        if end < 0:
            if len(data) - at > MAX_FRAME_BYTES:
                return self._out_of_step("oversize", f"no frame has more than {MAX_FRAME_BYTES} bytes")
            return 0
        try:
            self._on_frame(data[at:end])
        except ProtocolError as error:
            self._bad_frames += 1
            fatal = self.dead = self._bad_frames >= MAX_BAD_FRAMES
            self._events.append(Fault(error.code, str(error), fatal))
        # The closing flag stays: it may open the next frame too, as some terminals have it.
        return end - at

    def _on_frame(self, raw: bytes) -> None:
        frame = decode_frame(raw)
        header, body = frame.header, frame.body
        if header.encryption:
            self._events.append(OtherCame(header, Result.NOT_SUPPORTED))
            return
        if header.total:
            whole = self._assembler.add(header, body)
            if whole is None:
                self._events.append(OtherCame(header, Result.OK))
                return
            body = whole
        self._on_message(header, body)

    def _on_message(self, header: Header, body: bytes) -> None:
        try:
            if header.message_id == FILE_LIST:
                self._events.append(ListCame(header, read_file_list(body)))
            elif header.message_id == FILE_HEAD:
                self._events.append(HeadCame(header, read_file_head(body)))
            elif header.message_id == FILE_END:
                self._events.append(EndCame(header, read_file_head(body)))
            else:
                heartbeat = header.message_id == _HEARTBEAT
                self._events.append(OtherCame(header, Result.OK if heartbeat else Result.NOT_SUPPORTED))
        except ProtocolError:
            self._events.append(OtherCame(header, Result.BAD_MESSAGE))
            raise

    def _take_chunk_head(self, data: bytes, at: int) -> int:
        head = data[at : at + HEAD_BYTES]
        if not MAGIC.startswith(head[:4]) and not head.startswith(MAGIC):
            return self._take_junk(data, at)
        if len(head) < HEAD_BYTES:
            return 0
        length = int.from_bytes(head[58:62])
        if length > self._max_chunk_bytes:
            return self._out_of_step(
                "chunk", f"a chunk of {length} bytes; {self._max_chunk_bytes} are allowed"
            )
        self._chunk_name = head[4 : 4 + NAME_BYTES].rstrip(b"\x00")
        self._chunk_offset = int.from_bytes(head[54:58])
        self._chunk_left = length
        self._behind_flag = self._in_junk = False
        return HEAD_BYTES

    def _take_chunk(self, data: bytes, at: int) -> int:
        piece = data[at : at + self._chunk_left]
        self._events.append(PieceCame(self._chunk_name, self._chunk_offset, piece))
        self._chunk_offset += len(piece)
        self._chunk_left -= len(piece)
        return len(piece)

    def _out_of_step(self, code: str, text: str) -> int:
        self.dead = True
        self._events.append(Fault(code, text, True))
        return 1
