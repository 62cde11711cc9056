"""Bodies as lists of fields: reading, writing, explaining and the JSON view all come from one list.

A `Record` is a frozen dataclass whose annotations name the kind of each field on the wire, in wire order:
`interval_s: Annotated[int, U16]`. `When` makes a field depend on those before it or on the layout. Where the
layouts of the editions differ in order, `wire_order` says so; where a layout is told by the body itself,
`variant_of` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Generic, Self, TypeVar, get_type_hints

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition as Edition
from stream.jt808.reader import Reader

T = TypeVar("T")
Json = Any


class Scope:
    """What is known while a record is read or written: its earlier fields, its layout, the record around it.

    variant: the edition's name, or another layout a record knows of (see `Record.variant_of`).
    """

    __slots__ = ("edition", "outer", "values", "variant")

    def __init__(
        self, values: dict[str, Any], edition: Edition, variant: str, outer: Scope | None = None
    ) -> None:
        self.values = values
        self.edition = edition
        self.variant = variant
        self.outer = outer

    def __getitem__(self, name: str) -> Any:
        """A field by name, of this record or of the nearest around it that has one."""
        if name in self.values or self.outer is None:
            return self.values[name]
        return self.outer[name]


#: A number of bytes, or what tells it from the fields before.
Size = int | Callable[[Scope], int]


def size_in(size: Size, scope: Scope) -> int:
    """How many bytes that is here."""
    return size if isinstance(size, int) else size(scope)


class Kind(Generic[T]):
    """How one field stands on the wire and in JSON. Kinds have no state that changes.

    may_be_none: None is a value a view may give even where the field has no default.
    """

    may_be_none: ClassVar[bool] = False

    def read(self, reader: Reader, name: str, scope: Scope) -> T:
        """The next field. Raises `ProtocolError` only."""
        raise NotImplementedError

    def write(self, value: T, name: str, scope: Scope) -> bytes:
        """The field's bytes. Raises `EncodeError` for a value that does not fit."""
        raise NotImplementedError

    def show(self, value: T, edition: Edition) -> Json:
        """The value in the JSON view."""
        return value

    def parse(self, view: Json, name: str, edition: Edition) -> T:
        """The value of a JSON view. Raises `EncodeError` for what cannot be one."""
        raise NotImplementedError

    def meaning(self, value: T, edition: Edition) -> str:
        """What the value says, for people; "" where the parts below say it."""
        return str(value)


@dataclass(frozen=True, slots=True)
class When:
    """A field that is there only if `holds`."""

    holds: Callable[[Scope], bool]


@dataclass(frozen=True, slots=True)
class IfLeft:
    """A field at the end that some senders leave out: read if there are bytes left, written unless None."""


