"""How one setting is declared, and how a value from outside becomes its type."""

import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stream.errors import OperatorError

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True)
class Rule:
    """What a value must satisfy beyond its type, and the one line that documents it."""

    doc: str
    at_least: float | None = None
    at_most: float | None = None


def setting(default: Any, doc: str, *, at_least: float | None = None, at_most: float | None = None) -> Any:
    """A field of a settings section with its default, its documentation and its bounds."""
    return field(default=default, metadata={"rule": Rule(doc, at_least, at_most)})


def tcp_port(default: int, doc: str) -> Any:
    """A TCP port."""
    return setting(default, doc, at_least=1, at_most=65535)


@dataclass(frozen=True)
class Source:
    """Where a value came from: `label` for messages, `folder` for relative paths in it."""

    label: str
    folder: Path


def convert(raw: object, wanted: Any, rule: Rule, source: Source) -> Any:
    """Turns a TOML value or a text (environment, option) into the type of a setting.

    Raises:
        OperatorError: naming the source, when it is not such a value or out of bounds.
    """
    try:
        value = _converter(wanted)(raw, source)
    except (TypeError, ValueError):
        raise OperatorError(f"{source.label}: {raw!r} is not {describe_type(wanted)}") from None
    if isinstance(value, int | float) and not isinstance(value, bool) and not _inside(value, rule):
        raise OperatorError(f"{source.label}: {raw!r} is not {describe_bounds(rule)}")
    return value


def describe_type(wanted: Any) -> str:
    """A type in words: "a whole number"."""
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return names.get(wanted, "a path")


def describe_bounds(rule: Rule) -> str:
    """Bounds in words, "" without any."""
    if rule.at_least is not None and rule.at_most is not None:
        return f"from {rule.at_least:g} to {rule.at_most:g}"
    if rule.at_least is not None:
        return f"at least {rule.at_least:g}"
    return "" if rule.at_most is None else f"at most {rule.at_most:g}"


def to_text(value: object) -> str:
    """The text that `convert` reads back as the same value."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _inside(value: float, rule: Rule) -> bool:
    above = rule.at_least is None or value >= rule.at_least
    return above and (rule.at_most is None or value <= rule.at_most)


def _converter(wanted: Any) -> Callable[[object, Source], Any]:
    if isinstance(wanted, types.UnionType):
        assert set(typing.get_args(wanted)) == {Path, types.NoneType}, wanted
        return _to_path
    return {bool: _to_bool, int: _to_int, float: _to_float, str: _to_str}[wanted]


def _to_bool(raw: object, _: Source) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in _TRUE | _FALSE:
        return raw.strip().lower() in _TRUE
    raise ValueError


def _to_int(raw: object, _: Source) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise ValueError
    return int(raw)


def _to_float(raw: object, _: Source) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError
    value = float(raw)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError
    return value


def _to_str(raw: object, _: Source) -> str:
    if not isinstance(raw, str):
        raise ValueError
    return raw


def _to_path(raw: object, source: Source) -> Path | None:
    if not isinstance(raw, str):
        raise ValueError
    return (source.folder / Path(raw).expanduser()).absolute() if raw else None
