"""What an operator states for each kind of command: the fields of its message in JT/T 808, by their names."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from alerts.commands import MAX_TEXT_BYTES
from alerts.desk.area_bodies import AreaDelete, AreaQuery, AreaSet
from alerts.desk.command_fields import Body, Byte, DWord, Hex, Moment, Word, gbk_bytes, gbk_up_to
from alerts.desk.parameter_types import MAX_NUMBERS, MAX_VALUE_BYTES, TEXTS

MAX_IDS = 125
"""Ids in one message, so that it stays one package (JT/T 808-2013, table 40)."""

CONFIRMABLE = sum(1 << bit for bit in (0, 3, 20, 21, 22, 27, 28))
"""Alarm bits that a person may confirm (JT/T 808-2013, 8.24)."""


class Empty(Body):
    """A message without fields."""


class TextBody(Body):
    """0x8300. What the flag byte says in each edition follows from the switches."""

    text: Annotated[str, gbk_up_to(MAX_TEXT_BYTES)] = Field(min_length=1, examples=["您已超速，请减速慢行"])
    urgent: bool = False
    display: bool = Field(True, description="Show it on the terminal's screen")
    speak: bool = Field(True, description="Read it out (TTS)")
    ad_screen: bool = Field(False, description="Show it on the advertising screen; before 2019")
    can_fault_code: bool = Field(False, description="It is a CAN fault code, not navigation")
    text_type: Literal[1, 2] = Field(1, description="2019: 1 notice, 2 service")


class ParameterBody(Body):
    """One parameter by id or name, with its value, or its raw bytes."""

    parameter_id: DWord | None = Field(None, examples=["0x0055"])
    name: str | None = Field(None, max_length=60, examples=["max_speed_kmh"])
    value: Any = Field(None, examples=[80])
    raw: Hex | None = None

    @model_validator(mode="after")
    def _check(self) -> ParameterBody:
        if (self.parameter_id is None) == (self.name is None):
            raise ValueError("needs either parameter_id or name")
        if (self.value is None) == (self.raw is None):
            raise ValueError("needs either value or raw")
        if self.raw is not None and len(self.raw) > 2 * MAX_VALUE_BYTES:
            raise ValueError(f"raw: at most {MAX_VALUE_BYTES} bytes")
        if self.value is not None:
            _check_value(self.parameter_id, self.value)
        return self


def _check_value(parameter_id: int | None, value: Any) -> None:
    most = MAX_NUMBERS.get(parameter_id) if parameter_id is not None else None
    if most is not None and (type(value) is not int or not 0 <= value <= most):
        raise ValueError(f"value of 0x{parameter_id:04x} must be a whole number from 0 to {most}")
    if parameter_id in TEXTS and not isinstance(value, str):
        raise ValueError(f"value of 0x{parameter_id:04x} must be text")
    if isinstance(value, str) and len(gbk_bytes(value)) > MAX_VALUE_BYTES:
        raise ValueError(f"value: at most {MAX_VALUE_BYTES} bytes in GBK")


class ParametersSet(Body):
    """0x8103."""

    parameters: list[ParameterBody] = Field(min_length=1, max_length=255)


class ParametersQuery(Body):
    """0x8106; 0x8104 for all parameters when no ids are given."""

    parameter_ids: list[DWord] = Field([], max_length=255, examples=[["0x0055", "0x0056"]])


class TerminalControl(Body):
    """0x8105."""

    command: Annotated[int, Field(ge=1, le=7)] = Field(
        description="1 upgrade, 2 connect to a server, 3 off, 4 reset, 5 factory settings, 6 close data, "
        "7 close all radio"
    )
    arguments: Annotated[str, gbk_up_to(1000)] = Field("", description="For 1 and 2, separated by `;`")


class TemporaryTracking(Body):
    """0x8202."""

    interval_s: Word = Field(description="Seconds between reports; 0 stops")
    validity_s: DWord = Field(0, description="Seconds for which it is followed")

    @model_validator(mode="after")
    def _check(self) -> TemporaryTracking:
        if self.interval_s and not self.validity_s:
            raise ValueError("validity_s: how long the vehicle is to be followed must be stated")
        return self


class AlarmConfirm(Body):
    """0x8203."""

    alarm_serial: Word = Field(0, description="Serial of the report that needs confirmation; 0: all")
    alarm_bits: DWord = Field(description="Alarm flags of 0x0200: of bits 0, 3, 20, 21, 22, 27, 28")

    @model_validator(mode="after")
    def _check(self) -> AlarmConfirm:
        if not self.alarm_bits or self.alarm_bits & ~CONFIRMABLE:
            raise ValueError("alarm_bits: of bits 0, 3, 20, 21, 22, 27 and 28, and at least one")
        return self


class Photo(Body):
    """0x8801."""

    channel: Annotated[Byte, Field(ge=1)] = Field(description="0x64 ADAS and 0x65 DSM of active safety")
    command: Word = Field(1, description="0 stop, 0xFFFF video, else that many photos")
    interval_s: Word = Field(0, description="Between photos, or seconds of video; 0: as fast as it goes")
    save: Literal[0, 1] = Field(0, description="1 keep it in the terminal, 0 upload at once")
    resolution: Byte = Field(1, description="1 320x240 to 8 704x576; 2019: 0 lowest to 0xFF highest")
    quality: Annotated[int, Field(ge=1, le=10)] = 5
    brightness: Byte = 127
    contrast: Annotated[int, Field(ge=0, le=127)] = 63
    saturation: Annotated[int, Field(ge=0, le=127)] = 63
    chroma: Byte = 127


class MediaSearch(Body):
    """0x8802."""

    media_type: Annotated[int, Field(ge=0, le=2)] = Field(description="0 image, 1 audio, 2 video")
    channel: Byte = Field(0, description="0: all")
    event: Byte = Field(0, description="0 platform command, 1 timer, 2 robbery, 3 collision or rollover, ...")
    start: Moment = "000000000000"
    end: Moment = "000000000000"


class MediaUpload(MediaSearch):
    """0x8803."""

    delete: Literal[0, 1] = Field(0, description="1: delete after upload")


class MediaSingleUpload(Body):
    """0x8805."""

    media_id: Annotated[DWord, Field(ge=1)]
    delete: Literal[0, 1] = Field(0, description="1: delete after upload")


class Record(Body):
    """0x8804."""

    command: Literal[0, 1] = Field(1, description="0 stop, 1 start")
    duration_s: Word = Field(0, description="0: until stopped")
    save: Literal[0, 1] = Field(0, description="1 keep it in the terminal, 0 upload at once")
    sample_rate: Annotated[int, Field(ge=0, le=3)] = Field(0, description="0 8K, 1 11K, 2 23K, 3 32K")


class PhoneCallback(Body):
    """0x8400."""

    flag: Literal[0, 1] = Field(0, description="0 call, 1 monitor")
    phone_number: str = Field(pattern=r"^\+?[0-9*#-]{1,20}$", examples=["02583000000"])


class VehicleControl(Body):
    """0x8500. The byte for it differs between the editions."""

    door: Literal["lock", "unlock"]


class PeripheralQuery(Body):
    """0x8900 of type F7 (state) or F8 (information), T/JSATL 12."""

    kind: Annotated[Byte, Field(ge=0xF7, le=0xF8)] = Field(0xF7, description="0xF7 state, 0xF8 information")
    peripheral_ids: list[Annotated[Byte, Field(ge=0x64, le=0x67)]] = Field(
        [0x64, 0x65], min_length=1, max_length=4, description="0x64 ADAS, 0x65 DSM, 0x66 TPMS, 0x67 BSD"
    )


class RecorderQuery(Body):
    """0x8700."""

    command: Byte = Field(description="Command word of GB/T 19056", examples=["0x00", "0x08"])
    data: Hex = Field("", description="Its block, if it has one")


class Attachments(Body):
    """0x9208 of T/JSATL 12: asks for the files of an alarm. The platform does so itself for each alarm."""

    server: str = Field(min_length=1, max_length=100, description="Address of the attachment server")
    tcp_port: Word
    udp_port: Word = 0
    identifier: Annotated[Hex, Field(min_length=32, max_length=80)] = Field(
        description="The alarm's identifier"
    )
    alarm_number: str = Field(pattern=r"^[0-9A-Za-z]{32}$", description="The platform's number of the alarm")


BODIES: dict[str, Any] = {
    "text": TextBody,
    "parameters_set": ParametersSet,
    "parameters_query": ParametersQuery,
    "terminal_control": TerminalControl,
    "attributes_query": Empty,
    "position_query": Empty,
    "track": TemporaryTracking,
    "alarm_confirm": AlarmConfirm,
    "link_check": Empty,
    "area_set": AreaSet,
    "area_delete": AreaDelete,
    "areas_query": AreaQuery,
    "photo": Photo,
    "media_search": MediaSearch,
    "media_upload": MediaUpload,
    "media_single_upload": MediaSingleUpload,
    "record": Record,
    "phone_callback": PhoneCallback,
    "vehicle_control": VehicleControl,
    "peripheral_query": PeripheralQuery,
    "driver_query": Empty,
    "recorder_query": RecorderQuery,
    "attachments": Attachments,
    "archive_start": Empty,
    "archive_stop": Empty,
}
"""By kind."""
