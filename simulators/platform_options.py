"""Options of ``haulwatch simulate --protocol jt809``: a platform of the field instead of terminals."""

import argparse
from dataclasses import dataclass
from typing import Literal

from stream.jt809.cipher import Cipher, parse_cipher
from stream.jt809.header import Edition
from stream.protocol_errors import EncodeError

Role = Literal["lower", "upper"]


@dataclass(frozen=True, slots=True)
class PlatformOptions:
    """Who the platform is on a pair of links, and what it does besides positions."""

    role: Role = "lower"
    edition: Edition = "2011"
    access_code: int = 320100
    user: int = 320100
    password: str = "haulwat"
    cipher: Cipher | None = None
    sub_host: str = "127.0.0.1"
    sub_port: int = 0
    post_checks_s: float = 0.0


def from_namespace(given: object, edition: str) -> PlatformOptions:
    """Pick them out of an argparse namespace; 2019 where that edition is chosen, else 2011."""
    names = ("role", "access_code", "user", "password", "cipher", "sub_host", "sub_port", "post_checks_s")
    chosen = {name: getattr(given, name, None) for name in names}
    return PlatformOptions(
        edition="2019" if edition == "2019" else "2011",
        **{name: value for name, value in chosen.items() if value is not None},
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a platform to a parser."""
    base = PlatformOptions()
    group = parser.add_argument_group("a platform (--protocol jt809)")
    group.add_argument(
        "--protocol",
        choices=("jt808", "jt809"),
        default="jt808",
        help="jt808: terminals, one connection each (default); jt809: one platform with all vehicles",
    )
    group.add_argument(
        "--role",
        choices=("lower", "upper"),
        default=base.role,
        help="lower: an enterprise's platform that connects to --host and --port; upper: a ministry's that "
        f"listens there (default: {base.role})",
    )
    for flag, kind, text, metavar in (
        ("--access-code", int, "access code of the lower platform", "N"),
        ("--user", int, "its user", "N"),
        ("--password", str, "its password, at most 8 characters", "TEXT"),
        ("--sub-host", str, "address for the subordinate link, told at the login", "HOST"),
        ("--sub-port", int, "its port; 0: a free one", "PORT"),
    ):
        name = flag.lstrip("-").replace("-", "_")
        shown = getattr(base, name)
        group.add_argument(flag, type=kind, default=shown, metavar=metavar, help=f"{text} (default: {shown})")
    group.add_argument(
        "--encrypt",
        dest="cipher",
        type=_cipher,
        metavar="M1,IA1,IC1",
        help="encrypt with these numbers",
    )
    group.add_argument(
        "--post-checks",
        dest="post_checks_s",
        type=float,
        default=base.post_checks_s,
        metavar="S",
        help="upper: ask who is on duty every S seconds; 0: never (default: 0)",
    )


def _cipher(text: str) -> Cipher:
    try:
        return parse_cipher(text)
    except EncodeError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
