"""The generated page of JT/T 808: fields of all messages, items and parameters.

`python -m stream.jt808.document` prints docs/protocols/jt808-tables.md; a test keeps it in step.
"""

from __future__ import annotations

from stream.jt808.explain import message_name
from stream.jt808.header import EDITIONS
from stream.jt808.items import item_names
from stream.jt808.layout import Record, fields_of, wire_fields
from stream.jt808.messages import MESSAGES
from stream.jt808.oddities import Oddity
from stream.jt808.parameter_table import PARAMETER_IDS

_HEAD = """# JT/T 808: messages, items, parameters

Written by `make docs` from `stream/jt808/`; a test keeps it in step. How it all works is told in
[jt808.md](jt808.md).

## Messages

Fields in the order of the wire; those that depend on others or on the edition are in brackets. Where the
order differs by edition, each is shown.

| id | direction | message | fields |
|---|---|---|---|
"""
_ITEMS = """
## Items of 0x0200

By id and length, as `haulwatch decode` names them.

| id | length | name |
|---|---|---|
"""
_PARAMETERS = """
## Parameters

0x0110-0x01FF are `can_id_0110` and so on, 8 bytes each.

| id | name |
|---|---|
"""
_ODDITIES = """
## Oddities

What is accepted and counted by kind, as label of the metrics and in `decode`.

"""
_FIRST_CAN, _LAST_CAN = 0x0110, 0x01FF


def document() -> str:
    """The text of the page."""
    messages = [_message(number) for number in sorted(MESSAGES)]
    items = [f"| {number:02X} | {sizes} | `{name}` |\n" for number, sizes, name in item_names()]
    parameters = [
        f"| {number:04X} | `{name}` |\n"
        for name, number in PARAMETER_IDS.items()
        if not _FIRST_CAN <= number <= _LAST_CAN
    ]
    oddities = ", ".join(f"`{kind.name.lower()}`" for kind in Oddity if kind.name)
    return "".join([_HEAD, *messages, _ITEMS, *items, _PARAMETERS, *parameters, _ODDITIES, oddities, ".\n"])


def _message(number: int) -> str:
    kind = MESSAGES[number]
    direction = "down" if number >= 0x8000 else "up"
    return f"| {number:04X} | {direction} | {message_name(number)} | {_fields(kind)} |\n"


def _fields(kind: type[Record]) -> str:
    if not fields_of(kind):
        return "none"
    orders = {edition: _names(kind, edition) for edition in EDITIONS}
    if len(set(orders.values())) == 1:
        return orders["2019"]
    return "; ".join(f"{edition}: {names}" for edition, names in orders.items())


def _names(kind: type[Record], variant: str) -> str:
    return ", ".join(
        f"[{item.name}]" if item.holds or item.if_left else item.name for item in wire_fields(kind, variant)
    )


if __name__ == "__main__":
    print(document(), end="")
