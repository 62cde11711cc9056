"""The generated page of JT/T 809: states of the links and fields of the messages.

`python -m stream.jt809.document` prints docs/protocols/jt809-tables.md; a test keeps it in step.
"""

from __future__ import annotations

from typing import get_args

from stream.jt808.layout import Scope, wire_fields
from stream.jt809.header import EDITIONS, Edition
from stream.jt809.messages import MESSAGES, Message
from stream.jt809.messages.base import Wrapper
from stream.jt809.states import Side, diagram

_HEAD = """# JT/T 809: states and messages

Written by `make docs` from `stream/jt809/`; a test keeps it in step. How it all works is told in
[jt809.md](jt809.md).

## States of a link

The lower platform connects the main link and listens for the sub link; the upper platform the other way
round.
"""
_SIDES: dict[Side, str] = {
    "connects": "The side that connects (main link: lower platform; sub link: upper platform)",
    "listens": "The side that listens",
}
_MESSAGES = """
## Messages

Fields in the order of the wire; plate and colour of the wrapper are left out. Of an edition with several
layouts the standard's own is shown, and how many others are read.

| type | sub type | class | 2011 | 2019 |
|---|---|---|---|---|
"""


def document() -> str:
    """The text of the page."""
    pictures = [f"\n### {_SIDES[side]}\n\n```mermaid\n{diagram(side)}\n```\n" for side in get_args(Side)]
    rows = [f"| {' | '.join(_columns(kind))} |\n" for _, kind in sorted(MESSAGES.items())]
    return "".join([_HEAD, *pictures, _MESSAGES, *rows])


def _columns(kind: type[Message]) -> list[str]:
    sub_type = f"0x{kind.sub_type:04x}" if kind.sub_type else ""
    fields = [_fields(kind, edition) for edition in EDITIONS]
    return [f"0x{kind.message_id:04x}", sub_type, f"`{kind.__name__}`", *fields]


def _fields(kind: type[Message], edition: Edition) -> str:
    variants = kind.VARIANTS[edition]
    if not variants or (edition == "2011" and kind.WRAPPERS["2011"] is Wrapper.SOURCE):
        return "empty" if variants else "-"
    scope = Scope({}, edition, variants[0])
    names = [item.name for item in wire_fields(kind, variants[0]) if item.holds is None or item.holds(scope)]
    others = f" (+{len(variants) - 1})" if len(variants) > 1 else ""
    return (", ".join(names) or "empty") + others


if __name__ == "__main__":
    print(document(), end="")
