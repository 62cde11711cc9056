"""Text fields: GBK by the standard (2013, 4.1), UTF-8 from some terminals, zero padding at either side."""

from __future__ import annotations

from stream.jt808.errors import EncodeError


def _reads_as_chinese(text: str) -> bool:
    """Whether the text is what an UTF-8 sender means: ASCII and Chinese characters and punctuation only.

    GBK pairs can be sound UTF-8 by chance (the plate mark of Henan is), but give letters of other scripts.
    """
    return all(
        char < "\x80"
        or "\u3000" <= char <= "\u303f"
        or "\u4e00" <= char <= "\u9fff"
        or "\uff00" <= char <= "\uffef"
        for char in text
    )


def decode_text(data: bytes) -> str:
    """Text of a STRING or padded BYTE[n] field, zeros at both ends removed. Never raises: bytes that are
    neither UTF-8 nor GBK become replacement characters.
    """
    stripped = data.strip(b"\x00")
    try:
        text = stripped.decode("utf-8")
        if _reads_as_chinese(text):
            return text
    except UnicodeDecodeError:
        pass
    return stripped.decode("gbk", "replace")


def is_utf8(data: bytes) -> bool:
    """Whether a text field is UTF-8 where GBK is wanted; ASCII is both and no."""
    if data.isascii():
        return False
    try:
        return _reads_as_chinese(data.strip(b"\x00").decode("utf-8"))
    except UnicodeDecodeError:
        return False


def encode_text(text: str, field: str) -> bytes:
    """GBK. Raises `EncodeError` for a character GBK does not have."""
    try:
        return text.encode("gbk")
    except UnicodeEncodeError as error:
        raise EncodeError(f"{field}: {text[error.start]!r} is not in GBK") from None


def encode_fixed_text(text: str, size: int, field: str) -> bytes:
    """GBK padded with zeros at the end to `size` bytes. Raises `EncodeError` if it is longer."""
    data = encode_text(text, field)
    if len(data) > size:
        raise EncodeError(f"{field}: {text!r} takes {len(data)} bytes, the field has {size}")
    return data.ljust(size, b"\x00")
