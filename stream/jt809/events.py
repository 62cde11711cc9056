"""What a `Peer` tells its owner: immutable, in the order in which it happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stream.jt809.header import Header
from stream.jt809.messages import Message, RawMessage
from stream.jt809.messages.links import LoginRequest, SubLoginRequest
from stream.protocol_errors import ProtocolError

if TYPE_CHECKING:
    from stream.jt809.positions import Positions

LinkName = Literal["main", "sub"]
Role = Literal["upper", "lower"]
#: Why a link is down: the connection broke; nothing came for three minutes; a login was refused or did not
#: come; somebody logged out; the peer said on the other link that this one is broken, or closes both;
#: a new connection took its place, then the old one is to be closed.
LostReason = Literal[
    "disconnected", "silent", "refused", "no_login", "logout", "notice", "closed", "replaced"
]


class StateError(ProtocolError):
    """A sound message at a time when it may not come: before the login."""

    code = "state"


@dataclass(frozen=True, slots=True)
class ConnectWanted:
    """Open a connection for this link, then call `connected` or `connect_failed`."""

    link: LinkName
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class LoginRequested:
    """The lower platform asks to come in; answer with `accept_login` or `refuse_login`."""

    link: LinkName
    header: Header
    request: LoginRequest | SubLoginRequest


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """The other side refused our login; `result` is its code. The link is tried again later."""

    link: LinkName
    result: int


@dataclass(frozen=True, slots=True)
class LinkEstablished:
    """Messages may be sent and come on this link."""

    link: LinkName
    verify_code: int


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The link is down. Write what `data_to_send` still has, then close the connection if it is open."""

    link: LinkName
    reason: LostReason


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """One message. rest: bytes behind its last field. oddities: what was wrong with it and accepted."""

    link: LinkName
    header: Header
    message: Message | RawMessage
    rest: bytes = b""
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PositionsReceived:
    """The positions of one or many frames as columns; only if `LinkSettings.bulk` is set."""

    link: LinkName
    positions: Positions


@dataclass(frozen=True, slots=True)
class FrameRefused:
    """A frame that could not be used; the link goes on. header: None if even that could not be read."""

    link: LinkName
    error: ProtocolError
    content: bytes
    header: Header | None = None


Event = (
    ConnectWanted
    | LoginRequested
    | LoginRefused
    | LinkEstablished
    | LinkLost
    | MessageReceived
    | PositionsReceived
    | FrameRefused
)
