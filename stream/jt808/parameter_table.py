"""Every terminal parameter by id: name, type and unit (JT/T 808-2013, table 12; 2019, table 12;
JT/T 1078-2016, table 1; T/JSATL 12-2017, 5.3).

A value whose length is not that of its type belongs to another maker and stays raw; nothing here raises for
any value that is read.
"""

from __future__ import annotations

from stream.jt808.errors import EncodeError, ProtocolError
from stream.jt808.flags import ALARMS
from stream.jt808.header import Edition
from stream.jt808.kind_lists import Nested
from stream.jt808.kinds import REST_TEXT, U8, U16, U32, FixedData, Number, Scaled
from stream.jt808.layout import Json, Kind, Scope
from stream.jt808.parameter_blocks import (
    CollisionParameters,
    ForbiddenPeriod,
    ImageAnalysis,
    SpecialAlarmRecording,
    VideoChannelList,
    VideoChannels,
    VideoParameters,
    WakeUp,
)
from stream.jt808.reader import Reader
from stream.jt808.safety_blocks import AdasParameters, BsdParameters, DsmParameters, TpmsParameters

_ALARM_BITS = Number(4, bits=ALARMS)
_BAUD_RATES = {0: "4800", 1: "9600", 2: "19200", 3: "38400", 4: "57600", 5: "115200"}
_EDITION: Edition = "2019"