SINCE_2019 = When(lambda scope: scope.variant == "2019")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record, as its annotation has it."""

    name: str
    kind: Kind[Any]
    holds: Callable[[Scope], bool] | None
    if_left: bool
    default: Any


# Worked out once for each record and layout, of which there are some hundred.
_FIELDS: dict[type[Record], dict[str, Field]] = {}
_WIRE_FIELDS: dict[tuple[type[Record], str], tuple[Field, ...]] = {}


def fields_of(record: type[Record]) -> dict[str, Field]:
    """The fields of a record by name, in the order of its dataclass."""
    found = _FIELDS.get(record)
    if found is None:
        found = _FIELDS[record] = _read_annotations(record)
    return found


def _read_annotations(record: type[Record]) -> dict[str, Field]:
    """Raises `TypeError`, for a mistake of ours, if a field has no kind."""
    hints = get_type_hints(record, include_extras=True)
    found = {}
    for item in fields(record):  # type: ignore[arg-type]
        extras = getattr(hints[item.name], "__metadata__", ())
        kinds = [extra for extra in extras if isinstance(extra, Kind)]
        if len(kinds) != 1:
            raise TypeError(f"{record.__name__}.{item.name} names {len(kinds)} kinds, not one")
        conditions = [extra.holds for extra in extras if isinstance(extra, When)]
        found[item.name] = Field(
            item.name,
            kinds[0],
            conditions[0] if conditions else None,
            any(isinstance(extra, IfLeft) for extra in extras),
            item.default,
        )
    return found


def wire_fields(record: type[Record], variant: str) -> tuple[Field, ...]:
    """The fields of one layout in wire order."""
    found = _WIRE_FIELDS.get((record, variant))
    if found is None:
        known = fields_of(record)
        names = record.wire_order.get(variant, tuple(known))
        found = _WIRE_FIELDS[record, variant] = tuple(known[name] for name in names)
    return found


class Record:
    """Base of the dataclasses that are read and written field by field.

    wire_order: field names by variant, where it is not the order of the dataclass; fields not named are not
    on the wire. shown_only: keys of the JSON view that are told for people and not read back.
    """

    __slots__ = ()
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    shown_only: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """Which layout the bytes from here to the end of the body (`reader.ahead()`) have."""
        return edition

    def variant_for(self, edition: Edition) -> str:
        """Which layout to write."""
        return edition

    @classmethod
    def read(cls, reader: Reader, edition: Edition, outer: Scope | None = None) -> Self:
        """Read the fields, leaving what is behind the last one. Raises `ProtocolError` only."""
        values: dict[str, Any] = {}
        variant = cls.variant_of(reader, edition)
        scope = Scope(values, edition, variant, outer)
        tracing = reader.trace is not None
        for item in wire_fields(cls, variant):
            if (item.holds is None or item.holds(scope)) and (reader.left or not item.if_left):
                values[item.name] = item.kind.read(reader, item.name, scope)
                if tracing:
                    reader.explain(item.kind.meaning(values[item.name], edition))
            else:
                values[item.name] = None if item.default is MISSING else item.default
        if variant in cls.wire_order:
            for name, item in fields_of(cls).items():
                if name not in values and item.default is MISSING:
                    values[name] = None
        return cls(**values)

    def encode(self, edition: Edition = "2013", outer: Scope | None = None) -> bytes:
        """The body. Raises `EncodeError` for a value that does not fit its field."""
        values = {name: getattr(self, name) for name in fields_of(type(self))}
        variant = self.variant_for(edition)
        scope = Scope(values, edition, variant, outer)
        return b"".join(
            item.kind.write(values[item.name], item.name, scope)
            for item in wire_fields(type(self), variant)
            if (item.holds is None or item.holds(scope)) and not (item.if_left and values[item.name] is None)
        )

    def show(self, edition: Edition) -> dict[str, Json]:
        """The JSON view: fields by name in the order of the dataclass."""
        return {
            name: _show(item, getattr(self, name), edition) for name, item in fields_of(type(self)).items()
        }

    @classmethod
    def parse(cls, view: Json, edition: Edition = "2013", where: str = "") -> Self:
        """The record of a JSON view. Raises `EncodeError` for unknown, missing and impossible values."""
        known = fields_of(cls)
        where = where or cls.__name__
        if not isinstance(view, Mapping):
            raise EncodeError(
                f"{where}: an object with {', '.join(known) or 'nothing'} is wanted, not {view!r}"
            )
        unknown = [key for key in view if key not in known and key not in cls.shown_only]
        if unknown:
            raise EncodeError(
                f"{where}: no field {unknown[0]!r}; the fields are {', '.join(known) or 'none'}"
            )
        values: dict[str, Any] = {}
        for name, item in known.items():
            if name in view and view[name] is None and item.kind.may_be_none:
                values[name] = None
            elif name in view and not (view[name] is None and item.default is None):
                values[name] = item.kind.parse(view[name], f"{where}.{name}", edition)
            elif item.default is MISSING:
                raise EncodeError(f"{where}: the field {name!r} is missing")
        return cls(**values)


def _show(item: Field, value: Any, edition: Edition) -> Json:
    return None if value is None else item.kind.show(value, edition)
