"""Identities every process derives alike: vehicle, driver, partition, alert.

All are hashes of what is known everywhere, so no process has to ask another for a number, and a replay names
the same episode the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_UINT64 = 1 << 64
_PLACES = [place for place in range(36) if place not in (8, 13, 18, 23)]  # of digits in a UUID's text


def _key(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def vehicle_key(vehicle_id: str) -> int:
    """Signed 64-bit key of a vehicle: the BLAKE2b-64 digest of its id in UTF-8, big-endian.

    >>> vehicle_key("苏A12345")
    -6496218703503582606
    """
    return _key(vehicle_id)


@lru_cache(maxsize=100_000)  # about as many drivers as one worker sees; 20 MB
def driver_key(driver_id: str) -> int:
    """Signed 64-bit key of a driver; 0 means the driver is not known.

    >>> driver_key("")
    0
    """
    return _key(driver_id) if driver_id else 0


def partition_of(key: int, partitions: int) -> int:
    """Partition of a vehicle: its key read as an unsigned number, modulo the number of partitions.

    >>> partition_of(-1, 12) == (2**64 - 1) % 12
    True
    """
    return (key % _UINT64) % partitions


def partitions_of(keys: NDArray[np.int64], partitions: int) -> NDArray[np.int64]:
    """`partition_of` for an array of n keys; returns n partition numbers."""
    return (keys.view(np.uint64) % np.uint64(partitions)).astype(np.int64)


def alert_id(key: int, rule: str, start_ms: int, subject: str = "") -> str:
    """Identity of an episode: a UUID made of vehicle, rule and episode start.

    Where one rule can hold several episodes of a vehicle at once, the subject (a zone's id) tells them apart.

    >>> alert_id(1, "speeding", 0) == alert_id(1, "speeding", 0)
    True
    >>> alert_id(1, "zone_enter", 0, "a") == alert_id(1, "zone_enter", 0, "b")
    False
    """
    name = alert_digest(key, rule, start_ms, subject).hex()
    return f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}"


def alert_digest(key: int, rule: str, start_ms: int, subject: str) -> bytes:
    """The 16 bytes of `alert_id`."""
    return blake2b(f"{key}\x1f{rule}\x1f{start_ms}\x1f{subject}".encode(), digest_size=16).digest()


def id_of_text(text: str) -> bytes:
    """The 16 bytes that an `alert_id` is the text of."""
    return bytes.fromhex(text.replace("-", ""))


def uuid_texts(numbers: Sequence[bytes]) -> list[str]:
    """n numbers of 16 bytes in the way UUIDs are written.

    >>> uuid_texts([bytes(range(16))])
    ['00010203-0405-0607-0809-0a0b0c0d0e0f']
    """
    digits = np.frombuffer(b"".join(numbers).hex().encode(), np.uint8).reshape(-1, 32)
    text = np.full((len(digits), 36), ord("-"), np.uint32)
    text[:, _PLACES] = digits
    return text.view("U36")[:, 0].tolist()  # type: ignore[no-any-return]
