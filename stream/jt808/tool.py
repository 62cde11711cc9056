"""Frames as JSON objects and back, for `haulwatch decode` and `haulwatch encode`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stream.jt808.assembly import Assembler, first_serial
from stream.jt808.bcd import encode_digits
from stream.jt808.errors import EncodeError, EncryptedError, ProtocolError, TruncatedError
from stream.jt808.explain import explain_decoded
from stream.jt808.frame import Frame, decode_frame, encode_packages, seal
from stream.jt808.framing import FLAG, unescape
from stream.jt808.header import EDITIONS, Edition, Header, pack_header
from stream.jt808.kinds import hex_bytes, whole_number
from stream.jt808.messages import edition_of, read_body
from stream.jt808.oddities import oddity_names
from stream.jt808.reader import Step
from stream.jt808.view import describe, from_view

# What an error object shows of its input: enough to find it again.
SHOWN_CHARACTERS = 80

# Messages of terminals on which the platform acts: if the body of one cannot be read, the frame is an error.
# Any other is shown raw with the reason beside it, for its frame is sound and nothing depends on it.
_ACTED_UPON = frozenset({0x0001, 0x0002, 0x0003, 0x0100, 0x0102, 0x0200, 0x0201, 0x0500, 0x0704})

#: Keys of an object that are told for people and not read back.
_SHOWN_ONLY = ("first_serial", "missing", "oddities", "explain")
_KEYS = (
    *("message_id", "protocol", "terminal_phone", "serial", "version", "encryption", "reserved_15"),
    *("package", "packages", "part", "body", "as_sent", *_SHOWN_ONLY),
)


def decode_data(
    data: bytes, assembler: Assembler, *, lenient: bool = False, explain: bool = False
) -> Iterator[dict[str, Any]]:
    """The objects of some bytes: several frames, flags between them; without any flag all is one content.

    What cannot be read gives an object with `error`. Never raises for any input.
    """
    if FLAG not in data:
        yield decode_content(data, assembler, lenient=lenient, explain=explain)
        return
    junk, *parts = data.split(FLAG)
    tail = parts.pop()
    contents = [part for part in parts if part]
    for content in contents:
        yield decode_content(content, assembler, lenient=lenient, explain=explain)
    if tail:
        error = TruncatedError(f"{len(tail)} bytes behind the last flag 7e, no closing flag")
        yield failure(error, data.hex())
    elif not contents:
        found = f"{len(junk)} bytes before the first flag 7e, none" if junk else "no bytes"
        yield failure(TruncatedError(f"{found} between flags"), data.hex())


def decode_content(
    content: bytes, assembler: Assembler, *, lenient: bool = False, explain: bool = False
) -> dict[str, Any]:
    """The object of one frame, given what stands between its flags; never raises for any input."""
    try:
        frame = decode_frame(content, lenient=lenient)
    except ProtocolError as error:
        return failure(error, content.hex())
    result = _show_frame(frame, assembler)
    if explain:
        steps = explain_decoded(unescape(content, lenient=lenient), frame)
        result["explain"] = [show_step(step) for step in steps]
    return result


def show_step(step: Step) -> dict[str, Any]:
    """One step of an explanation for JSON."""
    return {"offset": step.offset, "bytes": step.data.hex(), "field": step.field, "meaning": step.meaning}


def failure(error: ProtocolError, shown: str) -> dict[str, Any]:
    """The object of what cannot be read."""
    short = shown if len(shown) <= SHOWN_CHARACTERS else shown[:SHOWN_CHARACTERS] + "..."
    return {"error": {"code": error.code, "message": str(error), "input": short}}


def _show_frame(frame: Frame, assembler: Assembler) -> dict[str, Any]:
    header = frame.header
    result: dict[str, Any] = {
        "message_id": f"0x{header.message_id:04x}",
        "protocol": header.edition,
        "terminal_phone": header.phone,
        "serial": header.serial,
    }
    if header.edition_2019 and header.version != 1:
        result["version"] = header.version
    if header.reserved_15:
        result["reserved_15"] = True
    if header.encryption:
        result["encryption"] = header.encryption
        reason = EncryptedError(f"property bits 10-12 are {header.encryption}")
        return _with_package_number(result, header) | {"body": _unread(frame.body, reason)}
    if not header.total:
        return _with_body(result, frame, frame.body)
    return _with_package(_with_package_number(result, header), frame, assembler)


def _with_package_number(result: dict[str, Any], header: Header) -> dict[str, Any]:
    if header.total:
        result |= {
            "package": header.package,
            "packages": header.total,
            "first_serial": first_serial(header),
        }
    return result


def _with_package(result: dict[str, Any], frame: Frame, assembler: Assembler) -> dict[str, Any]:
    """The package that completes a message carries the fields of the whole, the others their part raw."""
    whole = assembler.add(frame.header, frame.body)
    if whole is not None:
        return _with_body(result | {"missing": [], "part": frame.body.hex()}, frame, whole)
    missing = assembler.missing(frame.header)
    return result | {"missing": missing, "body": {"raw": frame.body.hex()}}


def _with_body(result: dict[str, Any], frame: Frame, body: bytes) -> dict[str, Any]:
    message_id = frame.header.message_id
    edition = edition_of(frame.header, body)
    result["protocol"] = edition
    try:
        reading = read_body(message_id, body, edition)
    except ProtocolError as error:
        if message_id in _ACTED_UPON:
            return failure(error, body.hex()) | result | {"body": {"raw": body.hex()}}
        return result | {"body": _unread(body, error)}
    odd = oddity_names(reading.oddities | frame.oddities)
    if odd:
        result["oddities"] = odd
    result["body"] = describe(reading.message, edition)
    if reading.rest:
        result["body"]["rest"] = reading.rest.hex()
    if "part" not in result and not _says_all(message_id, result["body"], edition, body):
        result["as_sent"] = body.hex()
    return result


def _says_all(message_id: int, view: dict[str, Any], edition: Edition, body: bytes) -> bool:
    """Whether writing the view again gives the body as it was sent."""
    try:
        return _write_body(message_id, view, edition) == body
    except EncodeError:
        return False


def _unread(body: bytes, error: ProtocolError) -> dict[str, Any]:
    return {"raw": body.hex(), "unread": {"code": error.code, "message": str(error)}}


def encode_object(shown: Mapping[str, Any]) -> list[bytes]:
    """The frames of an object as `decode_data` gives it: one, or the packages of a body above 1,023 bytes.

    Only message_id, terminal_phone and body are needed. `as_sent`, where it is given, is the body: the fields
    would not be written as the terminal did. Raises `EncodeError`, which names the field.
    """
    if "error" in shown:
        raise EncodeError("this object tells of a frame that could not be read")
    unknown = [key for key in shown if key not in _KEYS]
    if unknown:
        raise EncodeError(f"no field {unknown[0]!r}; a frame has {', '.join(_KEYS)}")
    for name in ("message_id", "terminal_phone"):
        if name not in shown:
            raise EncodeError(f"{name} is missing")
    header = _header(shown)
    edition = _edition(shown.get("protocol", "2013"))
    body = _body(shown, header, edition)
    if header.total or header.encryption or header.reserved_15 or header.version > 1:
        return [seal(pack_header(header, len(body)) + body)]
    return encode_packages(header.message_id, header.phone, header.serial, body, edition)


def _header(shown: Mapping[str, Any]) -> Header:
    newest = _edition(shown.get("protocol", "2013")) == "2019"
    numbers = {
        name: whole_number(shown.get(name, default), name)
        for name, default in (
            *(("message_id", 0), ("serial", 0), ("encryption", 0), ("packages", 0), ("package", 0)),
            ("version", int(newest)),
        )
    }
    for name, bits in (
        ("message_id", 16),
        ("serial", 16),
        ("encryption", 3),
        ("packages", 16),
        ("package", 16),
        ("version", 8),
    ):
        if not 0 <= numbers[name] < 1 << bits:
            raise EncodeError(f"{name}: {numbers[name]} does not fit {bits} bits")
    return Header(
        message_id=numbers["message_id"],
        phone=_phone(shown["terminal_phone"], 10 if newest else 6),
        serial=numbers["serial"],
        edition_2019=newest,
        version=numbers["version"],
        encryption=numbers["encryption"],
        total=numbers["packages"],
        package=numbers["package"],
        reserved_15=bool(shown.get("reserved_15")),
    )


def _phone(view: Any, size: int) -> str:
    """The digits; raises `EncodeError`, with the name of the field, where they do not fit BCD[size]."""
    if not isinstance(view, str | int) or isinstance(view, bool) or view == "":
        raise EncodeError(f"terminal_phone: {view!r} is not made of digits")
    try:
        encode_digits(str(view), size)
    except EncodeError as error:
        raise EncodeError(f"terminal_phone: {error}") from None
    return str(view)


def _edition(value: Any) -> Edition:
    for edition in EDITIONS:
        if str(value) == edition:
            return edition
    raise EncodeError(f"protocol: {value!r} is none of {', '.join(EDITIONS)}")


def _body(shown: Mapping[str, Any], header: Header, edition: Edition) -> bytes:
    for name in ("part", "as_sent"):
        if name in shown:
            return hex_bytes(shown[name], name)
    return _write_body(header.message_id, shown.get("body", {}), edition)


def _write_body(message_id: int, view: Any, edition: Edition) -> bytes:
    if not isinstance(view, Mapping):
        raise EncodeError(f"body: an object is wanted, not {view!r}")
    fields = {name: value for name, value in view.items() if name not in ("rest", "unread")}
    rest = hex_bytes(view.get("rest", ""), "body.rest")
    return from_view(message_id, fields, edition).encode(edition) + rest
