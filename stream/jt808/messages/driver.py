"""Driver identity from the IC card (JT/T 808-2013, 8.45; 2019, 8.36)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from stream.jt808.bcd import encode_time
from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack, pack_short_text
from stream.jt808.text import encode_fixed_text

CARD_INSERTED, CARD_REMOVED = 1, 2
_CERTIFICATE_BYTES, _ID_CARD_BYTES, _EXPIRY_BYTES = 20, 20, 4
_CERTIFICATE_BYTES_2011 = 40


@dataclass(frozen=True, slots=True)
class DriverIdentity(Message):
    """0x0702.

    status: 1 inserted, 2 removed, 0 in 2011, which sends the driver alone. ic_card_result: 0 ok, 1 key,
    2 locked, 3 pulled out, 4 data check; None if the card was removed. expiry: 8 digits YYYYMMDD.
    id_card: 2011 and 2019.
    """

    message_id: ClassVar[int] = 0x0702
    status: int
    time: datetime | None = None
    ic_card_result: int | None = None
    name: str = ""
    certificate: str = ""
    issuer: str = ""
    expiry: str = ""
    id_card: str = ""

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """A first byte of 1 or 2 is the status; any other is the length of a name, the layout of 2011."""
        status = reader.u8("status")
        if status not in (CARD_INSERTED, CARD_REMOVED):
            return cls._read_2011(reader, status)
        time = reader.time("time")
        if status == CARD_REMOVED or not reader.left:
            return cls(status, time)
        result = reader.u8("ic_card_result")
        if result != 0:
            return cls(status, time, result)
        return cls(
            status=status,
            time=time,
            ic_card_result=result,
            name=reader.short_text("name"),
            certificate=reader.text(_CERTIFICATE_BYTES, "certificate"),
            issuer=reader.short_text("issuer"),
            expiry=reader.take(_EXPIRY_BYTES, "expiry").hex(),
            # Terminals with a 2013 header send it too.
            id_card=reader.text(_ID_CARD_BYTES, "id_card") if reader.left >= _ID_CARD_BYTES else "",
        )

    @classmethod
    def _read_2011(cls, reader: Reader, name_bytes: int) -> Self:
        name = reader.text(name_bytes, "name")
        id_card = reader.text(_ID_CARD_BYTES, "id_card")
        certificate = reader.text(_CERTIFICATE_BYTES_2011, "certificate")
        return cls(0, name=name, certificate=certificate, issuer=reader.short_text("issuer"), id_card=id_card)

    def encode(self, edition: Edition = "2013") -> bytes:
        """The layout of the edition; before 2019 there is no id card (but in 2011)."""
        if edition == "2011":
            return (
                pack_short_text(self.name, "name")
                + encode_fixed_text(self.id_card, _ID_CARD_BYTES, "id_card")
                + encode_fixed_text(self.certificate, _CERTIFICATE_BYTES_2011, "certificate")
                + pack_short_text(self.issuer, "issuer")
            )
        head = pack(self.status, 1, "status") + encode_time(self.time)
        if self.status == CARD_REMOVED or self.ic_card_result is None:
            return head
        head += pack(self.ic_card_result, 1, "ic_card_result")
        return head + self._encode_driver(edition) if self.ic_card_result == 0 else head

    def _encode_driver(self, edition: Edition) -> bytes:
        if len(self.expiry) != 2 * _EXPIRY_BYTES:
            raise EncodeError(f"expiry: {self.expiry!r} is not YYYYMMDD")
        body = (
            pack_short_text(self.name, "name")
            + encode_fixed_text(self.certificate, _CERTIFICATE_BYTES, "certificate")
            + pack_short_text(self.issuer, "issuer")
            + bytes.fromhex(self.expiry)
        )
        if edition == "2019":
            body += encode_fixed_text(self.id_card, _ID_CARD_BYTES, "id_card")
        return body
