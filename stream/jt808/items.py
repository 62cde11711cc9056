"""Additional items of 0x0200 with their meaning: by name in JSON, and back.

Dispatch is on (id, length): vendors use every unused id, and used ones with other lengths. Whatever does not
match stays raw; nothing here raises for any value that was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stream.jt808.active_safety import SAFETY_ITEMS
from stream.jt808.errors import EncodeError, ProtocolError
from stream.jt808.header import Edition
from stream.jt808.item_list import Item
from stream.jt808.item_records import ITEM_KINDS
from stream.jt808.kind_lists import Nested
from stream.jt808.kinds import hex_bytes, whole_number
from stream.jt808.layout import Json, Kind, Scope
from stream.jt808.reader import Reader

_READERS = {
    (number, size): (name, kind) for number, (name, kind, sizes) in ITEM_KINDS.items() for size in sizes
}
#: What writes an item, by name; the safety items decide by their own length when they are read.
_BY_NAME: dict[str, tuple[int, Kind[Json]]] = {
    name: (number, kind) for number, (name, kind, _) in ITEM_KINDS.items()
} | {name: (number, Nested(record)) for number, (name, record) in SAFETY_ITEMS.items()}


def _kind_of(item: Item) -> tuple[str, Kind[Json]] | None:
    """Name and kind of an item by id and length; None for one not known."""
    safety = SAFETY_ITEMS.get(item.id)
    return (safety[0], Nested(safety[1])) if safety else _READERS.get((item.id, len(item.value)))


def read_item(item: Item, edition: Edition = "2019") -> tuple[str, Json]:
    """Name and value of one item; one not known by id and length is ("0x7f", its bytes in hex)."""
    known = _kind_of(item)
    if known:
        name, kind = known
        try:
            return name, kind.show(kind.read(Reader(item.value), name, _scope(edition)), edition)
        except ProtocolError:
            pass  # another use of the same id: raw, as below
    return f"0x{item.id:02x}", item.value.hex()


def write_item(name: str, view: Json, where: str, edition: Edition = "2019") -> Item:
    """The item that `read_item` shows so. Raises `EncodeError`."""
    if name.startswith("0x"):
        return Item(whole_number(name, where), hex_bytes(view, f"{where}.{name}"))
    if name not in _BY_NAME:
        raise EncodeError(f"{where}: no item {name!r}; give its bytes in hex under its id, such as 0xe4")
    number, kind = _BY_NAME[name]
    return Item(number, kind.write(kind.parse(view, f"{where}.{name}", edition), name, _scope(edition)))


def _scope(edition: Edition) -> Scope:
    return Scope({}, edition, edition)


def describe_items(items: Sequence[Item]) -> dict[str, Json]:
    """All items of a report by name; of an item that is repeated, a list in order."""
    described: dict[str, Json] = {}
    repeated: set[str] = set()
    for item in items:
        name, value = read_item(item)
        if name not in described:
            described[name] = value
        elif name in repeated:
            described[name].append(value)
        else:
            described[name] = [described[name], value]
            repeated.add(name)
    return described


def item_names() -> list[tuple[int, str, str]]:
    """Id, lengths and name of every item known here, for documents."""
    found = [(number, " or ".join(map(str, sizes)), name) for number, (name, _, sizes) in ITEM_KINDS.items()]
    found += [(number, "by the alarm identifier", name) for number, (name, _) in SAFETY_ITEMS.items()]
    return sorted(found)


class ItemList(Kind[tuple[Item, ...]]):
    """The items of a position as a field: in JSON an object by name."""

    def show(self, value: Sequence[Item], edition: Edition) -> Json:
        return describe_items(value)

    def parse(self, view: Json, name: str, edition: Edition) -> tuple[Item, ...]:
        """Lists are items that are repeated, but for the one item that is a list."""
        if not isinstance(view, Mapping):
            raise EncodeError(f"{name}: an object of items by name is wanted, not {view!r}")
        found = []
        for key, value in view.items():
            plain = key == "tyre_pressures" and not (value and isinstance(value[0], list))
            several = isinstance(value, list) and not plain
            found += [write_item(key, one, name, edition) for one in (value if several else [value])]
        return tuple(found)

    def meaning(self, value: Sequence[Item], edition: Edition) -> str:
        return ""

    def trace(self, reader: Reader, edition: Edition) -> None:
        """Read items to the end, each with its fields, for a reader that keeps a trace."""
        while reader.left >= 2:
            head = reader.ahead()
            size = head[1]
            if size + 2 > reader.left:
                break
            item = Item(head[0], head[2 : 2 + size])
            name = read_item(item, edition)[0]
            reader.take(2, f"items.{name}")
            reader.explain(f"item 0x{item.id:02x}, {size} bytes")
            self._trace_value(reader, item, f"items.{name}", edition)
        if reader.left:
            reader.rest("items_rest")
            reader.explain("no whole item")

    def _trace_value(self, reader: Reader, item: Item, path: str, edition: Edition) -> None:
        known = _kind_of(item)
        start = reader.position
        part = Reader(reader.skip(len(item.value), path), traced=True)
        try:
            if known is None:
                raise ProtocolError(path)
            value = known[1].read(part, "value", _scope(edition))
            part.explain(known[1].meaning(value, edition))
        except ProtocolError:
            part = Reader(item.value, traced=True)
            part.rest("value")
            part.explain(f"{len(item.value)} bytes, not known by id and length")
        reader.adopt(part.trace or [], start, path)


ITEMS = ItemList()
