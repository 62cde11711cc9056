"""Masked links: the peer sees one vehicle as one vehicle, and not which.

A masked plate keeps its province and city letter and gets eight characters made of the link's key: the same
for ever on this link, another one on every other, and not to be turned back without the key.
"""

from __future__ import annotations

from hashlib import blake2b

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Those of number plates: no I and no O."""
_CHARACTERS = 8
"""34^8 = 1.8e12 names: among 600,000 vehicles no two share one, but once in ten platforms."""


def masked_plate(plate: str, colour: int, key: str) -> str:
    """The pseudonym of a plate on a link with this key.

    >>> masked_plate("苏A12345", 2, "k") == masked_plate("苏A12345", 2, "k")
    True
    """
    digest = blake2b(f"{plate}\x1f{colour}".encode(), digest_size=8, key=key.encode()[:64]).digest()
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(_CHARACTERS):
        number, place = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return plate[:2] + "".join(letters)


def masked_name(name: str) -> str:
    """A person's name with the family name alone.

    >>> masked_name("王小芳")
    '王**'
    """
    return name[:1] + "*" * (len(name) - 1)


def masked_number(number: str) -> str:
    """An identity or licence number without its middle.

    >>> masked_number("320102199001011234")
    '3201**********1234'
    """
    kept = 4 if len(number) > 8 else 1
    return number[:kept] + "*" * max(0, len(number) - 2 * kept) + number[max(kept, len(number) - kept) :]
