"""Layouts of JT/T 809 on top of `stream.jt808.layout`: one message may have several, told by what fits.

Editions, and the prints and implementations of one edition, differ in fields and sizes. A variant is named by
its edition and, if it is not the standard's own, what is different: `2019`, `2019 two times`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from stream.jt808.header import Edition as AnyEdition
from stream.jt808.layout import Json, Record, Scope, fields_of, wire_fields
from stream.jt808.reader import Reader
from stream.jt809.header import Edition
from stream.jt809.words import GENERATION
from stream.protocol_errors import EncodeError, ProtocolError


class Variants(Record):
    """A record with variants by edition, the standard's own first; `wire_order` has the fields of each."""

    __slots__ = ()
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = {"2011": ("2011",), "2019": ("2019",)}

    def variant_for(self, edition: AnyEdition) -> str:
        """The variant that has all the fields that are given and no others, or comes nearest."""
        variants = self.VARIANTS["2019" if edition == "2019" else "2011"]
        if not variants:
            raise EncodeError(f"{type(self).__name__} does not exist in {edition}")
        given = {name for name in fields_of(type(self)) if getattr(self, name) is not None}
        return min(variants, key=lambda variant: len(given ^ names_of(type(self), variant)))

    def show(self, edition: AnyEdition) -> dict[str, Json]:
        """The JSON view, without the fields that only other layouts have."""
        known = fields_of(type(self))
        return {
            name: None if value is None else known[name].kind.show(value, edition)
            for name, value in ((name, getattr(self, name)) for name in known)
            if value is not None or known[name].default is not None
        }


_V = TypeVar("_V", bound=Variants)


def names_of(kind: type[Record], variant: str) -> set[str]:
    """The fields of a variant."""
    scope = Scope({}, "2019" if variant.startswith("2019") else "2011", variant)
    return {item.name for item in wire_fields(kind, variant) if item.holds is None or item.holds(scope)}


def read_variant(
    kind: type[_V], reader: Reader, edition: Edition, variant: str, outside: Mapping[str, Any]
) -> _V:
    """Read the fields of one variant; `outside` are those of the wrapper. Raises `ProtocolError` only."""
    values = dict(outside)
    scope = Scope(values, edition, variant)
    for item in wire_fields(kind, variant):
        if item.holds is None or item.holds(scope):
            values[item.name] = item.kind.read(reader, item.name, scope)
            if reader.trace is not None:
                reader.explain(item.kind.meaning(values[item.name], edition))
    return kind(**values)


def fitting_variant(
    kind: type[_V], data: bytes, edition: Edition, outside: Mapping[str, Any], *, lenient: bool
) -> tuple[str, _V, Reader]:
    """The variant by which a record is to be read, the record, and the reader behind its last field.

    That is the first variant of the edition which leaves no bytes; else, if `lenient`, one of the other
    edition which leaves none; else the one of the edition which leaves the fewest. Raises the `ProtocolError`
    of the standard's own variant if none can be read.
    """
    best: tuple[str, _V, Reader] | None = None
    first_error: ProtocolError | None = None
    other: Edition = "2011" if edition == "2019" else "2019"
    for variant in (*kind.VARIANTS[edition], *(kind.VARIANTS[other] if lenient else ())):
        reader = Reader(data)
        own = variant[:GENERATION] == edition
        try:
            record = read_variant(kind, reader, edition if own else other, variant, outside)
        except ProtocolError as error:
            first_error = first_error or error
            continue
        if not reader.left:
            return variant, record, reader
        if own and (best is None or reader.left < best[2].left):
            best = variant, record, reader
    if best is None:
        raise first_error or ProtocolError(f"{kind.__name__} does not exist in {edition}")
    return best
