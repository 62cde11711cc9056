"""The list of additional items at the end of a position, cut up and put together; no meaning yet."""

from __future__ import annotations

from dataclasses import dataclass

from stream.jt808.reader import pack

#: What an item is by id and length: of no standard, another vendor's use of an id, as the standard says, or
#: tyres, whose length depends on their number.
UNKNOWN, REUSED, KNOWN, TYRES = range(4)


@dataclass(frozen=True, slots=True)
class Item:
    """One additional item of a position, not interpreted; `stream.jt808.items` gives it a meaning."""

    id: int
    value: bytes


def split_items(data: bytes) -> tuple[tuple[Item, ...], bytes]:
    """Cut raw items into id and value; also returns the end that is no whole item, empty if all is well."""
    items = []
    position = 0
    while position + 2 <= len(data):
        end = position + 2 + data[position + 1]
        if end > len(data):
            break
        items.append(Item(data[position], data[position + 2 : end]))
        position = end
    return tuple(items), data[position:]


def pack_item(item: Item) -> bytes:
    """Id, length, value. Raises `EncodeError` above 255 bytes."""
    return pack(item.id, 1, "item id") + pack(len(item.value), 1, "item length") + item.value
