"""Hypothesis strategies for any record, made from the kinds of its fields as an edition writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING
from typing import Any

from hypothesis import strategies as st

from stream.jt808 import kind_lists, kinds, layout
from stream.jt808.alarm_identifier import IdentifierKind
from stream.jt808.header import Edition
from stream.jt808.layout import Field, Kind, Record, Scope
from stream.jt808.messages.position import BASE_BYTES, PositionReport
from tests.jt808.strategies import position_reports, times

ascii_text = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=5)
# Two characters of GBK whose bytes are sound UTF-8 by chance, and some whose bytes are not.
text = ascii_text | st.text("苏豫联通危险驾驶A1 ", max_size=6)
digits = st.text("0123456789", min_size=12, max_size=12)
Draw = Callable[[st.SearchStrategy[Any]], Any]


def _size(size: Any, scope: Scope) -> int:
    return size if isinstance(size, int) else size(scope)


def _value(draw: Draw, kind: Kind[Any], scope: Scope) -> Any:
    """A value a kind can write and reads back the same."""
    match kind:
        case kinds.Number():
            bits = 8 * kind.size
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.signed else (0, (1 << bits) - 1)
            return draw(st.integers(low, high))
        case kinds.Scaled():
            bits = 8 * kind.size - kind.signed
            return draw(st.integers(-(1 << bits) if kind.signed else 0, (1 << bits) - 1)) / kind.parts
        case kinds.Degrees():
            magnitude = draw(st.integers(0, 180_000_000)) / 1e6
            return -magnitude if kind.negative and kind.negative(scope) and magnitude else magnitude
        case kinds.FixedText():
            return draw(ascii_text if _size(kind.size, scope) >= 5 else st.just(""))
        case kinds.Text():
            return draw(text)
        case IdentifierKind():
            return draw(
                st.sampled_from([16, 32, 38, 39, 40]).flatmap(lambda n: st.binary(min_size=n, max_size=n))
            )
        case kinds.FixedData():
            size = _size(kind.size, scope)
            return draw(st.binary(min_size=size, max_size=size))
        case kinds.Data():
            return draw(st.binary(max_size=30))
        case kinds.Digits():
            return draw(st.text("0123456789", min_size=2 * kind.size, max_size=2 * kind.size))
        case kinds.Time():
            return draw(times).astimezone(kinds.UTC) if kind.utc else draw(times)
        case kind_lists.Nested() if kind.record is PositionReport:
            return draw(position_reports().map(lambda one: PositionReport.decode(one.encode()[:BASE_BYTES])))
        case kind_lists.Nested():
            return draw(records(kind.record, scope.edition, scope))
        case kind_lists.ListOf():
            return tuple(_value(draw, kind.element, scope) for _ in range(draw(st.integers(0, 3))))
    raise TypeError(f"no strategy for {kind}")


@st.composite
def records(draw: st.DrawFn, record: type[Record], edition: Edition, outer: Scope | None = None) -> Any:
    """A record whose fields are there as the edition's layout has them, and at their defaults else."""
    values: dict[str, Any] = {}
    scope = Scope(values, edition, edition, outer)
    known = layout.fields_of(record)
    wire = [item.name for item in layout.wire_fields(record, edition)]
    # Attributes decide about fields before them too: drawn first, as the writer knows them.
    order = sorted(wire, key=lambda name: not name.endswith("attributes"))
    for name in order:
        item: Field = known[name]
        if item.holds is None or item.holds(scope):
            values[name] = _value(draw, item.kind, scope)
        else:
            values[name] = None if item.default is MISSING else item.default
    for name, item in known.items():
        if name not in values and item.default is MISSING:
            values[name] = None
    return record(**values)
