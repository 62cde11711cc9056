"""Photos a simulated camera takes: small baseline JPEG files (ITU-T T.81), valid to any viewer.

Only the mean of each 8 x 8 block is coded, so a photo is a mosaic; the file is a real one all the same.
"""

import struct
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

BLOCK = 8
_DC_STEP = 8  # quantiser of the block mean; the coefficient of a flat block is eight times its value
_APP0 = b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
# How many codes there are of each length; T.81 table K.3. Categories 0..11 in order of length.
_DC_LENGTHS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
_AC_LENGTHS = (1, *(0 for _ in range(15)))  # one symbol only: end of block
_COMPONENTS = 3


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """A JPEG file of an image, (height, width, 3) uint8 in YCbCr; height and width multiples of 8."""
    height, width, _ = pixels.shape
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, _APP0),
            _segment(0xDB, bytes([0, *(_DC_STEP for _ in range(64))])),
            _segment(0xC0, _frame_header(height, width)),
            _segment(0xC4, bytes([0x00, *_DC_LENGTHS, *range(12)])),
            _segment(0xC4, bytes([0x10, *_AC_LENGTHS, 0])),
            _segment(0xDA, bytes([_COMPONENTS, 1, 0, 2, 0, 3, 0, 0, 63, 0])),
            _scan(pixels),
            b"\xff\xd9",
        )
    )


def camera_picture(seed: int, *, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """A road below a sky, different for each seed: (height, width, 3) uint8 in YCbCr."""
    draw = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128, np.uint8)
    horizon = height * 2 // 5
    picture[:horizon] = (200, 145, 118)
    picture[horizon:] = (70, 124, 124)
    middle = width // 2 + int(draw.integers(-40, 41))
    for row in range(horizon, height):
        spread = (row - horizon) // 2 + 4
        picture[row, max(0, middle - spread) : middle + spread] = (105, 128, 128)
    left = int(draw.integers(0, width - 64))
    picture[horizon - 16 : horizon + 40, left : left + 56] = draw.integers(40, 216, 3, np.uint8)
    return picture


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _frame_header(height: int, width: int) -> bytes:
    components = bytes(byte for number in range(1, _COMPONENTS + 1) for byte in (number, 0x11, 0))
    return struct.pack(">BHHB", 8, height, width, _COMPONENTS) + components


def _scan(pixels: NDArray[np.uint8]) -> bytes:
    height, width, _ = pixels.shape
    blocks = pixels.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, _COMPONENTS).mean(axis=(1, 3))
    levels = np.rint((blocks.reshape(-1, _COMPONENTS) - 128) * BLOCK / _DC_STEP).astype(int)
    steps = np.diff(levels, axis=0, prepend=0)
    data = _bytes_of(_code(int(step)) for step in steps.ravel())
    return data.replace(b"\xff", b"\xff\x00")


@cache
def _code(step: int) -> str:
    """Category, value and end of block of one difference, as bits."""
    category = abs(step).bit_length()
    value = step if step >= 0 else step + (1 << category) - 1
    bits = format(value, f"0{category}b") if category else ""
    return _dc_codes()[category] + bits + "0"


@cache
def _dc_codes() -> list[str]:
    """Canonical Huffman codes by category (T.81 annex C)."""
    codes, code = [], 0
    for length, count in enumerate(_DC_LENGTHS, 1):
        for _ in range(count):
            codes.append(format(code, f"0{length}b"))
            code += 1
        code <<= 1
    return codes


def _bytes_of(codes: Iterable[str]) -> bytes:
    bits = "".join(codes)
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)
