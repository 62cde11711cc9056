"""Video signalling of JT/T 1078-2016: the messages only, never the media themselves."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import MOMENT, SHORT_TEXT, U8, U16, U32, Number
from stream.jt808.layout import Record
from stream.jt808.messages.base import Message

_DATA_TYPES = {
    **{0: "audio and video", 1: "video", 2: "two-way talk", 3: "listening", 4: "broadcast", 5: "data"},
}
_MEDIA_TYPES = {0: "audio and video", 1: "audio", 2: "video", 3: "video or audio and video"}
_CONTROLS = {0: "close", 1: "switch stream", 2: "pause", 3: "resume", 4: "close two-way talk"}
_CLOSE_TYPES = {0: "audio and video", 1: "audio", 2: "video"}
_PLAYBACK = {0: "normal", 1: "fast forward", 2: "key frames backward", 3: "key frames", 4: "one frame"}
_PLAYBACK_CONTROLS = {
    **{0: "start", 1: "pause", 2: "end", 3: "fast forward", 4: "key frames backward", 5: "drag"},
    **{6: "key frames"},
}
_SAMPLE_RATE = Number(1, names={0: "8 kHz", 1: "22.05 kHz", 2: "44.1 kHz", 3: "48 kHz"})
_STREAM = Number(1, names={0: "main or all", 1: "main or sub", 2: "sub"})
_STORAGE = Number(1, names={0: "main or disaster", 1: "main", 2: "disaster"})
_MEDIA_TYPE = Number(1, names=_MEDIA_TYPES)
_SWITCH = Number(1, names={0: "stop", 1: "start"})
_ALARM_BITS = Number(8)


@dataclass(frozen=True, slots=True)
class VideoAttributes(Message):
    """0x1003, answer to 0x9003. Codes of encodings: JT/T 1078-2016, table 12."""

    message_id: ClassVar[int] = 0x1003
    audio_encoding: Annotated[int, U8]
    audio_channels: Annotated[int, U8]
    audio_sample_rate: Annotated[int, _SAMPLE_RATE]
    audio_sample_bits: Annotated[int, Number(1, names={0: "8 bits", 1: "16 bits", 2: "32 bits"})]
    audio_frame_bytes: Annotated[int, U16]
    audio_output: Annotated[int, Number(1, names={0: "no", 1: "yes"})]
    video_encoding: Annotated[int, U8]
    max_audio_channels: Annotated[int, U8]
    max_video_channels: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class PassengerFlow(Message):
    """0x1005: who got on and off from start to end (12 digits YYMMDDhhmmss)."""

    message_id: ClassVar[int] = 0x1005
    start: Annotated[str, MOMENT]
    end: Annotated[str, MOMENT]
    boarded: Annotated[int, U16]
    alighted: Annotated[int, U16]


@dataclass(frozen=True, slots=True)
class VideoAttributesQuery(Message):
    """0x9003; no body."""

    message_id: ClassVar[int] = 0x9003


@dataclass(frozen=True, slots=True)
class LiveVideoRequest(Message):
    """0x9101: send live media to this server. stream: 0 main, 1 sub."""

    message_id: ClassVar[int] = 0x9101
    server_address: Annotated[str, SHORT_TEXT]
    tcp_port: Annotated[int, U16]
    udp_port: Annotated[int, U16]
    channel: Annotated[int, U8]
    data_type: Annotated[int, Number(1, names=_DATA_TYPES)]
    stream: Annotated[int, Number(1, names={0: "main", 1: "sub"})]


@dataclass(frozen=True, slots=True)
class LiveVideoControl(Message):
    """0x9102. command: 0 close, 1 switch stream, 2 pause, 3 resume, 4 close two-way talk."""

    message_id: ClassVar[int] = 0x9102
    channel: Annotated[int, U8]
    command: Annotated[int, Number(1, names=_CONTROLS)]
    close_type: Annotated[int, Number(1, names=_CLOSE_TYPES)] = 0
    stream: Annotated[int, Number(1, names={0: "main", 1: "sub"})] = 0


@dataclass(frozen=True, slots=True)
class LiveVideoStatus(Message):
    """0x9105: how much of what a terminal sends is lost."""

    message_id: ClassVar[int] = 0x9105
    channel: Annotated[int, U8]
    packet_loss_percent: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class PlaybackRequest(Message):
    """0x9201: play stored media to this server. speed: 0 as it comes, 1, 2, 4, 8, 16 times by the code."""

    message_id: ClassVar[int] = 0x9201
    server_address: Annotated[str, SHORT_TEXT]
    tcp_port: Annotated[int, U16]
    udp_port: Annotated[int, U16]
    channel: Annotated[int, U8]
    media_type: Annotated[int, _MEDIA_TYPE]
    stream: Annotated[int, _STREAM]
    storage: Annotated[int, _STORAGE]
    playback: Annotated[int, Number(1, names=_PLAYBACK)]
    speed: Annotated[int, U8]
    start: Annotated[str, MOMENT]
    end: Annotated[str, MOMENT]


@dataclass(frozen=True, slots=True)
class PlaybackControl(Message):
    """0x9202. position: where a drag goes to, 12 digits."""

    message_id: ClassVar[int] = 0x9202
    channel: Annotated[int, U8]
    control: Annotated[int, Number(1, names=_PLAYBACK_CONTROLS)]
    speed: Annotated[int, U8]
    position: Annotated[str, MOMENT]


@dataclass(frozen=True, slots=True)
class ResourceQuery(Message):
    """0x9205: which recordings are there. alarm_bits: 32 bits of 0x0200 above, those of item 0x14 below."""

    message_id: ClassVar[int] = 0x9205
    channel: Annotated[int, U8]
    start: Annotated[str, MOMENT]
    end: Annotated[str, MOMENT]
    alarm_bits: Annotated[int, _ALARM_BITS]
    media_type: Annotated[int, _MEDIA_TYPE]
    stream: Annotated[int, _STREAM]
    storage: Annotated[int, _STORAGE]


@dataclass(frozen=True, slots=True)
class Resource(Record):
    """One recording."""

    channel: Annotated[int, U8]
    start: Annotated[str, MOMENT]
    end: Annotated[str, MOMENT]
    alarm_bits: Annotated[int, _ALARM_BITS]
    media_type: Annotated[int, _MEDIA_TYPE]
    stream: Annotated[int, _STREAM]
    storage: Annotated[int, _STORAGE]
    size_bytes: Annotated[int, U32]


@dataclass(frozen=True, slots=True)
class ResourceList(Message):
    """0x1205, answer to 0x9205."""

    message_id: ClassVar[int] = 0x1205
    reply_serial: Annotated[int, U16]
    resources: Annotated[tuple[Resource, ...], Counted(4, Nested(Resource))]


@dataclass(frozen=True, slots=True)
class FileUploadRequest(Message):
    """0x9206: put recordings on an FTP server. conditions: bit 0 Wi-Fi, 1 LAN, 2 mobile network."""

    message_id: ClassVar[int] = 0x9206
    server_address: Annotated[str, SHORT_TEXT]
    port: Annotated[int, U16]
    user: Annotated[str, SHORT_TEXT]
    password: Annotated[str, SHORT_TEXT]
    path: Annotated[str, SHORT_TEXT]
    channel: Annotated[int, U8]
    start: Annotated[str, MOMENT]
    end: Annotated[str, MOMENT]
    alarm_bits: Annotated[int, _ALARM_BITS]
    media_type: Annotated[int, _MEDIA_TYPE]
    stream: Annotated[int, _STREAM]
    storage: Annotated[int, _STORAGE]
    conditions: Annotated[int, Number(1, bits={0: "wi-fi", 1: "lan", 2: "mobile network"})]


@dataclass(frozen=True, slots=True)
class FileUploadResult(Message):
    """0x1206, how the upload of 0x9206 ended. result: 0 ok, 1 failure."""

    message_id: ClassVar[int] = 0x1206
    reply_serial: Annotated[int, U16]
    result: Annotated[int, Number(1, names={0: "ok", 1: "failure"})]


@dataclass(frozen=True, slots=True)
class FileUploadControl(Message):
    """0x9207. control: 0 pause, 1 continue, 2 cancel."""

    message_id: ClassVar[int] = 0x9207
    reply_serial: Annotated[int, U16]
    control: Annotated[int, Number(1, names={0: "pause", 1: "continue", 2: "cancel"})]


@dataclass(frozen=True, slots=True)
class CradleRotation(Message):
    """0x9301. direction: 0 stop, 1 up, 2 down, 3 left, 4 right. speed: 0-255."""

    message_id: ClassVar[int] = 0x9301
    channel: Annotated[int, U8]
    direction: Annotated[int, Number(1, names={0: "stop", 1: "up", 2: "down", 3: "left", 4: "right"})]
    speed: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class CradleFocus(Message):
    """0x9302. direction: 0 longer, 1 shorter."""

    message_id: ClassVar[int] = 0x9302
    channel: Annotated[int, U8]
    direction: Annotated[int, Number(1, names={0: "longer", 1: "shorter"})]


@dataclass(frozen=True, slots=True)
class CradleIris(Message):
    """0x9303. direction: 0 wider, 1 narrower."""

    message_id: ClassVar[int] = 0x9303
    channel: Annotated[int, U8]
    direction: Annotated[int, Number(1, names={0: "wider", 1: "narrower"})]


@dataclass(frozen=True, slots=True)
class CradleWiper(Message):
    """0x9304. command: 0 stop, 1 start."""

    message_id: ClassVar[int] = 0x9304
    channel: Annotated[int, U8]
    command: Annotated[int, _SWITCH]


@dataclass(frozen=True, slots=True)
class CradleLight(Message):
    """0x9305, infrared light. command: 0 stop, 1 start."""

    message_id: ClassVar[int] = 0x9305
    channel: Annotated[int, U8]
    command: Annotated[int, _SWITCH]


@dataclass(frozen=True, slots=True)
class CradleZoom(Message):
    """0x9306. direction: 0 larger, 1 smaller."""

    message_id: ClassVar[int] = 0x9306
    channel: Annotated[int, U8]
    direction: Annotated[int, Number(1, names={0: "larger", 1: "smaller"})]
