"""Driver identity from the IC card (JT/T 808-2013, 8.45; 2019, 8.36)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.kinds import SHORT_TEXT, TIME, Digits, FixedText, Number
from stream.jt808.layout import IfLeft, Scope, When
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader

CARD_INSERTED, CARD_REMOVED = 1, 2
_CERTIFICATE_BYTES, _ID_CARD_BYTES, _EXPIRY_BYTES = 20, 20, 4
_CERTIFICATE_BYTES_2011 = 40
# Behind the status and the time; where it is not 0, no driver follows by whom the editions could be told.
_RESULT_AT = 7

_REMOVED = "card removed"
_STATUS = Number(1, names={CARD_INSERTED: "inserted", CARD_REMOVED: "removed"})
_RESULTS = {0: "ok", 1: "key failure", 2: "card locked", 3: "card pulled out", 4: "data check failed"}


class _Expiry(Digits):
    """YYYYMMDD in full."""

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        if len(value) != 2 * _EXPIRY_BYTES:
            raise EncodeError(f"{name}: {value!r} is not YYYYMMDD")
        return super().write(value, name, scope)


def _was_read(scope: Scope) -> bool:
    """Whether the card could be read, which is when the driver's fields follow."""
    return scope.variant == "2011" or (_has_result(scope) and scope["ic_card_result"] == 0)


def _has_result(scope: Scope) -> bool:
    """A result follows the time if anything does; on writing where there is one."""
    return scope.values.get("ic_card_result", 0) is not None


@dataclass(frozen=True, slots=True)
class DriverIdentity(Message):
    """0x0702.

    status: 1 inserted, 2 removed, 0 in 2011, which sends the driver alone. ic_card_result: 0 ok, 1 key,
    2 locked, 3 pulled out, 4 data check; None if the card was removed. expiry: 8 digits YYYYMMDD.
    id_card: 2011 and 2019.
    """

    message_id: ClassVar[int] = 0x0702
    wire_order: ClassVar = {
        "2011": ("name", "id_card", "certificate", "issuer"),
        "2013": ("status", "time", "ic_card_result", "name", "certificate", "issuer", "expiry"),
        _REMOVED: ("status", "time"),
    }
    status: Annotated[int, _STATUS] = 0
    time: Annotated[datetime | None, TIME] = None
    ic_card_result: Annotated[int | None, Number(1, names=_RESULTS), When(_has_result), IfLeft()] = None
    name: Annotated[str, SHORT_TEXT, When(_was_read)] = ""
    certificate: Annotated[
        str,
        FixedText(lambda s: _CERTIFICATE_BYTES_2011 if s.variant == "2011" else _CERTIFICATE_BYTES),
        When(_was_read),
    ] = ""
    issuer: Annotated[str, SHORT_TEXT, When(_was_read)] = ""
    expiry: Annotated[str, _Expiry(_EXPIRY_BYTES), When(_was_read)] = ""
    id_card: Annotated[str, FixedText(_ID_CARD_BYTES), When(_was_read)] = ""

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """A first byte of 1 or 2 is the status; any other is the length of a name, the layout of 2011.

        Terminals with a 2013 header send the identity card of 2019 too, and some the driver of a card that
        was removed.
        """
        body = reader.ahead()
        if body and body[0] not in (CARD_INSERTED, CARD_REMOVED):
            return "2011"
        end = _end_of_expiry(body)
        if body[:1] == bytes((CARD_REMOVED,)) and (end is None or end > len(body)):
            return _REMOVED
        if edition == "2019" and body[_RESULT_AT : _RESULT_AT + 1] != b"\0":
            return "2019"
        return "2019" if end is not None and len(body) >= end + _ID_CARD_BYTES else "2013"


def _end_of_expiry(body: bytes) -> int | None:
    """Where the expiry would end, walking over the two texts with a length; None if one has none."""
    at = 8
    for fixed in (_CERTIFICATE_BYTES, _EXPIRY_BYTES):
        if at >= len(body):
            return None
        at += 1 + body[at] + fixed
    return at
