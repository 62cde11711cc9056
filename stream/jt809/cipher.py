"""Encryption of bodies (JT/T 809-2011, 4.3.5): a key stream from three numbers agreed per link and a key.

The same routine encrypts and decrypts. The header, with the key in it, stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass

from stream.protocol_errors import EncodeError

_MASK = 0xFFFF_FFFF
# Below this the loop in Python is over before compiled code would be loaded.
_SMALL_BYTES = 256


@dataclass(frozen=True, slots=True)
class Cipher:
    """M1, IA1 and IC1 of a link, each a DWORD, agreed between the platforms off-line."""

    m1: int
    ia1: int
    ic1: int

    def __post_init__(self) -> None:
        for name in ("m1", "ia1", "ic1"):
            if not 0 <= getattr(self, name) <= _MASK:
                raise EncodeError(f"{name}: {getattr(self, name)} does not fit 4 bytes")

    def apply(self, key: int, data: bytes) -> bytes:
        """Encrypt or decrypt a body with the key of its header."""
        if len(data) >= _SMALL_BYTES:
            from stream.jt809.kernels import cipher_bytes

            return cipher_bytes(data, key, self.m1, self.ia1, self.ic1)
        modulus, factor, summand = self.m1 or 1, self.ia1, self.ic1
        state = key or 1
        out = bytearray(data)
        for place in range(len(out)):
            state = (factor * (state % modulus) + summand) & _MASK
            out[place] ^= state >> 20 & 0xFF
        return bytes(out)


def parse_cipher(text: str) -> Cipher:
    """`M1,IA1,IC1` as on a command line or in a settings file, decimal or 0x. Raises `EncodeError`."""
    parts = text.replace(" ", "").split(",")
    try:
        m1, ia1, ic1 = (int(part, 0) for part in parts)
    except ValueError:
        raise EncodeError(f"{text!r} is not M1,IA1,IC1: three numbers with commas between") from None
    return Cipher(m1, ia1, ic1)
