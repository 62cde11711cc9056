"""What the two platforms of a pair of links have agreed on, and the times of the standard."""

from __future__ import annotations

from dataclasses import dataclass

from stream.jt809.cipher import Cipher
from stream.jt809.header import Edition

#: A link without other traffic is tested every minute and dead after three (JT/T 809-2011, 4.5.1.4, 4.5.2.4).
KEEP_ALIVE_S = 60.0
DEAD_AFTER_S = 180.0
#: A peer that connects and does not log in, or does not answer, holds a place: one keep-alive is long enough.
LOGIN_TIMEOUT_S = 60.0
#: How long a link waits for the answer to its logout before it is closed all the same.
LOGOUT_TIMEOUT_S = 5.0
#: The first new attempt comes soon, for most breaks are short; later ones never more than a minute apart.
RECONNECT_FIRST_S = 1.0
RECONNECT_LAST_S = 60.0
#: Before its login a peer may send its login and no more: 84 bytes, each of them escaped at worst.
MAX_LOGIN_FRAME_BYTES = 512


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Settings of one pair of links; the same on both sides but for what only one of them needs.

    gnss_center_id: the access code the upper platform gave to the lower one; it stands in every header.
    cipher: M1, IA1, IC1, to read encrypted bodies; encrypt: whether to write them, with keys from
    `encrypt_key` on. user_id to down_link_port, main_host, main_port: the lower platform's login and where it
    connects to. bulk: positions come as columns (`PositionsReceived`), not as messages.
    """

    gnss_center_id: int
    edition: Edition = "2011"
    version: tuple[int, int, int] = (1, 2, 15)
    cipher: Cipher | None = None
    encrypt: bool = False
    encrypt_key: int = 0
    user_id: int = 0
    password: str = ""
    down_link_ip: str = ""
    down_link_port: int = 0
    main_host: str = ""
    main_port: int = 0
    bulk: bool = False
