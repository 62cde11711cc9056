"""Pictures, sound and video (JT/T 808-2013, 8.50-8.57; 2019, 8.42-8.49)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.errors import TruncatedError
from stream.jt808.header import Edition
from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import MOMENT, REST_DATA, U8, U16, U32, Number
from stream.jt808.layout import IfLeft, Record, Scope, When
from stream.jt808.messages.base import Message
from stream.jt808.messages.position import BASE_BYTES, POSITION_BASE, PositionReport
from stream.jt808.oddities import Oddity
from stream.jt808.reader import Reader

_TYPES = {0: "image", 1: "audio", 2: "video"}
_FORMATS = {0: "JPEG", 1: "TIF", 2: "MP3", 3: "WAV", 4: "WMV"}
_EVENTS = {
    **{0: "platform command", 1: "timer", 2: "robbery", 3: "collision or rollover", 4: "door open"},
    **{5: "door close", 6: "door closing above 20 km/h", 7: "distance"},
}
_RATES = {0: "8K", 1: "11K", 2: "23K", 3: "32K"}
_MEDIA_TYPE, _EVENT = Number(1, names=_TYPES), Number(1, names=_EVENTS)
_DELETE = Number(1, names={0: "keep", 1: "delete"})
_SAVE = Number(1, names={0: "upload", 1: "save"})
_COMMAND = Number(2, names={0: "stop", 0xFFFF: "video"})
_HEAD_BYTES, _HEAD_2011_BYTES = 8, 16


@dataclass(frozen=True, slots=True)
class MediaEvent(Message):
    """0x0800.

    media_type: 0 image, 1 audio, 2 video. media_format: 0 JPEG, 1 TIF, 2 MP3, 3 WAV, 4 WMV. event: 0 command,
    1 timer, 2 robbery, 3 collision or rollover, 4 door open, 5 door close, 6 door closing above 20 km/h,
    7 distance.
    """

    message_id: ClassVar[int] = 0x0800
    media_id: Annotated[int, U32]
    media_type: Annotated[int, _MEDIA_TYPE]
    media_format: Annotated[int, Number(1, names=_FORMATS)]
    event: Annotated[int, _EVENT]
    channel: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class MediaData(Message):
    """0x0801: what 0x0800 says, where it was taken (2013 and later), and the data.

    The layout of 2011 has total_packages and package instead of the position.
    """

    message_id: ClassVar[int] = 0x0801
    wire_order: ClassVar = {
        "2011": ("media", "total_packages", "package", "data"),
        "2013": ("media", "position", "data"),
        "2019": ("media", "position", "data"),
    }
    media: Annotated[MediaEvent, Nested(MediaEvent)]
    position: Annotated[PositionReport | None, POSITION_BASE]
    data: Annotated[bytes, REST_DATA]
    total_packages: Annotated[int, U32] = 0
    package: Annotated[int, U32] = 0

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """2011 only where nothing else is possible: too short for a position. Raises `TruncatedError`."""
        if edition == "2011" or _HEAD_2011_BYTES <= reader.left < _HEAD_BYTES + BASE_BYTES:
            reader.note(Oddity.OTHER_EDITION_BODY)
            return "2011"
        if reader.left < _HEAD_BYTES + BASE_BYTES:
            raise TruncatedError(f"{reader.left} bytes, media and position need {_HEAD_BYTES + BASE_BYTES}")
        return edition

    def variant_for(self, edition: Edition) -> str:
        """2011 where there is no position."""
        return "2011" if self.position is None else "2013"


class _Missing(Counted[int]):
    """Nothing stands for no package, but in 2011, which always states the number."""

    def write(self, value: Sequence[int], name: str, scope: Scope) -> bytes:
        return super().write(value, name, scope) or bytes(self.count_bytes * (scope.variant == "2011"))


@dataclass(frozen=True, slots=True)
class MediaResponse(Message):
    """0x8800: the data of a media id have come, or these packages are missing. reply_serial: 2011 only."""

    message_id: ClassVar[int] = 0x8800
    wire_order: ClassVar = {
        "2011": ("reply_serial", "media_id", "missing"),
        "2013": ("media_id", "missing"),
        "2019": ("media_id", "missing"),
    }
    media_id: Annotated[int, U32]
    missing: Annotated[tuple[int, ...], _Missing(1, U16, omit_empty=True)] = ()
    reply_serial: Annotated[int, U16] = 0


@dataclass(frozen=True, slots=True)
class ShootCommand(Message):
    """0x8801, shoot now. command: 0 stop, 0xFFFF video, else that many photos. interval_s: between photos, or
    seconds of video. save: 1 keep, 0 send at once. resolution: 1 320x240 to 8 704x576 (2019: 0 lowest, 0xFF
    highest). Channels 0x64 and 0x65 are ADAS and DSM of active safety.
    """

    message_id: ClassVar[int] = 0x8801
    channel: Annotated[int, U8]
    command: Annotated[int, _COMMAND]
    interval_s: Annotated[int, U16] = 0
    save: Annotated[int, _SAVE] = 0
    resolution: Annotated[int, U8] = 1
    quality: Annotated[int, U8] = 5
    brightness: Annotated[int, U8] = 127
    contrast: Annotated[int, U8] = 63
    saturation: Annotated[int, U8] = 63
    chroma: Annotated[int, U8] = 127


def _lists_media(scope: Scope) -> bool:
    """With result 0; with another some terminals state that there are none, which is read."""
    return scope["result"] == 0 or "media_ids" not in scope.values or bool(scope["media_ids"])


@dataclass(frozen=True, slots=True)
class ShootResponse(Message):
    """0x0805, answer to 0x8801. result: 0 ok, 1 failure, 2 channel not supported; media_ids only with 0."""

    message_id: ClassVar[int] = 0x0805
    reply_serial: Annotated[int, U16]
    result: Annotated[int, Number(1, names={0: "ok", 1: "failure", 2: "channel not supported"})]
    media_ids: Annotated[tuple[int, ...], Counted(2, U32), When(_lists_media), IfLeft()] = ()


@dataclass(frozen=True, slots=True)
class MediaSearch(Message):
    """0x8802, which media the terminal has stored. Twelve zeros as start and end: any time."""

    message_id: ClassVar[int] = 0x8802
    media_type: Annotated[int, _MEDIA_TYPE]
    channel: Annotated[int, U8]
    event: Annotated[int, _EVENT]
    start: Annotated[str, MOMENT] = "000000000000"
    end: Annotated[str, MOMENT] = "000000000000"


@dataclass(frozen=True, slots=True)
class StoredMedia(Record):
    """One medium stored. The channel stands before the event here."""

    media_id: Annotated[int, U32]
    media_type: Annotated[int, _MEDIA_TYPE]
    channel: Annotated[int, U8]
    event: Annotated[int, _EVENT]
    position: Annotated[PositionReport, POSITION_BASE]


@dataclass(frozen=True, slots=True)
class MediaSearchResponse(Message):
    """0x0802, answer to 0x8802."""

    message_id: ClassVar[int] = 0x0802
    reply_serial: Annotated[int, U16]
    media: Annotated[tuple[StoredMedia, ...], Counted(2, Nested(StoredMedia))]


@dataclass(frozen=True, slots=True)
class MediaUpload(Message):
    """0x8803, send stored media. delete: 1 after sending."""

    message_id: ClassVar[int] = 0x8803
    media_type: Annotated[int, _MEDIA_TYPE]
    channel: Annotated[int, U8]
    event: Annotated[int, _EVENT]
    start: Annotated[str, MOMENT] = "000000000000"
    end: Annotated[str, MOMENT] = "000000000000"
    delete: Annotated[int, _DELETE] = 0


@dataclass(frozen=True, slots=True)
class RecordCommand(Message):
    """0x8804. command: 0 stop, 1 start. duration_s: 0 until stopped. sample_rate: 0 8K, 1 11K, 2 23K,
    3 32K.
    """

    message_id: ClassVar[int] = 0x8804
    command: Annotated[int, Number(1, names={0: "stop", 1: "start"})]
    duration_s: Annotated[int, U16] = 0
    save: Annotated[int, _SAVE] = 0
    sample_rate: Annotated[int, Number(1, names=_RATES)] = 0


@dataclass(frozen=True, slots=True)
class SingleMediaUpload(Message):
    """0x8805, send one stored medium; 2013 and 2019. delete: 1 after sending."""

    message_id: ClassVar[int] = 0x8805
    media_id: Annotated[int, U32]
    delete: Annotated[int, _DELETE] = 0
