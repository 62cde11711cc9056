"""Who may log in on a main link (JT/T 809 0x1001), decided before the link that is there is touched."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from stream.exchange.link import Link
from stream.jt809.cipher import Cipher
from stream.jt809.frame import decode_frame, encode_frame
from stream.jt809.header import Edition, Header
from stream.jt809.messages import Message, read_message
from stream.jt809.messages.links import LoginRequest, LoginResponse, SubLoginRequest, SubLoginResponse
from stream.protocol_errors import ProtocolError

OK, WRONG_IP, WRONG_ACCESS_CODE, UNKNOWN_USER, WRONG_PASSWORD, BUSY = range(6)
"""Results of 0x1002."""
OTHER: dict[Edition, int] = {"2011": 6, "2019": 0xFF}


def is_allowed(link: Link, ip: str) -> bool:
    """Whether the link takes connections from an address; without a list from everywhere."""
    if not link.allowed_ips:
        return True
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in link.allowed_ips)


def access_code_of(content: bytes) -> tuple[int, Edition]:
    """The access code of a first frame (between its flags), and the version its header looks like.

    Raises ProtocolError."""
    header = decode_frame(content, "auto").header
    return header.gnss_center_id, header.edition


def judge(link: Link, ip: str, content: bytes) -> int:
    """The result of a login by its frame: 0 when the peer is let in.

    Raises ProtocolError for a frame that cannot be read or is no login."""
    if not is_allowed(link, ip):
        return WRONG_IP
    frame = decode_frame(content, link.version, link.cipher)
    frame.require_clear()
    message = read_message(frame.header.message_id, frame.body, link.version).message
    if not isinstance(message, LoginRequest):
        raise ProtocolError(f"0x{frame.header.message_id:04x} came before the login")
    if message.gnss_center_id not in (None, link.access_code):
        return WRONG_ACCESS_CODE
    if message.user_id != link.user:
        return UNKNOWN_USER
    # In constant time: the answer must not tell how much of a password was right.
    if not hmac.compare_digest(message.password.encode(), link.password.encode()):
        return WRONG_PASSWORD
    return OK


def judge_sub(link: Link, ip: str, content: bytes, verify_code: int | None) -> int:
    """The same for the first frame of a sub link: OK, WRONG_IP, or WRONG_PASSWORD for a wrong verify code
    (None: the peer has given none yet).

    Raises ProtocolError for a frame that cannot be read or is no login."""
    if not is_allowed(link, ip):
        return WRONG_IP
    frame = decode_frame(content, link.version, link.cipher)
    frame.require_clear()
    message = read_message(frame.header.message_id, frame.body, link.version).message
    if not isinstance(message, SubLoginRequest):
        raise ProtocolError(f"0x{frame.header.message_id:04x} came before the login of the sub link")
    return OK if message.verify_code == verify_code else WRONG_PASSWORD


def sub_refusal(link: Link) -> bytes:
    """The frame of a 0x9002 that says that the verify code is wrong."""
    return _frame(SubLoginResponse(result=1), link.access_code, link.version, link.cipher)


def refusal(access_code: int, edition: Edition, result: int, cipher: Cipher | None = None) -> bytes:
    """The frame of a 0x1002 that refuses, for a connection that belongs to no link."""
    return _frame(LoginResponse(result=result, verify_code=0), access_code, edition, cipher)


def _frame(message: Message, access_code: int, edition: Edition, cipher: Cipher | None) -> bytes:
    header = Header(
        message_id=message.message_id,
        sequence=0,
        gnss_center_id=access_code,
        encrypt_flag=int(cipher is not None),
        encrypt_key=1 if cipher else 0,
        edition_2019=edition == "2019",
    )
    return encode_frame(header, message.encode(edition), cipher)
