"""The JSON of evidence: files, raw alarms, messages, raw frames."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from alerts.desk.models import Name, Time, VehicleId

Hex = Annotated[str, Field(description="Hexadecimal, lower case")]
MessageId = Annotated[str, Field(description="Message id of JT/T 808", examples=["0x0801"])]
FileState = Literal["expected", "partial", "complete", "rejected"]


class EvidenceFile(BaseModel):
    """One file, on its way or there. Sizes and hashes are of what came; until then the announced size."""

    file_id: str
    vehicle_id: VehicleId
    source: Literal["attachment", "media"] = Field(description="attachment: T/JSATL 12; media: 0x0801")
    name: str = Field(description="As the terminal called it; only a text")
    kind: Literal["image", "audio", "video", "text", "other"]
    content_type: str = Field(description="As found in the bytes; empty until the file is complete")
    size_bytes: int
    sha256: Hex = Field(description="Empty until the file has come")
    sm3: Hex = Field(description="GB/T 32905-2016; empty until the file has come")
    state: FileState
    reason: str | None = Field(description="Why it is rejected")
    alarm_number: str | None = Field(description="The platform's number of its alarm")
    media_id: int | None
    announced: Time
    received: Time | None
    expires: Time = Field(description="It is not deleted before")
    url: str = Field(description="Its bytes, once it is complete")


class SafetyAlarm(BaseModel):
    """One raw alarm of an active-safety terminal, with values as sent: level 2 is graver than 1."""

    identifier: Hex
    alarm_number: str
    time: Time
    peripheral: int = Field(description="100 ADAS, 101 DSM, 102 tyres, 103 blind spot")
    event: int
    level: int
    flag: int
    speed_kmh: int
    longitude_deg: float
    latitude_deg: float
    attachments: int = Field(description="Files that the terminal announced")


class AlertEvidence(BaseModel):
    """What proves an alert."""

    files: list[EvidenceFile]
    alarms: list[SafetyAlarm]


class FilePage(BaseModel):
    """Files of a vehicle by the time of their announcement."""

    files: list[EvidenceFile]
    next: str | None


class TerminalMessage(BaseModel):
    """One message of a terminal that is no position; the body as it came, its packages put together."""

    id: str
    received: Time
    message_id: MessageId
    serial: int
    edition: Literal["2011", "2013", "2019"]
    body_hex: Hex | None = Field(description="null where the body is a file")
    file_id: str | None
    url: str | None = Field(description="The picture, sound or video of 0x0801")


class MessagePage(BaseModel):
    """Messages of a vehicle by time."""

    messages: list[TerminalMessage]
    next: str | None


class Frame(BaseModel):
    """One frame as on the wire, flags and escapes included; hashes of exactly these bytes."""

    id: str
    received: Time
    direction: Literal["up", "down"]
    message_id: MessageId
    serial: int
    frame_hex: Hex
    sha256: Hex
    sm3: Hex


class FramePage(BaseModel):
    """Archived frames of a vehicle by time."""

    frames: list[Frame]
    next: str | None


class Archive(BaseModel):
    """Keep a vehicle's raw frames until a time; null ends what was ordered before."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="forbid")

    until: datetime | None = Field(description="ISO 8601", examples=["2026-11-23T08:00:00+08:00"])
    operator: Name = Field(min_length=1, max_length=100, examples=["王芳"])
