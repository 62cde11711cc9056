"""Hex on lines of text, for `haulwatch decode`: blanks anywhere, blank lines and what follows "#" ignored."""

from __future__ import annotations

from stream.protocol_errors import ProtocolError


class HexError(ProtocolError):
    """The text is not pairs of hex digits."""

    code = "hex"


def text_of(line: str | bytes) -> str:
    """What a line says, without its comment; "" for a blank one."""
    text = line if isinstance(line, str) else line.decode("utf-8", "backslashreplace")
    return text.removeprefix("\ufeff").partition("#")[0].strip()


def unhex(text: str) -> bytes:
    """The bytes of a text. Raises `HexError`."""
    digits = "".join(text.split())
    try:
        return bytes.fromhex(digits)
    except ValueError:
        wrong = next((char for char in digits if char not in "0123456789abcdefABCDEF"), None)
        if wrong is None:
            raise HexError(f"{len(digits)} hex digits, an odd number") from None
        raise HexError(f"{wrong!r} is not a hex digit") from None
