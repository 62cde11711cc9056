"""Which class reads which business type and sub type, and reading a body with it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from stream.jt808.oddities import oddity_names
from stream.jt809.header import Edition
from stream.jt809.layout import fitting_variant
from stream.jt809.messages import alarms, links, platforms, static, statistics, supervision, vehicles, video
from stream.jt809.messages.base import (
    MaybeVehicleMessage,
    Message,
    RawMessage,
    VehicleMessage,
    Wrapped,
    Wrapper,
    find_wrapper,
    unwrap,
)
from stream.protocol_errors import ProtocolError

_MODULES = (links, statistics, vehicles, platforms, alarms, supervision, static, video)


def _classes() -> Iterable[type[Message]]:
    for module in _MODULES:
        for found in vars(module).values():
            if isinstance(found, type) and issubclass(found, Message) and found.__module__ == module.__name__:
                has_sub_types = found.WRAPPERS["2011"] is not Wrapper.NONE
                if found.message_id and (found.sub_type or not has_sub_types):
                    yield found


#: Message classes by business type and sub type, 0 where there is none.
MESSAGES: dict[tuple[int, int], type[Message]] = {
    (kind.message_id, kind.sub_type): kind for kind in _classes()
}

# Types whose bodies have a wrapper, known or not: dynamic data to static data, video.
_VEHICLE_TYPES = frozenset({0x12, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B})
_STATISTICS = frozenset({0x1102, 0x1103, 0x9102, 0x9103})


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a body: the message, bytes behind its last field, and what was odd but accepted.

    sub_type: as sent, 0 where the type has none. oddities: codes for counters: `wrapper` (not the one of this
    type), `edition` (the layout of the other edition), `variant` (not the standard's own layout), `rest`
    (bytes behind the last field), and those of `stream.jt808.oddities`.
    """

    message: Message | RawMessage
    sub_type: int
    rest: bytes = b""
    oddities: tuple[str, ...] = ()


def wrapper_of(message_id: int, edition: Edition) -> Wrapper:
    """What stands before the fields of a business type."""
    group = message_id >> 8 & 0x7F
    if message_id in _STATISTICS or group == 0x13:
        return Wrapper.PLATFORM
    if message_id & 0xFF:
        return Wrapper.NONE
    if group == 0x14:
        return Wrapper.VEHICLE if edition == "2011" else Wrapper.PLATFORM
    return Wrapper.VEHICLE if group in _VEHICLE_TYPES else Wrapper.NONE


def open_body(
    message_id: int, body: bytes, edition: Edition, *, lenient: bool = True
) -> tuple[type[Message] | None, Wrapped, tuple[str, ...]]:
    """The class that reads a body (None: not known here), the body out of its wrapper, and what was odd.

    Raises `ProtocolError` if the wrapper cannot be read.
    """
    expected = wrapper_of(message_id, edition)
    if expected is Wrapper.NONE:
        return MESSAGES.get((message_id, 0)), Wrapped(0, body), ()
    wrapped = find_wrapper(body, expected, message_id) if lenient else unwrap(body, expected)
    # Statistics have one layout whatever their sub type says; some senders put that of the message asked for.
    kind = MESSAGES.get((message_id, message_id if message_id in _STATISTICS else wrapped.sub_type))
    known = (expected, kind.WRAPPERS[edition]) if kind else (expected,)
    if wrapped.wrapper is not known[-1]:
        # The message's own wrapper, where it is another than its type's, goes first if it fits as well.
        with suppress(ProtocolError):
            wrapped = unwrap(body, known[-1])
    return kind, wrapped, () if wrapped.wrapper in known else ("wrapper",)


def outside_of(kind: type[Message], wrapped: Wrapped) -> dict[str, object]:
    """The fields of a message that stand in its wrapper."""
    if not issubclass(kind, VehicleMessage | MaybeVehicleMessage):
        return {}
    if issubclass(kind, VehicleMessage) and wrapped.plate is None:
        # A vehicle message in a wrapper without vehicle is about none that could be named.
        return {"plate": "", "color": 0}
    return {"plate": wrapped.plate, "color": wrapped.color}


def read_message(message_id: int, body: bytes, edition: Edition = "2011", *, lenient: bool = True) -> Reading:
    """Read a body, unescaped and decrypted.

    lenient: where the layout of the edition does not fit, take the other edition's if that fits to the byte;
    accept another wrapper if only that fits. Raises `ProtocolError` only; an id not known here is no error.
    """
    kind, wrapped, odd = open_body(message_id, body, edition, lenient=lenient)
    sub_type = wrapped.sub_type
    if kind is None:
        raw = RawMessage(message_id, sub_type, wrapped.data, wrapped.plate, wrapped.color, wrapped.wrapper)
        return Reading(raw, sub_type, b"", odd)
    outside = outside_of(kind, wrapped)
    variant, message, reader = fitting_variant(kind, wrapped.data, edition, outside, lenient=lenient)
    if variant != edition:
        odd = (*odd, "variant" if variant.startswith(edition) else "edition")
    # Asked first, for naming none takes longer than reading most messages.
    if reader.oddities:
        odd = (*odd, *oddity_names(reader.oddities))
    rest = reader.rest()
    return Reading(message, sub_type, rest, (*odd, "rest") if rest else odd)


def decode_message(message_id: int, body: bytes, edition: Edition = "2011") -> Message | RawMessage:
    """The message, a `RawMessage` for an id not known here. Raises `ProtocolError` only."""
    return read_message(message_id, body, edition).message
