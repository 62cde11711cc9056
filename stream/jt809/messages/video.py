"""Signalling of video between platforms (JT/T 1078-2016, chapter 10): the media themselves are not read.

Layouts that test vectors show are marked so in `docs/protocols/jt809.md`; the others follow the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import FixedData, FixedText
from stream.jt808.layout import Record
from stream.jt809.messages.base import VehicleMessage
from stream.jt809.words import Byte, DWord, LongWord, PlatformId, Time, Word

_Code = Annotated[str, FixedText(64)]
_Ip = Annotated[str, FixedText(32)]
# Where the vehicle was within five minutes of entering another region: 36 bytes, zeros from its own region.
_Place = Annotated[bytes, FixedData(36)]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCodes(VehicleMessage):
    """0x1701: codes for access to video, for the own region and for others."""

    message_id: ClassVar[int] = 0x1700
    sub_type: ClassVar[int] = 0x1701
    platform_id: PlatformId
    authorize_code: _Code
    authorize_code_outside: _Code


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCodesResponse(VehicleMessage):
    """0x1702."""

    message_id: ClassVar[int] = 0x1700
    sub_type: ClassVar[int] = 0x1702


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCodesRequest(VehicleMessage):
    """0x9702."""

    message_id: ClassVar[int] = 0x9700
    sub_type: ClassVar[int] = 0x9702


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVideoResponse(VehicleMessage):
    """0x1801, answer to 0x9801: where to ask for the stream."""

    message_id: ClassVar[int] = 0x1800
    sub_type: ClassVar[int] = 0x1801
    result: Byte
    server_ip: _Ip
    server_port: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVideoEndResponse(VehicleMessage):
    """0x1802, answer to 0x9802."""

    message_id: ClassVar[int] = 0x1800
    sub_type: ClassVar[int] = 0x1802
    result: Byte


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVideoRequest(VehicleMessage):
    """0x9801. av_type: 0 both, 1 sound, 2 video."""

    message_id: ClassVar[int] = 0x9800
    sub_type: ClassVar[int] = 0x9801
    channel: Byte
    av_type: Byte
    authorize_code: _Code
    gnss_data: _Place


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVideoEnd(VehicleMessage):
    """0x9802."""

    message_id: ClassVar[int] = 0x9800
    sub_type: ClassVar[int] = 0x9802
    channel: Byte
    av_type: Byte


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFile(Record):
    """One file in a terminal. alarm_bits: alarms it was taken for."""

    channel: Byte
    start_time: Time
    end_time: Time
    alarm_bits: LongWord
    av_type: Byte
    stream_type: Byte
    memory_type: Byte
    size_bytes: DWord


_Files = Annotated[tuple[VideoFile, ...], Counted(4, Nested(VideoFile))]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFiles(VehicleMessage):
    """0x1901: the files in a terminal, unasked."""

    message_id: ClassVar[int] = 0x1900
    sub_type: ClassVar[int] = 0x1901
    files: _Files


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFilesResponse(VehicleMessage):
    """0x1902, answer to 0x9902."""

    message_id: ClassVar[int] = 0x1900
    sub_type: ClassVar[int] = 0x1902
    result: Byte
    files: _Files


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFilesReceived(VehicleMessage):
    """0x9901, answer to 0x1901."""

    message_id: ClassVar[int] = 0x9900
    sub_type: ClassVar[int] = 0x9901
    result: Byte
    count: Byte


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFilesRequest(VehicleMessage):
    """0x9902."""

    message_id: ClassVar[int] = 0x9900
    sub_type: ClassVar[int] = 0x9902
    channel: Byte
    start_time: Time
    end_time: Time
    alarm_bits: LongWord
    av_type: Byte
    stream_type: Byte
    memory_type: Byte
    authorize_code: _Code
    gnss_data: _Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackResponse(VehicleMessage):
    """0x1A01, answer to 0x9A01."""

    message_id: ClassVar[int] = 0x1A00
    sub_type: ClassVar[int] = 0x1A01
    server_ip: _Ip
    server_port: Word
    result: Byte


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackControlResponse(VehicleMessage):
    """0x1A02, answer to 0x9A02."""

    message_id: ClassVar[int] = 0x1A00
    sub_type: ClassVar[int] = 0x1A02
    result: Byte


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackRequest(VehicleMessage):
    """0x9A01."""

    message_id: ClassVar[int] = 0x9A00
    sub_type: ClassVar[int] = 0x9A01
    channel: Byte
    av_type: Byte
    stream_type: Byte
    memory_type: Byte
    start_time: Time
    end_time: Time
    authorize_code: _Code
    gnss_data: _Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackControl(VehicleMessage):
    """0x9A02.

    control: 0 play, 1 pause, 2 end, 3 fast forward, 4 back by key frames, 5 go to the time, 6 key frames.
    """

    message_id: ClassVar[int] = 0x9A00
    sub_type: ClassVar[int] = 0x9A02
    control: Byte
    speed: Byte
    time: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadResponse(VehicleMessage):
    """0x1B01, answer to 0x9B01."""

    message_id: ClassVar[int] = 0x1B00
    sub_type: ClassVar[int] = 0x1B01
    result: Byte
    session_id: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadReady(VehicleMessage):
    """0x1B02: where a file can be fetched by FTP."""

    message_id: ClassVar[int] = 0x1B00
    sub_type: ClassVar[int] = 0x1B02
    result: Byte
    session_id: Word
    server_ip: _Ip
    server_port: Word
    user: Annotated[str, FixedText(49)]
    password: Annotated[str, FixedText(22)]
    path: Annotated[str, FixedText(200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadControlResponse(VehicleMessage):
    """0x1B03, answer to 0x9B03."""

    message_id: ClassVar[int] = 0x1B00
    sub_type: ClassVar[int] = 0x1B03
    result: Byte


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest(VehicleMessage):
    """0x9B01."""

    message_id: ClassVar[int] = 0x9B00
    sub_type: ClassVar[int] = 0x9B01
    channel: Byte
    start_time: Time
    end_time: Time
    alarm_bits: LongWord
    av_type: Byte
    stream_type: Byte
    memory_type: Byte
    size_bytes: DWord
    authorize_code: _Code
    gnss_data: _Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadReceived(VehicleMessage):
    """0x9B02, answer to 0x1B02."""

    message_id: ClassVar[int] = 0x9B00
    sub_type: ClassVar[int] = 0x9B02
    result: Byte
    session_id: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadControl(VehicleMessage):
    """0x9B03. control: 0 pause, 1 go on, 2 cancel."""

    message_id: ClassVar[int] = 0x9B00
    sub_type: ClassVar[int] = 0x9B03
    session_id: Word
    control: Byte
