"""One list of fields from which a record is read, written, shown, parsed and explained.

A record is a frozen dataclass whose fields are annotated with their `Kind`:

    class Example(Record):
        result: Annotated[int, Unsigned(1)]
        source_type: New[Word] = None

Fields stand in the standard's order. `New` and `Old` mark what only one edition has. Where a layout has more
than one form in the field, `VARIANTS` lists them, the standard's first: names in order, `name#form` for a
field of another kind, which `FORMS` gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_type_hints

from stream.jt808.reader import Reader
from stream.jt809.header import EDITIONS, Edition
from stream.jt809.kinds import Kind
from stream.protocol_errors import EncodeError, ProtocolError

Variant = tuple[str, ...]


@dataclass(frozen=True)
class Only:
    """Marks a field that one edition has and the other has not."""

    edition: Edition


_T = TypeVar("_T")
New = Annotated[_T | None, Only("2019")]
Old = Annotated[_T | None, Only("2011")]


@dataclass(frozen=True)
class Layout:
    """The kinds of a record's fields, by name or `name#form`, and their order in each edition."""

    names: tuple[str, ...]
    kinds: Mapping[str, Kind]
    variants: Mapping[Edition, tuple[Variant, ...]]
    needed: frozenset[str]


class Record:
    """Base of everything with a layout."""

    __slots__ = ()
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {}
    FORMS: ClassVar[Mapping[str, Kind]] = {}
    #: Fields that stand in the wrapper around the record, not in the record.
    OUTSIDE: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls, reader: Reader, edition: Edition, variant: Variant | None = None, **outside: Any) -> Self:
        """Read the fields of the standard's layout, or of a variant; `outside` are those of the wrapper.

        Raises `ProtocolError` only.
        """
        layout = layout_of(cls)
        for entry in layout.variants[edition][0] if variant is None else variant:
            name = name_of(entry)
            outside[name] = layout.kinds[entry].read(reader, name, edition)
        return cls(**outside)

    @classmethod
    def read_data(cls, data: bytes, edition: Edition, **outside: Any) -> tuple[Self, bytes]:
        """The record and the bytes behind its last field, by the variant that leaves the fewest.

        Raises the `ProtocolError` of the standard's variant if none can be read.
        """
        best: tuple[Self, bytes] | None = None
        first_error: ProtocolError | None = None
        for variant in layout_of(cls).variants[edition]:
            reader = Reader(data)
            try:
                record = cls.read(reader, edition, variant, **outside)
            except ProtocolError as error:
                first_error = first_error or error
                continue
            if best is None or reader.left < len(best[1]):
                best = record, reader.rest()
            if not best[1]:
                break
        if best is None:
            raise first_error or ProtocolError(f"{cls.__name__} does not exist in {edition}")
        return best

    def pack(self, edition: Edition) -> bytes:
        """The fields as bytes, in the first variant that has them all and no others.

        Raises `EncodeError` for a field that is missing or does not fit.
        """
        layout = layout_of(type(self))
        given = {name for name in layout.names if getattr(self, name) is not None}
        failure: EncodeError | None = None
        variants = layout.variants[edition]
        for variant in sorted(variants, key=lambda variant: len(given ^ set(map(name_of, variant)))):
            try:
                return b"".join(self._pack_field(entry, edition) for entry in variant)
            except EncodeError as error:
                failure = failure or error
        raise failure or EncodeError(f"{type(self).__name__} does not exist in {edition}")

    def _pack_field(self, entry: str, edition: Edition) -> bytes:
        name = name_of(entry)
        value = getattr(self, name)
        try:
            return layout_of(type(self)).kinds[entry].write(value, name, edition)
        except (TypeError, AttributeError):
            raise EncodeError(f"{name}: {value!r} cannot be written in {edition}") from None

    def show(self) -> dict[str, Any]:
        """The fields for JSON; what the record's edition does not have is left out."""
        layout = layout_of(type(self))
        found = ((name, getattr(self, name)) for name in layout.names)
        return {
            name: None if value is None else layout.kinds[name].show(value)
            for name, value in found
            if value is not None or name in layout.needed
        }

    @classmethod
    def parse(cls, shown: Mapping[str, Any]) -> Self:
        """The inverse of `show`. Raises `EncodeError`, naming what is unknown, missing or of another type."""
        kinds = layout_of(cls).kinds
        for name in shown:
            if name not in kinds:
                known = ", ".join(layout_of(cls).names) or "none"
                raise EncodeError(f"{name} is no field of {cls.__name__}; it has {known}")
        values = {
            name: None if value is None else kinds[name].parse(value, name) for name, value in shown.items()
        }
        try:
            return cls(**values)
        except TypeError as error:
            raise EncodeError(f"{cls.__name__}: {error}") from None


_LAYOUTS: dict[type, Layout] = {}


def name_of(entry: str) -> str:
    """The field that an entry of a variant is about."""
    return entry.partition("#")[0]


def _find(hint: Any, wanted: type[_T]) -> _T | None:
    """The first annotation of a type, at any depth of `Annotated` and unions."""
    for found in getattr(hint, "__metadata__", ()):
        if isinstance(found, wanted):
            return found
    inner = [getattr(hint, "__origin__", None)] if hasattr(hint, "__metadata__") else []
    for part in [*inner, *getattr(hint, "__args__", ())]:
        if part is not None and (found := _find(part, wanted)) is not None:
            return found
    return None


def layout_of(kind: type[Record]) -> Layout:
    """The layout of a record class, read from its annotations once."""
    found = _LAYOUTS.get(kind)
    if found is None:
        found = _LAYOUTS[kind] = _read_layout(kind)
    return found


def _read_layout(kind: type[Record]) -> Layout:
    hints = get_type_hints(kind, include_extras=True)
    kinds: dict[str, Kind] = {}
    only: dict[str, Only | None] = {}
    for item in fields(kind):  # type: ignore[arg-type]
        found = _find(hints[item.name], Kind)
        assert found is not None, f"{kind.__name__}.{item.name} has no kind"
        kinds[item.name], only[item.name] = found, _find(hints[item.name], Only)
    variants: dict[Edition, tuple[Variant, ...]] = {}
    for edition in EDITIONS:
        usual = tuple(
            name for name, mark in only.items()
            if name not in kind.OUTSIDE and (mark is None or mark.edition == edition)
        )  # fmt: skip
        variants[edition] = kind.VARIANTS.get(edition, (usual,))
    # A field without a default is always there; it is shown though it is None, a time that is not set.
    needed = frozenset(item.name for item in fields(kind) if item.default is MISSING)  # type: ignore[arg-type]
    return Layout(tuple(kinds), {**kinds, **kind.FORMS}, variants, needed)
