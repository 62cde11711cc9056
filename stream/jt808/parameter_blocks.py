"""Terminal parameters that have fields of their own (JT/T 808-2019, table 12; JT/T 1078-2016, tables 2-8)."""

from dataclasses import dataclass
from typing import Annotated, Self

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.kind_lists import Counted, ListOf, Nested
from stream.jt808.kinds import U8, U16, U32, Digits, Number
from stream.jt808.layout import Record, Scope
from stream.jt808.reader import Reader, pack


@dataclass(frozen=True, slots=True)
class ForbiddenPeriod(Record):
    """0x0032, 2019: no driving from start to end, maybe on the next day. 16 32 0A 1E = 22:50 to 10:30."""

    start_hour: Annotated[int, U8]
    start_minute: Annotated[int, U8]
    end_hour: Annotated[int, U8]
    end_minute: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class CollisionParameters(Record):
    """0x005D. acceleration: tenths of g, 0-79. time: in units of 4 ms in 2013, of 1 ms in 2019."""

    acceleration_dg: Annotated[int, U8]
    time: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class Encoding(Record):
    """How one video stream is encoded (JT/T 1078-2016, table 2)."""

    mode: Annotated[int, Number(1, names={0: "CBR", 1: "VBR", 2: "ABR"})]
    resolution: Annotated[int, U8]
    key_frame_interval: Annotated[int, U16]
    frames_per_s: Annotated[int, U8]
    bit_rate_kbps: Annotated[int, U32]


@dataclass(frozen=True, slots=True)
class VideoParameters(Record):
    """0x0075. osd_bits: what is written into the picture. audio: 0 none, 1 sent."""

    live: Annotated[Encoding, Nested(Encoding)]
    stored: Annotated[Encoding, Nested(Encoding)]
    osd_bits: Annotated[int, U16]
    audio: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class VideoChannel(Record):
    """One channel. channel_type: 0 sound and picture, 1 sound, 2 picture. cradle: 1 can be turned."""

    physical_channel: Annotated[int, U8]
    logical_channel: Annotated[int, U8]
    channel_type: Annotated[int, Number(1, names={0: "audio and video", 1: "audio", 2: "video"})]
    cradle: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class VideoChannelList(Record):
    """0x0076. As many channels follow as the three numbers add up to."""

    audio_video_channels: Annotated[int, U8]
    audio_channels: Annotated[int, U8]
    video_channels: Annotated[int, U8]
    channels: Annotated[tuple[VideoChannel, ...], ListOf(Nested(VideoChannel))]

    @classmethod
    def read(cls, reader: Reader, edition: Edition, outer: Scope | None = None) -> Self:
        """The list has no count of its own."""
        sound_and_picture, sound, picture = (reader.u8(name) for name in ("both", "audio", "video"))
        count = sound_and_picture + sound + picture
        channels = tuple(VideoChannel.read(reader, edition, outer) for _ in range(count))
        return cls(sound_and_picture, sound, picture, channels)

    def encode(self, edition: Edition = "2013", outer: Scope | None = None) -> bytes:
        """Raises `EncodeError` if the numbers do not add up to the channels."""
        counts = (self.audio_video_channels, self.audio_channels, self.video_channels)
        if sum(counts) != len(self.channels):
            raise EncodeError(f"channels: {len(self.channels)} are listed, the numbers say {sum(counts)}")
        head = b"".join(pack(count, 1, "number of channels") for count in counts)
        return head + b"".join(channel.encode(edition) for channel in self.channels)


@dataclass(frozen=True, slots=True)
class VideoOfChannel(Record):
    """The parameters of one channel that differ from 0x0075."""

    logical_channel: Annotated[int, U8]
    live: Annotated[Encoding, Nested(Encoding)]
    stored: Annotated[Encoding, Nested(Encoding)]
    osd_bits: Annotated[int, U16]


@dataclass(frozen=True, slots=True)
class VideoChannels(Record):
    """0x0077."""

    channels: Annotated[tuple[VideoOfChannel, ...], Counted(1, Nested(VideoOfChannel))]


@dataclass(frozen=True, slots=True)
class SpecialAlarmRecording(Record):
    """0x0079. storage_percent: of all storage, for recordings of special alarms."""

    storage_percent: Annotated[int, U8]
    duration_min: Annotated[int, U8]
    before_alarm_min: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class ImageAnalysis(Record):
    """0x007B. approved_persons: above it the bus is overloaded. fatigue_threshold: above it an alarm."""

    approved_persons: Annotated[int, U8]
    fatigue_threshold: Annotated[int, U8]


_MODES = {0: "condition", 1: "timer", 2: "by hand"}
_CONDITIONS = {0: "emergency button", 1: "collision or rollover", 2: "door opened"}
_DAYS = dict(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))


@dataclass(frozen=True, slots=True)
class WakeUp(Record):
    """0x007C. Times are hhmm; there are four periods a day, of which period_bits says the ones in use."""

    mode_bits: Annotated[int, Number(1, bits=_MODES)]
    condition_bits: Annotated[int, Number(1, bits=_CONDITIONS)]
    day_bits: Annotated[int, Number(1, bits=_DAYS)]
    period_bits: Annotated[int, U8]
    wake_1: Annotated[str, Digits(2)]
    sleep_1: Annotated[str, Digits(2)]
    wake_2: Annotated[str, Digits(2)]
    sleep_2: Annotated[str, Digits(2)]
    wake_3: Annotated[str, Digits(2)]
    sleep_3: Annotated[str, Digits(2)]
    wake_4: Annotated[str, Digits(2)]
    sleep_4: Annotated[str, Digits(2)]
