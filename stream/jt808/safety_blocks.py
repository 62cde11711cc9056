"""Parameters of active safety peripherals, 0xF364-0xF367 (T/JSATL 12-2017, 5.3). 0xFF: leave unchanged.

Grading speeds decide the level of an alarm: above it 2, the graver, else 1. Intervals between photos count
tenths of a second.
"""

from dataclasses import dataclass
from typing import Annotated

from stream.jt808.header import Edition
from stream.jt808.kind_lists import Nested
from stream.jt808.kinds import U8, U16, FixedData, FixedText, Number
from stream.jt808.layout import Record
from stream.jt808.reader import Reader

_PHOTO_STRATEGY = Number(
    1, names={0: "off", 1: "by time", 2: "by distance", 3: "reserved", 0xFF: "unchanged"}
)
_ADAS_ALARMS = {
    **{0: "obstacle level 1", 1: "obstacle level 2", 2: "lane change level 1", 3: "lane change level 2"},
    **{4: "lane departure level 1", 5: "lane departure level 2", 6: "forward collision level 1"},
    **{7: "forward collision level 2", 8: "pedestrian level 1", 9: "pedestrian level 2"},
    **{10: "too close level 1", 11: "too close level 2", 16: "road sign overrun"},
}
_ADAS_EVENTS = {0: "road sign recognition", 1: "active capture"}
_DSM_ALARMS = {
    **{0: "fatigue level 1", 1: "fatigue level 2", 2: "phone level 1", 3: "phone level 2"},
    **{4: "smoking level 1", 5: "smoking level 2", 6: "distracted level 1", 7: "distracted level 2"},
    **{8: "abnormal level 1", 9: "abnormal level 2"},
}
_DSM_EVENTS = {0: "driver change", 1: "active capture"}


@dataclass(frozen=True, slots=True)
class CommonParameters(Record):
    """What ADAS and DSM begin with. volume: 0-8. photo_interval_ds: between photos of one capture."""

    enable_speed_kmh: Annotated[int, U8]
    volume: Annotated[int, U8]
    photo_strategy: Annotated[int, _PHOTO_STRATEGY]
    photo_time_interval_s: Annotated[int, U16]
    photo_distance_interval_m: Annotated[int, U16]
    photos: Annotated[int, U8]
    photo_interval_ds: Annotated[int, U8]
    photo_resolution: Annotated[int, U8]
    video_resolution: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class Capture(Record):
    """What is recorded of one kind of alarm, and the speed that grades it. video_s: before and after it."""

    grading_speed_kmh: Annotated[int, U8]
    video_s: Annotated[int, U8]
    photos: Annotated[int, U8]
    photo_interval_ds: Annotated[int, U8]


_CAPTURE = Nested(Capture)


@dataclass(frozen=True, slots=True)
class PedestrianCapture(Record):
    """As `Capture`, but the alarm is on only below its speed."""

    enable_speed_kmh: Annotated[int, U8]
    video_s: Annotated[int, U8]
    photos: Annotated[int, U8]
    photo_interval_ds: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class AdasParameters(Record):
    """0xF364, 56 bytes."""

    common: Annotated[CommonParameters, Nested(CommonParameters)]
    alarm_enable_bits: Annotated[int, Number(4, bits=_ADAS_ALARMS)]
    event_enable_bits: Annotated[int, Number(4, bits=_ADAS_EVENTS)]
    reserved: Annotated[int, U8]
    obstacle_distance_ds: Annotated[int, U8]
    obstacle: Annotated[Capture, _CAPTURE]
    lane_change_window_s: Annotated[int, U8]
    lane_change_times: Annotated[int, U8]
    lane_change: Annotated[Capture, _CAPTURE]
    lane_departure: Annotated[Capture, _CAPTURE]
    forward_collision_ds: Annotated[int, U8]
    forward_collision: Annotated[Capture, _CAPTURE]
    pedestrian_ds: Annotated[int, U8]
    pedestrian: Annotated[PedestrianCapture, Nested(PedestrianCapture)]
    too_close_ds: Annotated[int, U8]
    too_close: Annotated[Capture, _CAPTURE]
    road_sign_photos: Annotated[int, U8]
    road_sign_photo_interval_ds: Annotated[int, U8]
    reserved_end: Annotated[bytes, FixedData(4)] = bytes(4)


@dataclass(frozen=True, slots=True)
class DsmParameters(Record):
    """0xF365, 49 bytes; 47 by some makers, without the last two."""

    common: Annotated[CommonParameters, Nested(CommonParameters)]
    alarm_enable_bits: Annotated[int, Number(4, bits=_DSM_ALARMS)]
    event_enable_bits: Annotated[int, Number(4, bits=_DSM_EVENTS)]
    smoking_window_s: Annotated[int, U16]
    phone_window_s: Annotated[int, U16]
    reserved: Annotated[bytes, FixedData(3)]
    fatigue: Annotated[Capture, _CAPTURE]
    phone: Annotated[Capture, _CAPTURE]
    smoking: Annotated[Capture, _CAPTURE]
    distracted: Annotated[Capture, _CAPTURE]
    abnormal: Annotated[Capture, _CAPTURE]
    identity_trigger: Annotated[
        int, Number(1, names={0: "off", 1: "timer", 2: "ACC on", 3: "leaving and coming back"})
    ]
    reserved_end: Annotated[bytes, FixedData(lambda scope: 0 if scope.variant == "47 bytes" else 2)] = bytes(
        2
    )

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """Told by the length."""
        return "47 bytes" if reader.left == 47 else "49 bytes"

    def variant_for(self, edition: Edition) -> str:
        """As long as it was read."""
        return "49 bytes" if self.reserved_end else "47 bytes"


_PRESSURE_UNITS = {0: "kg/cm2", 1: "bar", 2: "kPa", 3: "PSI"}


@dataclass(frozen=True, slots=True)
class TpmsParameters(Record):
    """0xF366, 36 bytes. Pressures are in the unit that pressure_unit names."""

    tyre_model: Annotated[str, FixedText(12)]
    pressure_unit: Annotated[int, Number(2, names=_PRESSURE_UNITS)]
    normal_pressure: Annotated[int, U16]
    imbalance_percent: Annotated[int, U16]
    slow_leak_percent: Annotated[int, U16]
    low_pressure: Annotated[int, U16]
    high_pressure: Annotated[int, U16]
    high_temperature_c: Annotated[int, U16]
    battery_percent: Annotated[int, U16]
    report_interval_s: Annotated[int, U16]
    reserved: Annotated[bytes, FixedData(6)] = bytes(6)


@dataclass(frozen=True, slots=True)
class BsdParameters(Record):
    """0xF367, 2 bytes: times to collision below which it warns."""

    rear_s: Annotated[int, U8]
    side_rear_s: Annotated[int, U8]
