"""A million frames that started sound and were changed: no exception but the protocol error."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from stream.jt808.assembly import Assembler
from stream.jt808.bulk import decode_frames, decode_positions
from stream.jt808.errors import FrameFault, ProtocolError
from stream.jt808.frame import check_code, decode_frame, encode_frame
from stream.jt808.header import Edition
from stream.jt808.messages import MESSAGES, read_body
from stream.jt808.safety_alarms import safety_alarms
from stream.jt808.tool import decode_content

MUTANTS = 1_000_000
BATCH = 50_000
#: Every so many mutants also go through the single path and the JSON view.
SINGLY = 100
SEED = 808
ITEMS = bytes.fromhex("01040000000a 0302028a 25040000000b 30011f 310109") + b"\x64\x2f" + bytes(range(47))
BASE = bytes.fromhex("00000000 00000003 01e8ea48 07143f35 0019 028a 005a 260315142530")


def _sound_frames() -> list[bytes]:
    """One frame of every message known here, positions several times, under both headers."""
    rng = np.random.default_rng(SEED)
    bodies = [(0x0200, BASE + ITEMS), (0x0200, BASE), (0x0704, b"\x00\x01\x01\x00\x1c" + BASE)] * 20
    bodies += [(number, rng.bytes(int(rng.integers(0, 90)))) for number in MESSAGES]
    editions: tuple[Edition, ...] = ("2013", "2019")
    return [
        encode_frame(number, "13912345678", k, body, edition)[1:-1]
        for k, (number, body) in enumerate(bodies)
        for edition in editions
    ]


def _mutate(frames: list[bytes], rng: np.random.Generator) -> Iterator[bytes]:
    """Each frame once: some bytes changed, the length too; for every other one the check code made right, so
    that what is behind it is reached.
    """
    width = max(map(len, frames))
    sizes = np.fromiter(map(len, frames), np.int64)
    table = np.frombuffer(b"".join(frame.ljust(width, b"\0") for frame in frames), np.uint8)
    table = table.reshape(len(frames), width).copy()
    for _ in range(3):
        rows = np.flatnonzero(rng.random(len(frames)) < 0.6)
        table[rows, (rng.random(len(rows)) * sizes[rows]).astype(np.int64)] = _bytes(rng, len(rows))
    cut = rng.random(len(frames)) < 0.2
    sizes[cut] = (rng.random(int(cut.sum())) * (sizes[cut] + 4)).astype(np.int64).clip(0, width)
    data, mended = table.tobytes(), rng.random(len(frames)) < 0.5
    for row, (size, mend) in enumerate(zip(sizes.tolist(), mended.tolist(), strict=True)):
        frame = data[row * width : row * width + size]
        if mend and size and b"\x7d" not in frame:
            frame = frame[:-1] + bytes((check_code(frame[:-1]),))
        yield frame


def _bytes(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Bytes, among which those of flags and escapes are frequent."""
    special = np.array([0x7D, 0x01, 0x02, 0x00, 0xFF, 0x40, 0x20], np.uint8)
    drawn = rng.integers(0, 256, count, np.uint8)
    return np.where(rng.random(count) < 0.3, rng.choice(special, count), drawn)


def _singly(content: bytes) -> str:
    """What the single path finds, in the words of `FrameFault`."""
    try:
        frame = decode_frame(content)
    except ProtocolError as error:
        return error.code
    if frame.header.encryption:
        return "encrypted"
    with contextlib.suppress(ProtocolError):
        read_body(frame.header.message_id, frame.body, frame.header.edition)
    return "ok"


def test_a_million_mutants() -> None:
    rng = np.random.default_rng(SEED)
    sound = _sound_frames()
    faults = np.zeros(len(FrameFault), np.int64)
    positions_read = 0
    assembler = Assembler()
    for _ in range(MUTANTS // BATCH):
        mutants = list(_mutate([sound[k] for k in rng.integers(0, len(sound), BATCH)], rng))
        batch = decode_frames(mutants)
        faults += np.bincount(batch.error, minlength=len(FrameFault))
        positions = decode_positions(batch, np.flatnonzero(batch.message_id == 0x0200))
        positions_read += int(positions.ok.sum())
        for row in np.flatnonzero(positions.ok & positions.safety)[:50].tolist():
            safety_alarms(positions.items(row))
        for row in range(0, BATCH, SINGLY):
            assert FrameFault(batch.error[row]).code == _singly(mutants[row])
            decode_content(mutants[row], assembler, lenient=True, explain=True)
    assert faults.sum() == MUTANTS
    assert positions_read > MUTANTS // 20
    found = {fault.name for fault in FrameFault if faults[fault]}
    assert found == {fault.name for fault in FrameFault} - {"OVERSIZE"}


@pytest.mark.parametrize("size", [0, 1, 12, 2090, 2091, 5000])
def test_lengths_at_the_edges(size: int) -> None:
    batch = decode_frames([bytes(size), b"\x7d" * size])
    assert (batch.error != 0).all()
