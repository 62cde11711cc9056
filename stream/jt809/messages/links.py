"""Management of the links (JT/T 809-2011, 4.5.1-4.5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.kinds import FixedText, Number
from stream.jt809.messages.base import Message
from stream.jt809.words import DWord, NewDWord, Word

LOGIN_RESULTS = {
    0: "ok",
    1: "wrong IP address",
    2: "wrong access code",
    3: "user not registered",
    4: "wrong password",
    5: "busy, try later",
    6: "other",
    0xFF: "other",
}
SUB_LOGIN_RESULTS = {0: "ok", 1: "wrong verify code", 2: "busy, try later", 3: "other"}
_BROKEN = {0: "main link broken", 1: "other"}
_CLOSING = {0: "gateway restarts", 1: "other"}
_SUB_BROKEN = {0: "cannot connect", 1: "sub link broken", 2: "other"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest(Message):
    """0x1001, up on the main link. down_link_ip and down_link_port: where the sub link is to be opened."""

    message_id: ClassVar[int] = 0x1001
    user_id: DWord
    password: Annotated[str, FixedText(8)]
    gnss_center_id: NewDWord = None
    down_link_ip: Annotated[str, FixedText(32)]
    down_link_port: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginResponse(Message):
    """0x1002. verify_code: what the sub link has to show."""

    message_id: ClassVar[int] = 0x1002
    result: Annotated[int, Number(1, names=LOGIN_RESULTS)]
    verify_code: DWord


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest(Message):
    """0x1003, up on the main link."""

    message_id: ClassVar[int] = 0x1003
    user_id: DWord
    password: Annotated[str, FixedText(8)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutResponse(Message):
    """0x1004."""

    message_id: ClassVar[int] = 0x1004


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTest(Message):
    """0x1005, up on the main link, every minute without other traffic."""

    message_id: ClassVar[int] = 0x1005


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTestResponse(Message):
    """0x1006."""

    message_id: ClassVar[int] = 0x1006


@dataclass(frozen=True, slots=True, kw_only=True)
class MainLinkBroken(Message):
    """0x1007, up on the sub link: the lower platform has lost the main link."""

    message_id: ClassVar[int] = 0x1007
    reason: Annotated[int, Number(1, names=_BROKEN)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerCloses(Message):
    """0x1008, up on the sub link: the lower platform closes both links."""

    message_id: ClassVar[int] = 0x1008
    reason: Annotated[int, Number(1, names=_CLOSING)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubLoginRequest(Message):
    """0x9001, down on the sub link."""

    message_id: ClassVar[int] = 0x9001
    verify_code: DWord


@dataclass(frozen=True, slots=True, kw_only=True)
class SubLoginResponse(Message):
    """0x9002."""

    message_id: ClassVar[int] = 0x9002
    result: Annotated[int, Number(1, names=SUB_LOGIN_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubLogoutRequest(Message):
    """0x9003, down on the sub link."""

    message_id: ClassVar[int] = 0x9003
    verify_code: DWord


@dataclass(frozen=True, slots=True, kw_only=True)
class SubLogoutResponse(Message):
    """0x9004."""

    message_id: ClassVar[int] = 0x9004


@dataclass(frozen=True, slots=True, kw_only=True)
class SubLinkTest(Message):
    """0x9005, down on the sub link, every minute without other traffic."""

    message_id: ClassVar[int] = 0x9005


@dataclass(frozen=True, slots=True, kw_only=True)
class SubLinkTestResponse(Message):
    """0x9006."""

    message_id: ClassVar[int] = 0x9006


@dataclass(frozen=True, slots=True, kw_only=True)
class SubLinkBroken(Message):
    """0x9007, down on the main link: the upper platform has lost the sub link, or cannot open it."""

    message_id: ClassVar[int] = 0x9007
    reason: Annotated[int, Number(1, names=_SUB_BROKEN)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpperCloses(Message):
    """0x9008, down on the main link: the upper platform closes both links."""

    message_id: ClassVar[int] = 0x9008
    reason: Annotated[int, Number(1, names=_CLOSING)]
