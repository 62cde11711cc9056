"""Video and sound a simulated camera records: H.264 in Annex B, and WAV, valid to any player.

The video is the plainest the standard allows (ITU-T H.264): every picture is an IDR picture of macroblocks
that carry their samples as they are (I_PCM).
"""

import io
import math
import re
import wave

import numpy as np
from numpy.typing import NDArray

MACROBLOCK = 16
_START = b"\0\0\0\1"
_SPS, _PPS, _IDR = 0x67, 0x68, 0x65
_I_PCM = 25  # mb_type in an I slice
_PLAIN_I_SLICE = 7
SOUND_RATE_HZ = 8_000


def h264(pictures: list[NDArray[np.uint8]]) -> bytes:
    """An elementary stream of pictures, each (height, width, 3) uint8 in YCbCr, sides multiples of 16."""
    height, width, _ = pictures[0].shape
    units = [_unit(_SPS, _sequence(width // MACROBLOCK, height // MACROBLOCK)), _unit(_PPS, _picture_set())]
    units += [_unit(_IDR, _slice(picture, number)) for number, picture in enumerate(pictures)]
    return b"".join(units)


def wav(seconds: float, *, tone_hz: float = 440.0) -> bytes:
    """A tone, mono, 16 bits."""
    times = np.arange(round(seconds * SOUND_RATE_HZ)) / SOUND_RATE_HZ
    samples = np.rint(8_000 * np.sin(2 * math.pi * tone_hz * times)).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SOUND_RATE_HZ)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def _unit(kind: int, payload: bytes) -> bytes:
    """A NAL unit; the three bytes that would look like a start code are broken up (7.4.1)."""
    return _START + bytes([kind]) + re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", payload)


def _sequence(width: int, height: int) -> bytes:
    """Sequence parameter set (7.3.2.1), Baseline profile, level 3; no reordering, one reference."""
    bits = (
        _exp(0) + _exp(0) + _exp(2) + _exp(1) + "0" + _exp(width - 1) + _exp(height - 1) + "1" + "1" + "0" * 2
    )
    return bytes([66, 0xC0, 30]) + _packed(bits)


def _picture_set() -> bytes:
    """Picture parameter set (7.3.2.2): CAVLC, one slice group, no weights, deblocking may be controlled."""
    counts = _exp(0) + _exp(0) + "0" + "0" + _exp(0) + _exp(0) + _exp(0)
    return _packed(counts + "0" + "00" + _exp(0) * 3 + "1" + "0" + "0")


def _slice(picture: NDArray[np.uint8], number: int) -> bytes:
    """One IDR slice that holds the whole picture (7.3.3, 7.3.5)."""
    no_deblocking = _exp(1)
    header = (
        _exp(0) + _exp(_PLAIN_I_SLICE) + _exp(0) + "0000" + _exp(number % 2) + "00" + _exp(0) + no_deblocking
    )
    parts = []
    for samples in _macroblocks(picture):
        start = header + _exp(_I_PCM)
        header = ""
        parts.append(int(start.ljust(-(-len(start) // 8) * 8, "0"), 2).to_bytes(-(-len(start) // 8)))
        parts.append(samples)
    return b"".join(parts) + b"\x80"


def _macroblocks(picture: NDArray[np.uint8]) -> list[bytes]:
    """384 bytes each: 16 x 16 luma, then two 8 x 8 chroma planes."""
    height, width, _ = picture.shape
    found = []
    for top in range(0, height, MACROBLOCK):
        for left in range(0, width, MACROBLOCK):
            block = picture[top : top + MACROBLOCK, left : left + MACROBLOCK]
            chroma = block[::2, ::2]
            found.append(block[..., 0].tobytes() + chroma[..., 1].tobytes() + chroma[..., 2].tobytes())
    return found


def _exp(value: int) -> str:
    """Unsigned Exp-Golomb code (9.1)."""
    bits = format(value + 1, "b")
    return "0" * (len(bits) - 1) + bits


def _packed(bits: str) -> bytes:
    """With the stop bit and the padding of an RBSP."""
    return _aligned(bits + "1")


def _aligned(bits: str) -> bytes:
    """Filled with zeros to whole bytes."""
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)