_TABLE: dict[int, tuple[str, Kind[Json]]] = {
    0x0001: ("heartbeat_interval_s", U32),
    0x0002: ("tcp_reply_timeout_s", U32),
    0x0003: ("tcp_retransmissions", U32),
    0x0004: ("udp_reply_timeout_s", U32),
    0x0005: ("udp_retransmissions", U32),
    0x0006: ("sms_reply_timeout_s", U32),
    0x0007: ("sms_retransmissions", U32),
    0x0010: ("main_server_apn", REST_TEXT),
    0x0011: ("main_server_user", REST_TEXT),
    0x0012: ("main_server_password", REST_TEXT),
    0x0013: ("main_server_address", REST_TEXT),
    0x0014: ("backup_server_apn", REST_TEXT),
    0x0015: ("backup_server_user", REST_TEXT),
    0x0016: ("backup_server_password", REST_TEXT),
    0x0017: ("backup_server_address", REST_TEXT),
    0x0018: ("server_tcp_port", U32),
    0x0019: ("server_udp_port", U32),
    0x001A: ("ic_card_main_server_address", REST_TEXT),
    0x001B: ("ic_card_server_tcp_port", U32),
    0x001C: ("ic_card_server_udp_port", U32),
    0x001D: ("ic_card_backup_server_address", REST_TEXT),
    0x0020: ("report_strategy", Number(4, names={0: "time", 1: "distance", 2: "time and distance"})),
    0x0021: ("report_scheme", Number(4, names={0: "by ACC", 1: "by log-in, then ACC"})),
    0x0022: ("report_interval_not_logged_in_s", U32),
    0x0023: ("secondary_server_apn", REST_TEXT),
    0x0024: ("secondary_server_user", REST_TEXT),
    0x0025: ("secondary_server_password", REST_TEXT),
    0x0026: ("secondary_server_address", REST_TEXT),
    0x0027: ("report_interval_sleeping_s", U32),
    0x0028: ("report_interval_emergency_s", U32),
    0x0029: ("report_interval_s", U32),
    0x002C: ("report_distance_m", U32),
    0x002D: ("report_distance_not_logged_in_m", U32),
    0x002E: ("report_distance_sleeping_m", U32),
    0x002F: ("report_distance_emergency_m", U32),
    0x0030: ("corner_angle_deg", U32),
    0x0031: ("illegal_movement_radius_m", U16),
    0x0032: ("forbidden_driving_period", Nested(ForbiddenPeriod)),
    0x0040: ("platform_phone_number", REST_TEXT),
    0x0041: ("reset_phone_number", REST_TEXT),
    0x0042: ("factory_settings_phone_number", REST_TEXT),
    0x0043: ("platform_sms_number", REST_TEXT),
    0x0044: ("alarm_sms_number", REST_TEXT),
    0x0045: ("call_answering", Number(4, names={0: "automatic", 1: "automatic with ACC on, else by hand"})),
    0x0046: ("max_call_s", U32),
    0x0047: ("max_calls_a_month_s", U32),
    0x0048: ("monitoring_phone_number", REST_TEXT),
    0x0049: ("privileged_sms_number", REST_TEXT),
    0x0050: ("alarm_mask_bits", _ALARM_BITS),
    0x0051: ("alarm_sms_bits", _ALARM_BITS),
    0x0052: ("alarm_shoot_bits", _ALARM_BITS),
    0x0053: ("alarm_shoot_save_bits", _ALARM_BITS),
    0x0054: ("key_alarm_bits", _ALARM_BITS),
    0x0055: ("max_speed_kmh", U32),
    0x0056: ("overspeed_duration_s", U32),
    0x0057: ("continuous_driving_limit_s", U32),
    0x0058: ("daily_driving_limit_s", U32),
    0x0059: ("min_rest_s", U32),
    0x005A: ("max_parking_s", U32),
    0x005B: ("overspeed_warning_margin_kmh", Scaled(2, 10)),
    0x005C: ("fatigue_warning_margin_s", U16),
    0x005D: ("collision", Nested(CollisionParameters)),
    0x005E: ("rollover_angle_deg", U16),
    0x0064: ("timed_photo_bits", U32),
    0x0065: ("distance_photo_bits", U32),
    0x0070: ("image_quality", U32),
    0x0071: ("brightness", U32),
    0x0072: ("contrast", U32),
    0x0073: ("saturation", U32),
    0x0074: ("chroma", U32),
    0x0075: ("video", Nested(VideoParameters)),
    0x0076: ("video_channels", Nested(VideoChannelList)),
    0x0077: ("video_by_channel", Nested(VideoChannels)),
    0x0079: ("special_alarm_recording", Nested(SpecialAlarmRecording)),
    0x007A: ("video_alarm_mask_bits", U32),
    0x007B: ("image_analysis", Nested(ImageAnalysis)),
    0x007C: ("wake_up", Nested(WakeUp)),
    0x0080: ("mileage_km", Scaled(4, 10)),
    0x0081: ("province", U16),
    0x0082: ("city", U16),
    0x0083: ("plate", REST_TEXT),
    0x0084: ("plate_colour", U8),
    0x0090: ("gnss_mode_bits", Number(1, bits={0: "gps", 1: "beidou", 2: "glonass", 3: "galileo"})),
    0x0091: ("gnss_baud_rate", Number(1, names=_BAUD_RATES)),
    0x0092: ("gnss_output_rate", Number(1, names={0: "500 ms", 1: "1 s", 2: "2 s", 3: "3 s", 4: "4 s"})),
    0x0093: ("gnss_sampling_s", U32),
    0x0094: ("gnss_upload_mode", U8),
    0x0095: ("gnss_upload_setting", U32),
    0x0100: ("can1_sampling_ms", U32),
    0x0101: ("can1_upload_s", U16),
    0x0102: ("can2_sampling_ms", U32),
    0x0103: ("can2_upload_s", U16),
    0xF364: ("adas", Nested(AdasParameters)),
    0xF365: ("dsm", Nested(DsmParameters)),
    0xF366: ("tpms", Nested(TpmsParameters)),
    0xF367: ("bsd", Nested(BsdParameters)),
}
_TABLE |= {number: (f"can_id_{number:04x}", FixedData(8)) for number in range(0x0110, 0x0200)}

#: Parameter ids by name.
PARAMETER_IDS = {name: number for number, (name, _) in _TABLE.items()}


def read_value(number: int, value: bytes) -> tuple[str, Json] | None:
    """Name and JSON view of a value; None for an id or a length not known here."""
    known = _TABLE.get(number)
    if known is None:
        return None
    name, kind = known
    reader, scope = Reader(value), Scope({}, _EDITION, _EDITION)
    try:
        found = kind.read(reader, name, scope)
        if reader.left or kind.write(found, name, scope) != value:
            return None
    except (ProtocolError, EncodeError):
        return None
    return name, kind.show(found, _EDITION)


def write_value(number: int, view: Json, where: str) -> bytes:
    """The bytes of a value given as its JSON view. Raises `EncodeError`."""
    known = _TABLE.get(number)
    if known is None:
        raise EncodeError(f"{where}: parameter 0x{number:04x} has no type here; give its bytes as raw")
    name, kind = known
    return kind.write(kind.parse(view, where, _EDITION), name, Scope({}, _EDITION, _EDITION))
