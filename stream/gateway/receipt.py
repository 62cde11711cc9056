"""What the gateway owes terminals, and the 0x8001 answers that settle it, built for many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stream.gateway.kernels import MAX_RESPONSE_BYTES, PLAIN_BYTES, write_responses
from stream.gateway.session import Session


@dataclass(frozen=True, slots=True)
class Owed:
    """Messages whose 0x8001 leaves when their reports are durable: column by column, one row an answer.

    reports: how many all of them held together; -1: one each.
    """

    sessions: Sequence[Session]
    serials: Sequence[int]
    message_id: int
    reports: int

    @property
    def held(self) -> int:
        """Reports that all of the messages held."""
        return len(self.sessions) if self.reports < 0 else self.reports


def general_responses(owed: Sequence[Owed], result: int) -> Iterator[tuple[Session, bytes]]:
    """One 0x8001 frame an answer, in order. Takes a serial of each session. (JT/T 808-2013, 8.2)"""
    sessions = [session for part in owed for session in part.sessions]
    rows = len(sessions)
    numbers = np.empty((rows, 3), np.uint16)
    numbers[:, 0] = [session.next_serial() for session in sessions]
    numbers[:, 1] = [serial for part in owed for serial in part.serials]
    numbers[:, 2] = np.repeat([part.message_id for part in owed], [len(part.sessions) for part in owed])
    phones = np.frombuffer(bytearray().join([session.phone_window for session in sessions]), np.uint8)
    edition_2019 = np.array([session.edition == "2019" for session in sessions], np.bool_)
    out, ends = np.empty(rows * MAX_RESPONSE_BYTES, np.uint8), np.empty(rows, np.int64)
    write_responses(phones, numbers, edition_2019, result, np.empty(PLAIN_BYTES, np.uint8), out, ends)
    start = 0
    data = out[: ends[-1] if rows else 0].tobytes()
    for session, end in zip(sessions, ends.tolist(), strict=True):
        yield session, data[start:end]
        start = end
