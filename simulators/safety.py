"""Alarms of the cameras on board: which report carries one, its bytes, and the files that belong to it.

T/JSATL 12-2017, 4.5 and 4.6. Everything about an alarm follows from the fleet's seed, the vehicle and the
number of the report, and its files from its identifier, so that nothing needs to be remembered.
"""

import struct
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from simulators.fleet import Vehicle
from simulators.motion import Samples
from simulators.pictures import camera_picture, jpeg
from simulators.safety_truth import CameraAlarm
from simulators.videos import h264, wav

ADAS, DSM = 0x64, 0x65
# Peripheral and event: forward collision, lane departure, too close; fatigue, phone, smoking, distracted.
KINDS = ((ADAS, 1), (ADAS, 2), (ADAS, 3), (DSM, 1), (DSM, 2), (DSM, 3), (DSM, 4))
# Below this the cameras judge nothing (parameter 0xF364); above the other an alarm is of the graver level 2.
ENABLE_SPEED_DKMH, GRADING_SPEED_DKMH = 300, 500
TERMINAL_ID_BYTES, HOUR_BYTES, MOMENT_BYTES, ATTACHMENTS_AT = 7, 11, 13, 14
# An alarm is repeated so many reports later, each time with a chance of one half.
REPEATED_AFTER = (6, 15, 24)
ALARMS_EACH = 1 + len(REPEATED_AFTER) / 2
_VALUE_BYTES, _SPEED_AT, _IDENTIFIER_AT = 47, 12, 31
_STATUS = 1 | 1 << 10  # ACC on, position known
_CHANNELS = {ADAS: 64, DSM: 65}
_IMAGE, _AUDIO, _VIDEO, _STATE = 0, 1, 2, 3
_VIDEO_PICTURES, _VIDEO_WIDTH, _VIDEO_HEIGHT = 5, 176, 144
_STATE_BLOCKS = 10


@dataclass(frozen=True, slots=True)
class AlarmFile:
    """A file as the terminal hands it over; `kind` 0 image, 1 audio, 2 video, 3 text."""

    name: str
    kind: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cameras:
    """The cameras of one vehicle; `chance` is that of an alarm in a report at speed."""

    seed: int
    vehicle: Vehicle
    chance: float

    def alarms(self, samples: Samples, first: int) -> dict[int, bytes]:
        """Items 0x64 and 0x65 by row, for samples of reports `first` and following."""
        if not self.chance or self.vehicle.edition == "2011":
            return {}
        fast = np.flatnonzero(samples.speed_dkmh >= ENABLE_SPEED_DKMH).tolist()
        return {row: self._item(samples, row, first + row) for row in fast if self._alarms_at(first + row)}

    def _alarms_at(self, number: int) -> bool:
        return self._begins_at(number) or any(
            self._begins_at(number - back, 1 << bit) for bit, back in enumerate(REPEATED_AFTER)
        )

    def _begins_at(self, number: int, repeated: int = 0) -> bool:
        """Whether a report carries an alarm that is no repetition, and is repeated as the bit says."""
        digest = _digest(f"alarm/{self.seed}/{self.vehicle.number}/{number}".encode())
        first = int.from_bytes(digest[:8]) < self.chance / ALARMS_EACH * 2.0**64
        return first and digest[8] & repeated == repeated

    def _item(self, samples: Samples, row: int, number: int) -> bytes:
        who = f"{self.vehicle.number + 1:07d}".encode()[-TERMINAL_ID_BYTES:]
        moment = who + _bcd_time(int(samples.time_ms[row]))
        digest = _digest(moment)
        peripheral, event = _kind(moment)
        speed_dkmh = int(samples.speed_dkmh[row])
        level = 2 if speed_dkmh > GRADING_SPEED_DKMH else 1
        side, degree = 1 + digest[10] % 2, 1 + digest[10] % 10
        own = bytes([60, 12, side, 0, 0]) if peripheral == ADAS else bytes([degree, 0, 0, 0, 0])
        value = struct.pack(">IBBB", number & 0xFFFFFFFF, 0, event, level) + own
        value += struct.pack(
            ">BHII6sH",
            min(250, speed_dkmh // 10),
            int(samples.altitude_m[row]) & 0xFFFF,
            int(samples.latitude_udeg[row]),
            int(samples.longitude_udeg[row]),
            moment[TERMINAL_ID_BYTES:],
            _STATUS,
        )
        value += moment + bytes([0, 1 + digest[9] % 3, 0])
        return bytes([peripheral, len(value)]) + value


def describe(item: bytes) -> CameraAlarm:
    """What an alarm tells, from the item's own bytes."""
    value = item[2:]
    identifier = value[_IDENTIFIER_AT:_VALUE_BYTES]
    return CameraAlarm(
        peripheral=item[0],
        event=value[5],
        level=value[6],
        speed_kmh=value[_SPEED_AT],
        identifier=identifier.hex(),
        attachments=identifier[ATTACHMENTS_AT],
    )


def files_of(identifier: bytes, alarm_number: str) -> list[AlarmFile]:
    """The files of an alarm, as many as it states: photos, last a video, a sound or the vehicle's state."""
    digest = _digest(identifier[:MOMENT_BYTES])
    seed = int.from_bytes(digest[:4])
    peripheral, event = _kind(identifier)

    def file(kind: int, number: int, suffix: str, data: bytes) -> AlarmFile:
        prefix = f"{kind:02d}_{_CHANNELS[peripheral]}_{peripheral:02x}{event:02x}"
        return AlarmFile(f"{prefix}_{number}_{alarm_number}.{suffix}", kind, data)

    stated = identifier[ATTACHMENTS_AT]
    files = [file(_IMAGE, n, "jpg", jpeg(camera_picture(seed + n))) for n in range(stated - 1)]
    if not stated:
        return []
    if digest[11] % 3 == 0:
        return [*files, file(_VIDEO, stated - 1, "h264", _video(seed))]
    if digest[11] % 3 == 1:
        return [*files, file(_AUDIO, stated - 1, "wav", wav(1.0))]
    return [*files, file(_STATE, stated - 1, "bin", _states(identifier))]


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def _kind(identifier: bytes) -> tuple[int, int]:
    """Every driver has one bad habit an hour."""
    return KINDS[_digest(identifier[:HOUR_BYTES])[8] % len(KINDS)]


def _bcd_time(time_ms: int) -> bytes:
    local = np.datetime64(time_ms // 1000 + 8 * 3600, "s").item()
    return bytes.fromhex(local.strftime("%y%m%d%H%M%S"))


def _video(seed: int) -> bytes:
    pictures = range(seed, seed + _VIDEO_PICTURES)
    return h264([camera_picture(n, width=_VIDEO_WIDTH, height=_VIDEO_HEIGHT) for n in pictures])


def _states(identifier: bytes) -> bytes:
    """The vehicle's state around the alarm, 64 bytes a moment (T/JSATL 12-2017, table 4-22)."""
    blocks = []
    for index in range(1, _STATE_BLOCKS + 1):
        place = (32_041_544, 118_767_413, 25, 650, 90)
        head = (_STATE_BLOCKS, index, 0, 3, *place, identifier[TERMINAL_ID_BYTES:MOMENT_BYTES])
        block = struct.pack(">IIIIIIHHH6s", *head).ljust(63, b"\0")
        blocks.append(block + bytes([sum(block) & 0xFF]))
    return b"".join(blocks)
