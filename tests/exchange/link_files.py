"""Files of links for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stream.exchange.link import Link
from stream.exchange.link_file import read_links

UPPER: dict[str, Any] = {
    "name": "below",
    "role": "upper",
    "version": "2011",
    "access_code": 3201,
    "user": 7,
    "password": "secret",
    "main_port": 9800,
}
LOWER: dict[str, Any] = {
    "name": "above",
    "role": "lower",
    "version": "2011",
    "access_code": 3200,
    "user": 8,
    "password": "word",
    "main_host": "127.0.0.1",
    "main_port": 9801,
    "sub_host": "127.0.0.1",
    "sub_port": 9802,
    "sub_public_host": "127.0.0.1",
}


def toml_of(table: dict[str, Any]) -> str:
    """One [[link]] as TOML; tables inside as inline tables."""
    return "[[link]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def write_links(folder: Path, *tables: dict[str, Any]) -> Path:
    """A file of links."""
    path = folder / "links.toml"
    path.write_text("\n".join(map(toml_of, tables)), encoding="utf-8")
    return path


def links_of(folder: Path, *tables: dict[str, Any]) -> tuple[Link, ...]:
    """Links as the role reads them."""
    return read_links(write_links(folder, *tables), {})
