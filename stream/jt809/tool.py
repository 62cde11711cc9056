"""Frames as JSON objects and back, for `haulwatch decode` and `haulwatch encode` with `--protocol jt809`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from stream.jt808.kinds import hex_bytes, whole_number
from stream.jt808.reader import Step
from stream.jt809.cipher import Cipher
from stream.jt809.explain import explain_frame
from stream.jt809.frame import Frame, decode_frame, encode_frame
from stream.jt809.framing import BEGIN, END, unescape
from stream.jt809.header import EDITIONS, Edition, EditionChoice, Header
from stream.jt809.messages import MESSAGES, Message, RawMessage, Reading
from stream.jt809.messages.base import Wrapper
from stream.jt809.messages.registry import open_body, wrapper_of
from stream.jt809.reading import read_frame
from stream.jt809.words import SECONDS
from stream.protocol_errors import EncodeError, EncryptedError, ProtocolError, TruncatedError

# What an error object shows of its input: enough to find it again.
SHOWN_CHARACTERS = 80
_VERSION = (1, 2, 15)
_POSITIONS = frozenset({0x1202, 0x1203, 0x9202, 0x9203})
_KEYS = (
    *("message_id", "sub_type", "protocol", "serial", "gnss_center_id", "version", "encrypt_flag"),
    *("encrypt_key", "time", "oddities", "body", "as_sent", "explain"),
)


def decode_data(
    data: bytes,
    *,
    edition: EditionChoice = "auto",
    cipher: Cipher | None = None,
    lenient: bool = False,
    explain: bool = False,
) -> Iterator[dict[str, Any]]:
    """The objects of some bytes: several frames, junk between them; without any flag all is one content.

    What cannot be read gives an object with `error`. Never raises for any input. lenient: see `decode_frame`.
    """
    if BEGIN not in data and END not in data:
        yield decode_content(data, edition=edition, cipher=cipher, lenient=lenient, explain=explain)
        return
    place = 0
    while (start := data.find(BEGIN, place)) >= 0:
        if start > place:
            yield _failure(TruncatedError(f"{start - place} bytes before a flag 5b"), data[place:start])
        end, following = data.find(END, start), data.find(BEGIN, start + 1)
        if end < 0 or 0 <= following < end:
            stop = following if following >= 0 else len(data)
            yield _failure(TruncatedError(f"{stop - start} bytes behind a flag 5b, no 5d"), data[start:stop])
            place = stop
            continue
        content = data[start + 1 : end]
        yield decode_content(content, edition=edition, cipher=cipher, lenient=lenient, explain=explain)
        place = end + 1
    if place < len(data):
        yield _failure(TruncatedError(f"{len(data) - place} bytes without a flag 5b"), data[place:])


def decode_content(
    content: bytes,
    *,
    edition: EditionChoice = "auto",
    cipher: Cipher | None = None,
    lenient: bool = False,
    explain: bool = False,
) -> dict[str, Any]:
    """The object of one frame, given what stands between its flags; never raises for any input."""
    try:
        frame = _without_time(
            content, decode_frame(content, edition, cipher, lenient=lenient), edition, cipher
        )
    except ProtocolError as error:
        return _failure(error, content)
    result = show_header(frame.header)
    try:
        reading = read_frame(frame, frame.header.edition, cipher)
    except EncryptedError as error:
        unread = {"code": error.code, "message": str(error)}
        result["body"] = {"raw": frame.body.hex(), "unread": unread}
    except ProtocolError as error:
        result = _show_unread(result, frame, error)
    else:
        # The sub type stands behind the business type, as people read them.
        sub_type = {"sub_type": f"0x{reading.sub_type:04x}"} if reading.sub_type else {}
        result = {"message_id": result["message_id"]} | sub_type | result
        result |= _show_reading(reading, frame.header.edition)
    wire = BEGIN + content + END
    if "error" not in result and not _says_all(result, wire, cipher):
        result["as_sent"] = wire.hex()
    if explain:
        result["explain"] = [_show_step(step) for step in explain_frame(unescape(content), frame)]
    return result


def _says_all(shown: Mapping[str, Any], wire: bytes, cipher: Cipher | None) -> bool:
    """Whether writing the object again gives the frame as it was sent."""
    try:
        return encode_object(shown, cipher=cipher) == wire
    except (EncodeError, EncryptedError):
        return False


def _without_time(content: bytes, frame: Frame, edition: EditionChoice, cipher: Cipher | None) -> Frame:
    """A header of 2019 whose time is not set looks like one of 2011; only the body tells."""
    if edition != "auto" or frame.header.edition_2019 or _fits(frame, cipher):
        return frame
    try:
        newest = decode_frame(content, "2019", cipher)
    except ProtocolError:
        return frame
    return newest if newest.header.time is None and _fits(newest, cipher) else frame


def _fits(frame: Frame, cipher: Cipher | None) -> bool:
    """Whether the body is read to its last byte by the layout of its header's edition."""
    try:
        reading = read_frame(frame, frame.header.edition, cipher)
    except ProtocolError:
        return False
    return not {"rest", "edition"} & set(reading.oddities)


def show_header(header: Header) -> dict[str, Any]:
    """The header's fields for JSON."""
    shown: dict[str, Any] = {
        "message_id": f"0x{header.message_id:04x}",
        "protocol": header.edition,
        "serial": header.sequence,
        "gnss_center_id": header.gnss_center_id,
        "version": ".".join(map(str, header.version)),
        "encrypt_flag": header.encrypt_flag,
        "encrypt_key": header.encrypt_key,
    }
    if header.edition_2019:
        shown["time"] = header.time.isoformat() if header.time else None
    return shown


