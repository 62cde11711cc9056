"""The file of links: what it may say, and how mistakes are told."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from stream.errors import OperatorError
from stream.exchange.link_file import read_links
from stream.jt809.cipher import Cipher
from tests.exchange.link_files import LOWER, UPPER, links_of, write_links


def test_a_link_of_each_role(tmp_path: Path) -> None:
    rule = {"all": True, "bbox": [118, 31, 119.5, 33]}
    below, above = links_of(
        tmp_path,
        {**UPPER, "allowed_ips": ["10.1.0.0/16"], "encryption": {"m1": 1, "ia1": 2, "ic1": 3}},
        {**LOWER, "forward": rule, "mask": ["plate"], "rate_per_s": 50, "version": 2019},
    )
    assert (below.is_upper, above.is_upper) == (True, False)
    assert below.cipher == Cipher(1, 2, 3)
    assert below.allowed_ips == (ip_network("10.1.0.0/16"),)
    assert above.version == "2019"
    assert above.forwarding.everything
    assert above.forwarding.bbox == (118, 31, 119.5, 33)
    assert above.mask == {"plate"}
    assert above.sub_public_port == above.sub_port
    assert "secret" not in repr(below)


def test_passwords_may_stand_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("filed\n")
    tables = [{key: value for key, value in table.items() if key != "password"} for table in (UPPER, LOWER)]
    tables[0]["password_env"] = "WORD"
    tables[1]["password_file"] = "word"
    path = write_links(tmp_path, *tables)
    below, above = read_links(path, {"WORD": "given"})
    assert (below.password, above.password) == ("given", "filed")
    with pytest.raises(OperatorError, match=r"link 'below': password_env names WORD, which .* lacks"):
        read_links(path, {})


WRONG: list[tuple[dict[str, Any], str]] = [
    ({**UPPER, "role": "middle"}, "link 'below': role is 'middle', none of upper, lower"),
    ({**UPPER, "version": "2013"}, "version is '2013', none of 2011, 2019"),
    ({**UPPER, "name": "a b"}, "name is not up to 63 letters"),
    ({**UPPER, "main_port": 0}, "main_port is 0, not a whole number from 1 to 65535"),
    ({**UPPER, "access_code": 2**32}, "access_code is"),
    ({**UPPER, "password": "much too long"}, "at most 8 ASCII characters"),
    ({**UPPER, "pasword": "x"}, "pasword is not known; did you mean password"),
    ({**UPPER, "allowed_ips": ["10.1"]}, "'10.1' is no address or network"),
    ({**UPPER, "encryption": {"m1": 1, "ia1": 2}}, "encryption: ic1 is missing"),
    ({**UPPER, "forward": {"all": True}}, "forward belongs to links of role lower"),
    ({**LOWER, "forward": {"alerts": False}}, "forward chooses no vehicle"),
    ({**LOWER, "forward": {"vehicle_classes": ["tank"]}}, "'tank' is none of unknown, heavy_truck"),
    ({**LOWER, "forward": {"all": True, "bbox": [1, 2, 3]}}, "bbox is .* not a list of 4 numbers"),
    ({**LOWER, "forward": {"all": True, "bbox": [3, 2, 1, 4]}}, "must be .west, south, east, north"),
    ({**LOWER, "mask": ["face"]}, "mask may hold plate and driver, not face"),
    ({**LOWER, "rate_per_s": "fast"}, "rate_per_s is 'fast', not a number"),
    ({key: value for key, value in LOWER.items() if key != "sub_port"}, "sub_port is missing"),
]


@pytest.mark.parametrize(("table", "reason"), WRONG, ids=[reason[:40] for _, reason in WRONG])
def test_a_mistake_is_named(tmp_path: Path, table: dict[str, Any], reason: str) -> None:
    with pytest.raises(OperatorError, match=reason):
        links_of(tmp_path, table)


def test_links_that_do_not_go_together(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="two links are named 'below'"):
        links_of(tmp_path, UPPER, UPPER)
    with pytest.raises(OperatorError, match="have the access code 3201"):
        links_of(tmp_path, UPPER, {**UPPER, "name": "other"})
    with pytest.raises(OperatorError, match="links 'below' and 'above' listen on port 9800"):
        links_of(tmp_path, {**UPPER, "main_host": "127.0.0.1"}, {**LOWER, "sub_port": 9800})
    assert len(links_of(tmp_path, UPPER, {**UPPER, "name": "other", "access_code": 1})) == 2


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        read_links(tmp_path / "missing.toml")
    path = tmp_path / "links.toml"
    for text, reason in (
        ("[[link", "is not TOML"),
        ("[links]", "'links' is not known"),
        ("link = 3", r"as a table \[\[link\]\]"),
    ):
        path.write_text(text)
        with pytest.raises(OperatorError, match=reason):
            read_links(path)
