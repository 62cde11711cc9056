"""The kinds of command: which message of the standard each one is, and what counts as its answer.

A terminal acknowledges a message by 0x0001 (general response), some are answered by a message of their own.
A command is *answered*, its end, when the last of what the standard has it answer has come: for kinds without
an answer of their own that is the general response, for the others the answer itself, and between general
response and answer it is *delivered*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of command.

    family: commands of one family to one terminal go out one by one, in the order of their creation, each
    when the one before is acknowledged; families do not wait for each other.
    answer_id: message id of the answer of its own; None where 0x0001 is all.
    valid_s: seconds until it expires where the operator states none.
    reads: it only asks, so that it may be sent again on a new link though it was delivered already.
    once: never sent again on a new link: it breaks the link itself.
    """

    name: str
    family: str
    answer_id: int | None = None
    valid_s: int = 300
    reads: bool = False
    once: bool = False


_DAY_S = 86_400

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("text", "text"),
        Kind("parameters_set", "parameters", valid_s=_DAY_S),
        Kind("parameters_query", "parameters", 0x0104, reads=True),
        Kind("terminal_control", "control", once=True),
        Kind("attributes_query", "parameters", 0x0107, reads=True),
        Kind("position_query", "position", 0x0201, valid_s=60, reads=True),
        Kind("track", "position"),
        Kind("alarm_confirm", "alarm"),
        Kind("link_check", "control", valid_s=60),
        Kind("area_set", "areas", valid_s=_DAY_S),
        Kind("area_delete", "areas", valid_s=_DAY_S),
        Kind("areas_query", "areas", 0x0608, reads=True),
        Kind("photo", "media", 0x0805),
        Kind("media_search", "media", 0x0802, reads=True),
        Kind("media_upload", "media"),
        Kind("media_single_upload", "media"),
        Kind("record", "media"),
        Kind("phone_callback", "control", valid_s=60),
        Kind("vehicle_control", "control", 0x0500, valid_s=60),
        Kind("peripheral_query", "parameters", 0x0900, reads=True),
        Kind("driver_query", "driver", 0x0702, reads=True),
        Kind("recorder_query", "recorder", 0x0700, reads=True),
        Kind("attachments", "attachments", valid_s=_DAY_S),
        Kind("archive_start", "archive", valid_s=_DAY_S),
        Kind("archive_stop", "archive"),
    )
}
"""By name. The archive kinds say nothing to the terminal: gateways keep its raw frames until the order ends.

What is of the moment expires soon: a text heard after five minutes speaks of a road the vehicle has left, and
a door must not be unlocked an hour after somebody asked for it. What configures a terminal waits a day.
"""

MAX_VALID_S = 7 * _DAY_S
"""An order nobody could deliver for a week is given again by whoever still wants it."""

MAX_ARCHIVE_S = 31 * _DAY_S
"""Raw frames are kept for a dispute, not for ever: a month of one vehicle is about 100 MB."""

WAITING, SENT, DELIVERED = "waiting", "sent", "delivered"
ANSWERED, FAILED, EXPIRED = "answered", "failed", "expired"
UNFINISHED = (WAITING, SENT, DELIVERED)
FINAL = (ANSWERED, FAILED, EXPIRED)
STATES = UNFINISHED + FINAL
