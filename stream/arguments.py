"""Arguments of commands that are no settings, as argparse wants them."""

import argparse
from pathlib import Path


def replay_arguments(parser: argparse.ArgumentParser) -> None:
    """What `replay` takes beside settings."""
    parser.add_argument("file", metavar="FILE.csv", help="recorded tracks; - reads standard input")
    parser.add_argument("--registry", metavar="FILE.csv", help="vehicles, for their class and driver")
    parser.add_argument(
        "--block-size",
        metavar="N",
        type=_positive,
        default=20_000,
        help="reports given to the engine at once; the alerts do not depend on it (default %(default)s)",
    )
    parser.add_argument(
        "--until",
        metavar="TIME",
        help="also tell who is silent at that time, like 2026-11-22T08:00:00+08:00; without it a silence is "
        "told only of a vehicle that came back",
    )


def recompute_arguments(parser: argparse.ArgumentParser) -> None:
    """What `recompute` takes beside settings."""
    parser.add_argument(
        "--from",
        dest="begin",
        metavar="TIME",
        required=True,
        help="what was found from then on, such as 2026-11-22 or 2026-11-22T08:00:00+08:00; without an "
        "offset the time is Shanghai's",
    )
    parser.add_argument("--to", dest="end", metavar="TIME", help="and before then (default now)")
    parser.add_argument(
        "--vehicle", metavar="ID", action="append", default=[], help="only this vehicle; may be repeated"
    )
    parser.add_argument(
        "--partition",
        metavar="N",
        type=int,
        action="append",
        default=[],
        help="only the vehicles of this partition of `telemetry`; may be repeated",
    )
    parser.add_argument(
        "--rulebook",
        metavar="FILE",
        type=Path,
        help="what would be under this rulebook; otherwise each time has the one that was published",
    )
    parser.add_argument(
        "--processes",
        metavar="N",
        type=_positive,
        help="processes side by side; the output does not depend on it (default: one a core)",
    )
    parser.add_argument(
        "--file",
        action="store_true",
        help="file what differs from the stored alerts as retrospective findings; no alert is changed",
    )


def encode_arguments(parser: argparse.ArgumentParser) -> None:
    """What `encode` takes beside settings."""
    parser.add_argument(
        "--protocol",
        choices=("jt808", "jt809", "attachment"),
        default="jt808",
        help="jt809, or attachment for the streams of evidence files (default %(default)s)",
    )
    parser.add_argument(
        "--encrypt", metavar="M1,IA1,IC1", help="the three numbers of an encrypted jt809 link"
    )


def decode_arguments(parser: argparse.ArgumentParser) -> None:
    """What `decode` takes beside settings."""
    encode_arguments(parser)
    parser.add_argument(
        "--explain",
        nargs="?",
        choices=("auto", "json", "tree"),
        const="auto",
        help="every field with its offset, bytes and meaning: a list `explain` in the object (json), a table "
        "for people instead of it (tree), or whichever suits the output (auto)",
    )
    parser.add_argument(
        "--lenient",
        action="store_true",
        help="also read what some terminals send beside the standard: an unescaped check code, a 2019 header "
        "without its flag",
    )


def settings_arguments(parser: argparse.ArgumentParser) -> None:
    """What `settings` takes beside settings."""
    parser.add_argument("--markdown", action="store_true", help="print the reference of all settings instead")


def up_arguments(parser: argparse.ArgumentParser) -> None:
    """What `up` takes beside settings."""
    parser.add_argument(
        "--with-parent", action="store_true", help="stop when the process that started this one ends"
    )


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return value
