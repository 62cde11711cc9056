"""What the gateway owes terminals, and the 0x8001 answers that settle it, built for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stream.jt808.framing import escape

if TYPE_CHECKING:
    from stream.gateway.session import Session


@dataclass(frozen=True, slots=True)
class Receipt:
    """A message whose 0x8001 success leaves when its reports are durable. `reports` is how many it held."""

    session: Session
    serial: int
    message_id: int
    reports: int


_GENERAL_RESPONSE = 0x8001
_BODY_BYTES = 5
_FLAG = b"\x7e"


def general_responses(receipts: Sequence[Receipt], result: int) -> list[bytes]:
    """One 0x8001 frame a receipt, in order. Takes a serial of each session. (JT/T 808-2013, 8.2)"""
    frames: list[bytes] = [b""] * len(receipts)
    for edition_2019 in (False, True):
        rows = [i for i, one in enumerate(receipts) if one.session.edition_2019 is edition_2019]
        if rows:
            for row, frame in zip(rows, _same_layout([receipts[i] for i in rows], result), strict=True):
                frames[row] = frame
    return frames


def _same_layout(receipts: Sequence[Receipt], result: int) -> list[bytes]:
    """Frames of one header layout are equally long: one array, one XOR along its rows."""
    phones = np.frombuffer(b"".join(one.session.phone_bcd for one in receipts), np.uint8)
    phones = phones.reshape(len(receipts), -1)
    edition_2019 = receipts[0].session.edition_2019
    properties = _BODY_BYTES | (0x4000 if edition_2019 else 0)
    head = [_GENERAL_RESPONSE >> 8, _GENERAL_RESPONSE & 0xFF, properties >> 8, properties & 0xFF]
    if edition_2019:
        head.append(1)
    numbers = np.array(
        [(one.session.next_serial(), one.serial, one.message_id) for one in receipts], ">u2"
    ).view(np.uint8)
    content = np.hstack(
        [
            np.tile(np.array(head, np.uint8), (len(receipts), 1)),
            phones,
            numbers.reshape(len(receipts), 6),
            np.full((len(receipts), 1), result, np.uint8),
        ]
    )
    check = np.bitwise_xor.reduce(content, axis=1, keepdims=True)
    content = np.hstack([content, check])
    special = ((content == 0x7D) | (content == 0x7E)).any(axis=1)
    frames = []
    for row, escaped in zip(content, special.tolist(), strict=True):
        raw = row.tobytes()
        frames.append(_FLAG + (escape(raw) if escaped else raw) + _FLAG)
    return frames
