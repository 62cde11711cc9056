"""Pictures, sound and video (JT/T 808-2013, 8.50-8.55; 2019, 8.42-8.47)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.messages.position import PositionReport
from stream.jt808.positions import BASE_BYTES
from stream.jt808.reader import Reader, pack


@dataclass(frozen=True, slots=True)
class MediaEvent(Message):
    """0x0800.

    media_type: 0 image, 1 audio, 2 video. media_format: 0 JPEG, 1 TIF, 2 MP3, 3 WAV, 4 WMV. event: 0 command,
    1 timer, 2 robbery, 3 collision or rollover, 4 door open, 5 door close, 6 door closing above 20 km/h,
    7 distance.
    """

    message_id: ClassVar[int] = 0x0800
    media_id: int
    media_type: int
    media_format: int
    event: int
    channel: int

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        return cls(
            reader.u32("media_id"),
            reader.u8("media_type"),
            reader.u8("media_format"),
            reader.u8("event"),
            reader.u8("channel"),
        )

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        return pack(self.media_id, 4, "media_id") + b"".join(
            pack(getattr(self, name), 1, name) for name in ("media_type", "media_format", "event", "channel")
        )


@dataclass(frozen=True, slots=True)
class MediaData(Message):
    """0x0801: what 0x0800 says, where it was taken (2013 and later), and the data."""

    message_id: ClassVar[int] = 0x0801
    media: MediaEvent
    position: PositionReport
    data: bytes

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2013 and 2019; the layout of 2011, which has no position, cannot be told from them."""
        media = MediaEvent.read(reader, edition)
        position = PositionReport.decode(reader.take(BASE_BYTES, "position"), edition)
        return cls(media, position, reader.rest())

    def encode(self, edition: Edition = "2013") -> bytes:
        """2013 and 2019. The position is written without its items."""
        return self.media.encode(edition) + self.position.encode(edition)[:BASE_BYTES] + self.data


@dataclass(frozen=True, slots=True)
class MediaResponse(Message):
    """0x8800: the data of a media id have come, or these packages are missing."""

    message_id: ClassVar[int] = 0x8800
    media_id: int
    missing: tuple[int, ...] = ()

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2013 and 2019; nothing behind the id means complete."""
        media_id = reader.u32("media_id")
        count = reader.u8("count") if reader.left else 0
        return cls(media_id, tuple(reader.u16("package") for _ in range(count)))

    def encode(self, edition: Edition = "2013") -> bytes:
        """2013 and 2019."""
        head = pack(self.media_id, 4, "media_id")
        if not self.missing:
            return head
        numbers = b"".join(pack(number, 2, "package") for number in self.missing)
        return head + pack(len(self.missing), 1, "count") + numbers


@dataclass(frozen=True, slots=True)
class ShootResponse(Message):
    """0x0805, answer to 0x8801. result: 0 ok, 1 failure, 2 channel not supported; media_ids only with 0."""

    message_id: ClassVar[int] = 0x0805
    reply_serial: int
    result: int
    media_ids: tuple[int, ...] = ()

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2013 and 2019."""
        serial, result = reader.u16("reply_serial"), reader.u8("result")
        count = reader.u16("count") if result == 0 and reader.left else 0
        return cls(serial, result, tuple(reader.u32("media_id") for _ in range(count)))

    def encode(self, edition: Edition = "2013") -> bytes:
        """2013 and 2019."""
        head = pack(self.reply_serial, 2, "reply_serial") + pack(self.result, 1, "result")
        if self.result != 0:
            return head
        ids = b"".join(pack(number, 4, "media_id") for number in self.media_ids)
        return head + pack(len(self.media_ids), 2, "count") + ids