def _show_unread(result: dict[str, Any], frame: Frame, error: ProtocolError) -> dict[str, Any]:
    """A sound frame whose body cannot be read: an error, or the data raw with the reason beside them.

    An error where a platform acts upon the message by itself: the links' own messages and positions.
    """
    header = frame.header
    try:
        kind, wrapped, _ = open_body(header.message_id, frame.body, header.edition)
    except ProtocolError:
        kind, wrapped = None, None
    if wrapped is None or kind is None or not wrapped.sub_type or wrapped.sub_type in _POSITIONS:
        return _failure(error, frame.body) | result | {"body": {"raw": frame.body.hex()}}
    vehicle = {} if wrapped.plate is None else {"plate": wrapped.plate, "color": wrapped.color}
    unread = {"code": error.code, "message": str(error)}
    result = {"message_id": result["message_id"], "sub_type": f"0x{wrapped.sub_type:04x}"} | result
    return result | {"body": vehicle | {"raw": wrapped.data.hex(), "unread": unread}}


def _show_reading(reading: Reading, edition: Edition) -> dict[str, Any]:
    message = reading.message
    result: dict[str, Any] = {"oddities": list(reading.oddities)} if reading.oddities else {}
    result["body"] = show_message(message, edition)
    if reading.rest:
        result["body"]["rest"] = reading.rest.hex()
    return result


def show_message(message: Message | RawMessage, edition: Edition) -> dict[str, Any]:
    """The message's fields for JSON; data not known here as `raw`."""
    if not isinstance(message, RawMessage):
        return message.show(edition)
    vehicle = {} if message.plate is None else {"plate": message.plate, "color": message.color}
    return vehicle | {"raw": message.data.hex()}


def _show_step(step: Step) -> dict[str, Any]:
    return {"offset": step.offset, "bytes": step.data.hex(), "field": step.field, "meaning": step.meaning}


def _failure(error: ProtocolError, data: bytes) -> dict[str, Any]:
    shown = data[: SHOWN_CHARACTERS // 2 + 1].hex()
    short = shown if len(shown) <= SHOWN_CHARACTERS else shown[:SHOWN_CHARACTERS] + "..."
    return {"error": {"code": error.code, "message": str(error), "input": short}}


def encode_object(
    shown: Mapping[str, Any], *, cipher: Cipher | None = None, now: datetime | None = None
) -> bytes:
    """The frame of an object as `decode_data` gives it; only message_id (or sub_type) and body are needed.

    `as_sent`, where it is given, is the frame: the fields would not be written as the platform did. now: the
    time of a 2019 header for an object without `time`. Raises `EncodeError`, which names the field,
    and `EncryptedError` for an encrypt flag without a cipher.
    """
    unknown = [key for key in shown if key not in _KEYS]
    if unknown:
        raise EncodeError(f"no field {unknown[0]!r}; a frame has {', '.join(_KEYS)}")
    if "as_sent" in shown:
        return hex_bytes(shown["as_sent"], "as_sent")
    edition = _edition(shown.get("protocol", "2011"))
    sub_type = whole_number(shown.get("sub_type", 0), "sub_type")
    message_id = whole_number(shown.get("message_id", sub_type & 0xFF00), "message_id")
    message = parse_message(message_id, sub_type, shown.get("body", {}), edition)
    newest = edition == "2019"
    time = SECONDS.parse(shown["time"], "time", edition) if "time" in shown else now
    header = Header(
        message_id=message_id,
        sequence=whole_number(shown.get("serial", 1), "serial"),
        gnss_center_id=whole_number(shown.get("gnss_center_id", 0), "gnss_center_id"),
        version=_version(shown.get("version")),
        encrypt_flag=whole_number(shown.get("encrypt_flag", 0), "encrypt_flag"),
        encrypt_key=whole_number(shown.get("encrypt_key", 0), "encrypt_key"),
        time=time if newest else None,
        edition_2019=newest,
    )
    return encode_frame(header, message.encode(edition), cipher)


def parse_message(message_id: int, sub_type: int, body: Any, edition: Edition) -> Message | RawMessage:
    """The message that `show_message` shows so. Raises `EncodeError`."""
    if not isinstance(body, Mapping):
        raise EncodeError(f"body: an object is wanted, not {body!r}")
    if "raw" in body:
        wrapper = wrapper_of(message_id, edition) if sub_type else Wrapper.NONE
        data = hex_bytes(body["raw"], "body.raw")
        return RawMessage(message_id, sub_type, data, body.get("plate"), body.get("color"), wrapper)
    kind = MESSAGES.get((message_id, sub_type)) or MESSAGES.get((message_id, message_id))
    if kind is None:
        raise EncodeError(
            f"message 0x{message_id:04x}, sub type 0x{sub_type:04x}, is not known here; give its data as raw"
        )
    view = dict(body)
    view.pop("rest", None)
    return kind.parse(view, edition, "body")


def _edition(value: Any) -> Edition:
    for edition in EDITIONS:
        if value == edition or str(value) == edition:
            return edition
    raise EncodeError(f"protocol: {value!r} is none of {', '.join(EDITIONS)}")


def _version(value: Any) -> tuple[int, int, int]:
    if value is None:
        return _VERSION
    parts = str(value).split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise EncodeError(f"version: {value!r} is not like 1.2.15")
    return int(parts[0]), int(parts[1]), int(parts[2])
