"""What a terminal's session tells its owner, one object an event."""

from __future__ import annotations

from dataclasses import dataclass

from stream.jt808.messages import Result, TerminalAuthenticate, TerminalRegister


@dataclass(frozen=True, slots=True)
class Registration:
    """0x0100. The session pauses until a `RegisterResponse` is sent, or `resume` says that none will be."""

    serial: int
    message: TerminalRegister


@dataclass(frozen=True, slots=True)
class Authentication:
    """0x0102. The session pauses until the `PlatformGeneralResponse` to it is sent, or `resume`."""

    serial: int
    message: TerminalAuthenticate


@dataclass(frozen=True, slots=True)
class Received:
    """A whole message of an authenticated terminal, its packages put together.

    serials: those that are still to be answered, the last one first answered for the whole; one, unless the
    message came in packages whose answers were held back.
    """

    message_id: int
    serials: tuple[int, ...]
    body: bytes
    packages: int = 0


@dataclass(frozen=True, slots=True)
class PackageKept:
    """A package whose message is not whole yet and which is to be answered now."""

    message_id: int
    serial: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """A package of a message that has been told as `Received` already: its answer may have been lost."""

    message_id: int
    serial: int


@dataclass(frozen=True, slots=True)
class PackagesMissing:
    """Packages of an uplink message did not come in time: ask for them with 0x8003 (first_serial, packages).

    asked: how often before. first_body: package 1 if it is here, in which 0x0801 has its media id.
    """

    message_id: int
    first_serial: int
    packages: tuple[int, ...]
    asked: int
    first_body: bytes


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A message that was not completed. reason: "silence", "age", "pool", "size" or "crowded"."""

    message_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ResendAsked:
    """0x0005: `data` are the packages asked for, unchanged, to be written; empty if they are not kept."""

    serial: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A message to be answered with 0x8001 and `result`; `result` None: with nothing."""

    message_id: int
    serial: int
    result: Result | None
    reason: str


@dataclass(frozen=True, slots=True)
class FrameBroken:
    """Bytes between two flags that are no frame; `code` as in `ProtocolError.code`."""

    code: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The link should be closed. reason: "idle", "not_authenticated" or "authentication_failed"."""

    reason: str


class _Sign:
    """An event without content."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


#: Nothing more to tell until more is received.
NEED_DATA = _Sign("NEED_DATA")
#: A question of the terminal waits for its answer; what came behind it is kept.
PAUSED = _Sign("PAUSED")

Event = (
    Registration
    | Authentication
    | Received
    | PackageKept
    | Repeated
    | PackagesMissing
    | GivenUp
    | ResendAsked
    | Refused
    | FrameBroken
    | Ended
    | _Sign
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A downlink message as it leaves: the serial of each package (one, if it was not cut) and all bytes."""

    message_id: int
    serials: tuple[int, ...]
    data: bytes
