"""Data carried through (JT/T 808-2013, 8.42, 8.58-8.60; 2019, 8.33, 8.50-8.52), and the RSA keys."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self
from zlib import decompressobj
from zlib import error as zlib_error

from stream.jt808.header import Edition
from stream.jt808.kinds import REST_DATA, U32, CountedData, FixedData, Number
from stream.jt808.layout import Json
from stream.jt808.messages.base import Message
from stream.jt808.peripherals import parse_content, show_content

_KINDS = {
    **{0x00: "GNSS detail", 0x0B: "transport IC card", 0x41: "serial port 1", 0x42: "serial port 2"},
    **{0xF7: "peripheral state", 0xF8: "peripheral information"},
}
_RSA_BYTES = 128
# Enough for a look at it; without a bound, few bytes could stand for very many.
_MAX_SHOWN_BYTES = 64 * 1024
# The window bits by which zlib knows that it is GZIP.
_GZIP = 31


@dataclass(frozen=True, slots=True)
class TransparentData(Message):
    """Fields shared by 0x0900 and 0x8900. kind: 0x00 GNSS detail, 0x0B transport IC card, 0x41 and 0x42
    serial ports, 0xF0-0xFF custom; 0xF7 and 0xF8 are the state and the information of active safety
    peripherals, whose data the JSON view shows as `content` too (`stream.jt808.peripherals`).
    """

    shown_only: ClassVar[frozenset[str]] = frozenset({"content"})
    kind: Annotated[int, Number(1, names=_KINDS)]
    data: Annotated[bytes, REST_DATA]

    def show(self, edition: Edition) -> dict[str, Json]:
        """With the content of 0xF7 and 0xF8 where it can be read."""
        view = super(TransparentData, self).show(edition)
        content = show_content(self.kind, self.data, uplink=self.message_id < 0x8000)
        return view if content is None else view | {"content": content}

    @classmethod
    def parse(cls, view: Json, edition: Edition = "2013", where: str = "") -> Self:
        """`content` stands for `data` where that is not given."""
        if isinstance(view, dict) and "content" in view and "data" not in view:
            data = parse_content(view, uplink=cls.message_id < 0x8000)
            view = {"kind": view.get("kind"), "data": data.hex()}
        return super(TransparentData, cls).parse(view, edition, where)


@dataclass(frozen=True, slots=True)
class UplinkTransparentData(TransparentData):
    """0x0900."""

    message_id: ClassVar[int] = 0x0900


@dataclass(frozen=True, slots=True)
class DownlinkTransparentData(TransparentData):
    """0x8900."""

    message_id: ClassVar[int] = 0x8900


@dataclass(frozen=True, slots=True)
class CountedMessage(Message):
    """Fields shared by 0x0701 and 0x0901: data behind their length."""

    data: Annotated[bytes, CountedData(4)]


@dataclass(frozen=True, slots=True)
class ElectronicWaybill(CountedMessage):
    """0x0701."""

    message_id: ClassVar[int] = 0x0701


@dataclass(frozen=True, slots=True)
class CompressedData(CountedMessage):
    """0x0901, GZIP. The JSON view shows what it holds as `decompressed` too, where it can be read."""

    message_id: ClassVar[int] = 0x0901
    shown_only: ClassVar[frozenset[str]] = frozenset({"decompressed"})

    def show(self, edition: Edition) -> dict[str, Json]:
        """With the first 64 KiB of what was compressed, in hex."""
        view = super(CompressedData, self).show(edition)
        try:
            plain = decompressobj(_GZIP).decompress(self.data, _MAX_SHOWN_BYTES)
        except zlib_error:
            return view
        return view | {"decompressed": plain.hex()}


@dataclass(frozen=True, slots=True)
class RsaKey(Message):
    """Fields shared by 0x8A00 and 0x0A00: the sender's public key {e, n}."""

    public_exponent: Annotated[int, U32]
    modulus: Annotated[bytes, FixedData(_RSA_BYTES)]


@dataclass(frozen=True, slots=True)
class PlatformRsaKey(RsaKey):
    """0x8A00."""

    message_id: ClassVar[int] = 0x8A00


@dataclass(frozen=True, slots=True)
class TerminalRsaKey(RsaKey):
    """0x0A00."""

    message_id: ClassVar[int] = 0x0A00
