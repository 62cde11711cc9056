"""Hex on lines of text, for `haulwatch decode`: blanks anywhere, blank lines and what follows "#" ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from stream.protocol_errors import ProtocolError


class HexError(ProtocolError):
    """The text is not pairs of hex digits."""

    code = "hex"


def pieces(source: IO[Any], piece_characters: int) -> Iterator[tuple[int, str, bool]]:
    """Number of the line (from 1), what it says without its comment, whether it ends here.

    source: text or bytes. A line of more than `piece_characters` comes in pieces.
    """
    number, begun, comment = 0, False, False
    while line := source.readline(piece_characters):
        text = line if isinstance(line, str) else line.decode("utf-8", "backslashreplace")
        if not begun:
            number, comment = number + 1, False
            text = text.removeprefix("\ufeff")
        begun = not text.endswith("\n")
        said, mark, _ = text.partition("#")
        yield number, "" if comment else said.strip(), not begun
        comment = comment or bool(mark)
    if begun:
        yield number, "", True


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
