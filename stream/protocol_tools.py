"""What `haulwatch decode` and `encode` do for each protocol: bytes to objects, an object to bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stream.errors import OperatorError
from stream.hex_stream import Framing
from stream.jt808 import tool as jt808
from stream.jt808.assembly import Assembler
from stream.jt808.attachment_stream import MAGIC
from stream.jt808.attachment_tool import AttachmentTool, encode_attachment
from stream.jt808.frame import decode_frame
from stream.jt808.framing import FLAG, MAX_FRAME_BYTES
from stream.protocol_errors import EncodeError, ProtocolError

# Packages of unfinished messages, of all terminals of the input together.
MAX_PACKAGE_BYTES = 16 << 20
MAX_UNFINISHED_MESSAGES = 4096

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decoder:
    """data: the objects of some bytes. end: those of what is left behind the last of them.

    framing: how frames are found in lines; None where `data` takes bytes cut anywhere.
    """

    data: Callable[[bytes], Iterator[Object]]
    end: Callable[[], Iterator[Object]] = lambda: iter(())
    framing: Framing | None = None


def decoder_for(protocol: str, *, lenient: bool, explain: bool, encrypt: str | None) -> Decoder:
    """Raises `OperatorError` for keys that are no three numbers."""
    if protocol == "jt809":
        return _decoder_809(lenient, explain, encrypt)
    assembler = Assembler(MAX_PACKAGE_BYTES, max_open=MAX_UNFINISHED_MESSAGES)
    attachment = AttachmentTool(assembler, lenient=lenient, explain=explain)
    if protocol == "attachment":
        return Decoder(attachment.decode_data, attachment.end)

    def decode(data: bytes) -> Iterator[Object]:
        if data.startswith(MAGIC):
            # No frame begins so: a chunk of a file among frames.
            alone = AttachmentTool(assembler, lenient=lenient, explain=explain)
            yield from alone.decode_data(data)
            yield from alone.end()
        else:
            yield from jt808.decode_data(data, assembler, lenient=lenient, explain=explain)

    def is_sound(content: bytes) -> bool:
        try:
            decode_frame(content, lenient=lenient)
        except ProtocolError:
            return False
        return True

    return Decoder(decode, framing=Framing(FLAG, FLAG, is_sound, MAX_FRAME_BYTES + 2, MAGIC))


def encoder_for(protocol: str, *, encrypt: str | None) -> Callable[[Mapping[str, Any]], list[bytes]]:
    """Raises `OperatorError` for keys that are no three numbers."""
    if protocol == "jt809":
        from stream.jt809.tool import encode_object

        cipher = _cipher(encrypt)
        return lambda shown: [encode_object(shown, cipher=cipher, now=datetime.now(UTC))]
    return encode_attachment


def _decoder_809(lenient: bool, explain: bool, encrypt: str | None) -> Decoder:
    from stream.jt809.frame import decode_frame as decode_frame_809
    from stream.jt809.framing import BEGIN, END, MAX_LARGE_FRAME_BYTES
    from stream.jt809.tool import decode_data

    cipher = _cipher(encrypt)

    def is_sound(content: bytes) -> bool:
        try:
            decode_frame_809(content, cipher=cipher, lenient=lenient)
        except ProtocolError:
            return False
        return True

    return Decoder(
        lambda data: decode_data(data, cipher=cipher, lenient=lenient, explain=explain),
        framing=Framing(BEGIN, END, is_sound, MAX_LARGE_FRAME_BYTES + 2),
    )


def _cipher(encrypt: str | None) -> Any:
    if encrypt is None:
        return None
    from stream.jt809.cipher import parse_cipher

    try:
        return parse_cipher(encrypt)
    except EncodeError:
        raise OperatorError(
            f"--encrypt {encrypt}: three numbers M1,IA1,IC1 of at most 32 bits are wanted, such as "
            "10000000,20000000,30000000"
        ) from None
