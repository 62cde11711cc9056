"""The file of links (TOML, one `[[link]]` a peer): read once at the start, every mistake named."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

from rules.vehicle_class import CODE_OF_NAME
from stream.errors import OperatorError
from stream.exchange.link import (
    ADMIT,
    COUNT,
    DRIVER,
    KEEP,
    LOWER,
    PLATE,
    UPPER,
    Forwarding,
    Link,
)
from stream.exchange.table_reader import TableReader
from stream.jt809.cipher import Cipher
from stream.jt809.header import EDITIONS, Edition

MAX_LINKS = 500
"""Each link is a handful of tasks and sockets; a province has some hundred enterprises' platforms."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_U32 = 2**32 - 1
PASSWORD_BYTES = 8


def read_links(path: Path, environment: Mapping[str, str] | None = None) -> tuple[Link, ...]:
    """All links of a file, in its order.

    Raises
    ------
    OperatorError
        The file cannot be read, or a line of it cannot be meant; names link, key and what to write.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise OperatorError(f"file of links {path} cannot be read: {fault.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise OperatorError(f"file of links {path} is not TOML: {fault}") from None
    tables = document.pop("link", [])
    if document:
        raise OperatorError(f"{path}: {next(iter(document))!r} is not known; links are tables [[link]]")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise OperatorError(f"{path}: write each link as a table [[link]]")
    if len(tables) > MAX_LINKS:
        raise OperatorError(f"{path}: {len(tables)} links, more than the {MAX_LINKS} of one process")
    variables = os.environ if environment is None else environment
    links = tuple(_link(path, number, table, variables) for number, table in enumerate(tables, 1))
    _check_together(path, links)
    return links


def _link(path: Path, number: int, table: dict[str, Any], variables: Mapping[str, str]) -> Link:
    name = table.get("name")
    label = f"{path}: link {name!r}" if isinstance(name, str) else f"{path}: link number {number}"
    reader = TableReader(table, label)
    name = reader.text("name")
    if not _NAME.fullmatch(name):
        raise reader.wrong("name", "is not up to 63 letters, digits, dots, - and _")
    role = reader.choice("role", (UPPER, LOWER))
    sub_port = reader.number("sub_port", 0 if role == UPPER else None, 0 if role == UPPER else 1, 65535)
    sub_host = reader.text("sub_host", "" if role == UPPER else "0.0.0.0")
    password = _password(reader, path.parent, variables)
    access_code = reader.number("access_code", None, 0, _U32)
    link = Link(
        name=name,
        role=role,
        version=cast(Edition, reader.choice("version", EDITIONS)),
        access_code=access_code,
        user=reader.number("user", None, 0, _U32),
        password=password,
        main_host=reader.text("main_host", "0.0.0.0" if role == UPPER else None),
        main_port=reader.number("main_port", None, 1, 65535),
        sub_host=sub_host,
        sub_port=sub_port,
        sub_public_host=reader.text("sub_public_host", "" if role == UPPER else None),
        sub_public_port=reader.number("sub_public_port", sub_port, 0, 65535),
        platform_id=reader.text("platform_id", str(access_code)[:11]),
        cipher=_cipher(reader),
        allowed_ips=tuple(_network(reader, text) for text in reader.texts("allowed_ips")),
        rate_per_s=reader.decimal("rate_per_s", 1000.0, 0.1, 1e6),
        history_after_s=reader.decimal("history_after_s", 300.0, 1, 1e9),
        confirm_s=reader.decimal("confirm_s", 10.0, 0, 3600),
        receipt_s=reader.decimal("receipt_s", 60.0, 0, 86_400),
        unknown_vehicles=reader.choice("unknown_vehicles", (KEEP, ADMIT, COUNT), KEEP),
        forwarding=_forwarding(reader),
        mask=_mask(reader),
        mask_key=reader.text("mask_key", f"{name} {password}"),
    )
    reader.finish()
    _check_role(reader, link)
    return link


def _password(reader: TableReader, folder: Path, variables: Mapping[str, str]) -> str:
    """From the file itself, from a variable of the environment, or from a file of its own."""
    given = [key for key in ("password", "password_env", "password_file") if reader.has(key)]
    if len(given) != 1:
        raise reader.wrong("password", "is needed once: password, password_env or password_file")
    text = reader.text(given[0])
    if given[0] == "password_env":
        if text not in variables:
            raise reader.wrong("password_env", f"names {text}, which the environment lacks")
        text = variables[text]
    elif given[0] == "password_file":
        try:
            text = (folder / Path(text).expanduser()).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as fault:
            raise reader.wrong("password_file", f"{text} cannot be read: {fault}") from None
    if not text.isascii() or len(text) > PASSWORD_BYTES:
        raise reader.wrong(given[0], f"must be at most {PASSWORD_BYTES} ASCII characters (JT/T 809 0x1001)")
    return text


def _cipher(reader: TableReader) -> Cipher | None:
    inner = reader.table("encryption")
    if inner is None:
        return None
    cipher = Cipher(*(inner.number(key, None, 0, _U32) for key in ("m1", "ia1", "ic1")))
    inner.finish()
    return cipher


def _forwarding(reader: TableReader) -> Forwarding:
    inner = reader.table("forward")
    if inner is None:
        return Forwarding()
    forwarding = Forwarding(
        everything=inner.flag("all", False),
        vehicle_classes=inner.texts("vehicle_classes"),
        enterprises=inner.texts("enterprises"),
        vehicles=inner.texts("vehicles"),
        plates=inner.texts("plates"),
        bbox=_bbox(inner),
        alerts=inner.flag("alerts", True),
    )
    inner.finish()
    for name in forwarding.vehicle_classes:
        if name not in CODE_OF_NAME:
            raise inner.wrong("vehicle_classes", f"{name!r} is none of {', '.join(CODE_OF_NAME)}")
    if not forwarding.anything:
        raise inner.wrong(
            "forward", "chooses no vehicle; give all, vehicle_classes, enterprises, vehicles or plates"
        )
    return forwarding


def _bbox(reader: TableReader) -> tuple[float, float, float, float] | None:
    if not reader.has("bbox"):
        return None
    west, south, east, north = reader.decimals("bbox", 4)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise reader.wrong("bbox", "must be [west, south, east, north] in degrees")
    return west, south, east, north


def _network(reader: TableReader, text: str) -> Any:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise reader.wrong("allowed_ips", f"{text!r} is no address or network such as 10.1.0.0/16") from None


def _mask(reader: TableReader) -> frozenset[str]:
    names = frozenset(reader.texts("mask"))
    if not names <= {PLATE, DRIVER}:
        raise reader.wrong("mask", f"may hold {PLATE} and {DRIVER}, not {', '.join(sorted(names))}")
    return names


def _check_role(reader: TableReader, link: Link) -> None:
    if link.is_upper and link.forwarding.anything:
        raise reader.wrong("forward", "belongs to links of role lower: positions go from lower to upper")


def _check_together(path: Path, links: Sequence[Link]) -> None:
    names: set[str] = set()
    codes: set[int] = set()
    listeners: dict[tuple[str, int], Link] = {}
    for link in links:
        if link.name in names:
            raise OperatorError(f"{path}: two links are named {link.name!r}")
        names.add(link.name)
        # A peer says only its access code before it must be understood; so links of role upper may share a
        # port, and nothing else may.
        if link.is_upper and link.access_code in codes:
            raise OperatorError(f"{path}: two links of role upper have the access code {link.access_code}")
        if link.is_upper:
            codes.add(link.access_code)
        place = (link.main_host, link.main_port) if link.is_upper else (link.sub_host, link.sub_port)
        other = listeners.setdefault(place, link)
        if other is not link and not (other.is_upper and link.is_upper):
            raise OperatorError(f"{path}: links {other.name!r} and {link.name!r} listen on port {place[1]}")
