"""Commands as messages of JT/T 808, and answers as what the database keeps of them.

The body of a command has the names of the JSON view of its message (`haulwatch decode` shows the same), so
most are taken as they are. What depends on the terminal's edition is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from alerts.commands import Command
from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.messages import Message, RawMessage
from stream.jt808.messages.media import ShootResponse
from stream.jt808.messages.text import (
    FLAG_AD_SCREEN,
    FLAG_CAN_FAULT_CODE,
    FLAG_DISPLAY,
    FLAG_SPOKEN,
    FLAG_URGENT,
)
from stream.jt808.messages.transparent import UplinkTransparentData
from stream.jt808.view import describe, from_view

Body = Mapping[str, Any]
View = tuple[int, dict[str, Any]]
"""Message id and the JSON view of the message."""

_AREA_TYPES = {"circle": 1, "rectangle": 2, "polygon": 3, "route": 4}
_SET = {"circle": 0x8600, "rectangle": 0x8602, "polygon": 0x8604, "route": 0x8606}
_DELETE = {"circle": 0x8601, "rectangle": 0x8603, "polygon": 0x8605, "route": 0x8607}

# JT/T 808-2019, 8.26: bits 0 and 1 of the flags.
_SERVICE, _URGENT_2019, _NOTICE = 0b01, 0b10, 0b11
_NOTICE_TYPE = 1
_DOOR = 0x0001
_LOCK_2013, _UNLOCK_2013 = 1, 0
_LOCK_2019, _OPEN_2019 = 0, 1
_SHOOT_FAILURES = {1: "refused", 2: "channel_unsupported"}

MAX_RESULT_TEXT = 100_000
"""Characters of an answer that are kept: a terminal with all its parameters has a tenth of it."""


def message_of(command: Command, edition: Edition) -> Message | RawMessage:
    """The message of a command for a terminal of that edition. Raises `EncodeError`."""
    try:
        message_id, view = _VIEWS[command.kind](command.body, edition)
        message = from_view(message_id, view, edition)
        message.encode(edition)
    except EncodeError:
        raise
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        # The desk lets nothing through that gets here; whoever else writes commands may.
        raise EncodeError(f"the body is none of a command {command.kind}: {error!r}") from None
    return message


def fits(command: Command, message: Message | RawMessage) -> bool:
    """Whether a message that answers commands of this kind may answer this one."""
    if isinstance(message, UplinkTransparentData):
        return command.body.get("kind") == message.kind
    return True


def failure_of(message: Message | RawMessage) -> str | None:
    """Why the answer says that the command was not carried out; None when it was."""
    if isinstance(message, ShootResponse) and message.result != 0:
        return _SHOOT_FAILURES.get(message.result, f"result_{message.result}")
    return None


def result_of(message: Message | RawMessage, edition: Edition) -> dict[str, Any]:
    """The answer as JSON that a database can hold."""
    view = describe(message, edition)
    if len(str(view)) > MAX_RESULT_TEXT:
        return {"error": f"the answer is longer than {MAX_RESULT_TEXT} characters and is not kept"}
    result: dict[str, Any] = _storable(view)
    return result


def _storable(value: Any) -> Any:
    """Without the characters that PostgreSQL refuses in JSON: NUL and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return value


def _as_is(message_id: int) -> Callable[[Body, Edition], View]:
    return lambda body, _: (message_id, dict(body))


def _text(body: Body, edition: Edition) -> View:
    text_type = body.get("text_type", _NOTICE_TYPE)
    flags = FLAG_DISPLAY if body.get("display") else 0
    flags |= FLAG_SPOKEN if body.get("speak") else 0
    flags |= FLAG_CAN_FAULT_CODE if body.get("can_fault_code") else 0
    if edition == "2019":
        calm = _NOTICE if text_type == _NOTICE_TYPE else _SERVICE
        flags |= _URGENT_2019 if body.get("urgent") else calm
        return 0x8300, {"flags": flags, "text": body["text"], "text_type": text_type}
    flags |= FLAG_URGENT if body.get("urgent") else 0
    flags |= FLAG_AD_SCREEN if body.get("ad_screen") else 0
    return 0x8300, {"flags": flags, "text": body["text"]}


def _parameters_query(body: Body, edition: Edition) -> View:
    """2011 knows the query of all alone."""
    ids = body.get("parameter_ids")
    return (0x8106, {"parameter_ids": ids}) if ids and edition != "2011" else (0x8104, {})


def _area_set(body: Body, _: Edition) -> View:
    view = {name: value for name, value in body.items() if name != "shape"}
    return _SET[body["shape"]], view


def _vehicle_control(body: Body, edition: Edition) -> View:
    lock = {"lock": True, "unlock": False}[body["door"]]
    if edition == "2019":
        control = {"control_type": _DOOR, "parameter": _LOCK_2019 if lock else _OPEN_2019}
        return 0x8500, {"controls": [control]}
    return 0x8500, {"flags": _LOCK_2013 if lock else _UNLOCK_2013}


def _peripheral_query(body: Body, _: Edition) -> View:
    return 0x8900, {"kind": body["kind"], "content": {"peripheral_ids": body["peripheral_ids"]}}


def _attachments(body: Body, _: Edition) -> View:
    return 0x9208, {
        "server_address": body["server"],
        "tcp_port": body["tcp_port"],
        "udp_port": body.get("udp_port", 0),
        "alarm_identifier": body["identifier"],
        "alarm_number": body["alarm_number"],
    }


_VIEWS: Mapping[str, Callable[[Body, Edition], View]] = {
    "text": _text,
    "parameters_set": _as_is(0x8103),
    "parameters_query": _parameters_query,
    "terminal_control": _as_is(0x8105),
    "attributes_query": _as_is(0x8107),
    "position_query": _as_is(0x8201),
    "track": _as_is(0x8202),
    "alarm_confirm": _as_is(0x8203),
    "link_check": _as_is(0x8204),
    "area_set": _area_set,
    "area_delete": lambda body, _: (_DELETE[body["shape"]], {"ids": body["ids"]}),
    "areas_query": lambda body, _: (
        0x8608,
        {"area_type": _AREA_TYPES[body["shape"]], "ids": body.get("ids", [])},
    ),
    "photo": _as_is(0x8801),
    "media_search": _as_is(0x8802),
    "media_upload": _as_is(0x8803),
    "media_single_upload": _as_is(0x8805),
    "record": _as_is(0x8804),
    "phone_callback": _as_is(0x8400),
    "vehicle_control": _vehicle_control,
    "peripheral_query": _peripheral_query,
    "driver_query": _as_is(0x8702),
    "recorder_query": _as_is(0x8700),
    "attachments": _attachments,
}
