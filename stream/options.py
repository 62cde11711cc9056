"""The commands of `haulwatch` and their options, as argparse wants them.

Most options are settings under a shorter name: their help text and checks are those of the setting.
"""

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata

from stream.arguments import (
    decode_arguments,
    encode_arguments,
    recompute_arguments,
    replay_arguments,
    settings_arguments,
    up_arguments,
)
from stream.settings.catalogue import catalogue
from stream.settings.fields import to_text


@dataclass(frozen=True)
class Option:
    """An option that stands for the setting `key`; a flag when it has a `constant`.

    `help` replaces the setting's own documentation where the flag turns it off.
    """

    flag: str
    key: str
    constant: str | None = None
    help: str = ""


@dataclass(frozen=True)
class Command:
    """One subcommand: its line in `haulwatch --help`, its own page's text, the settings it takes."""

    name: str
    summary: str
    text: str
    options: tuple[Option, ...] = ()
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None


BROKER = Option("--bootstrap-servers", "broker.bootstrap_servers")
DATABASE = Option("--dsn", "database.dsn")
RULEBOOK = Option("--rulebook", "rules.rulebook")
ZONES = Option("--zones", "rules.zones")
ROADS = Option("--roads", "rules.roads")


def _registry_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    bring = actions.add_parser(
        "import",
        help="add and change vehicles from a CSV file",
        description="Columns, in any order: id, terminal_phone, class (heavy_truck, tour_coach, line_coach, "
        "hazmat), and where they are known plate, plate_colour (1 blue, 2 yellow, 3 black, 4 white, 5 green, "
        "9 other, or the word), total_mass_kg, enterprise, driver. UTF-8 or GB 18030. A broken row is told "
        "and left out; the others are imported.",
    )
    bring.add_argument("file", metavar="FILE.csv", help="- reads standard input")
    add_common(bring, (DATABASE,))


def _roads_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    bring = actions.add_parser(
        "import",
        help="make a road table of a map",
        description="Reads OpenStreetMap data (.osm.pbf, .osm) or GeoJSON lines with the properties class "
        "(or OpenStreetMap's highway), limit_kmh (or maxspeed), oneway, name and datum, and writes the table "
        "that --roads reads in a fraction of the time.",
    )
    bring.add_argument("source", metavar="MAP", help="the map")
    bring.add_argument("target", metavar="ROADS.npz", help="the table")
    add_common(bring, ())


def _zones_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary, metavar in (
        ("check", "tell whether a zone file can be used", "FILE.geojson"),
        ("areas", "print zones as areas for terminals, one `area_set` command a line", "FILE.geojson"),
        ("from-areas", "print the zones of such lines as GeoJSON", "FILE.jsonl"),
    ):
        action = actions.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        action.add_argument("file", metavar=metavar, help="the file")
        add_common(action, ())


def _rulebook_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    file_help = "a rulebook (TOML); `default` is the one that comes with the program"
    for name, summary in (
        ("check", "tell every fault of a rulebook file, with its line and what to do"),
        ("explain", "print a rulebook for a person: each threshold in Chinese and English, with its source"),
    ):
        action = actions.add_parser(name, help=summary, description=summary)
        nargs = "?" if name == "explain" else None
        action.add_argument("file", metavar="FILE", nargs=nargs, default="default", help=file_help)
        add_common(action, ())
    compare = actions.add_parser(
        "diff",
        help="compare two rulebooks",
        description="Exit code 0 when both say the same, 1 when they differ, 2 when one cannot be used.",
    )
    compare.add_argument("file", metavar="FILE", help=file_help)
    compare.add_argument(
        "other", metavar="FILE", nargs="?", help="the other; without it FILE against default"
    )
    add_common(compare, ())
    publish = actions.add_parser(
        "publish",
        help="hand a rulebook to the running workers",
        description="Checks the file, keeps it in the database and writes it into every partition of "
        "`telemetry`: what is reported after it is judged by it. No worker is restarted.",
    )
    publish.add_argument("file", metavar="FILE", help=file_help)
    add_common(publish, (BROKER, DATABASE))


SIMULATE_SETTINGS = {
    "host": "simulate.host",
    "port": "simulate.port",
    "vehicles": "simulate.vehicles",
    "speedup": "simulate.speedup",
    "seed": "simulate.seed",
    "interval": "simulate.interval_s",
    "alarms": "simulate.alarms_per_h",
    "state": "simulate.state",
}
"""Options that the simulator declares itself and that are settings too."""


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    from simulators import add_arguments

    add_arguments(parser)
    parser.set_defaults(**dict.fromkeys(SIMULATE_SETTINGS))  # None: the settings say it


COMMANDS = (
    Command(
        "up",
        "everything on this machine in one console: database, broker, all roles, a simulated fleet",
        "Starts PostgreSQL, a broker, every role and a simulated fleet, and stops all of it at "
        "Ctrl-C. What it stored is found again by the next start.",
        (
            Option("--vehicles", "simulate.vehicles"),
            Option("--speedup", "simulate.speedup"),
            Option("--no-simulate", "up.simulate", "false", "Start no simulated fleet."),
            Option("--data", "up.data_dir"),
        ),
        up_arguments,
    ),
    Command(
        "gateway",
        "the JT/T 808 server that terminals connect to",
        "Takes JT/T 808 over TCP, checks terminals against the registry, writes blocks to the topic "
        "`telemetry` and acknowledges each report once the broker has it.",
        (
            Option("--host", "gateway.host"),
            Option("--port", "gateway.port"),
            Option("--metrics-port", "gateway.metrics_port"),
            Option("--admit-unknown", "gateway.admit_unknown", "true"),
            BROKER,
            DATABASE,
        ),
    ),
    Command(
        "worker",
        "reads telemetry, runs the rules, stores tracks and alerts",
        "One process of the worker group. Start as many as you need, up to the partitions of `telemetry`.",
        (Option("--metrics-port", "worker.metrics_port"), RULEBOOK, ZONES, ROADS, BROKER, DATABASE),
    ),
    Command(
        "evidence",
        "takes the files of alarms, keeps messages and raw frames, deletes what may go",
        "The attachment server of T/JSATL 12: terminals bring the files of their alarms here. It also writes "
        "the topics `messages` and `frames` to tables, and deletes what the law no longer asks for.",
        (
            Option("--host", "evidence.host"),
            Option("--port", "evidence.port"),
            Option("--data", "evidence.data_dir"),
            Option("--store", "evidence.store"),
            Option("--metrics-port", "evidence.metrics_port"),
            BROKER,
            DATABASE,
        ),
    ),
    Command(
        "exchange",
        "JT/T 809 links to other platforms, above and below",
        "Runs the links of the file of links: takes positions of other platforms in, forwards ours, carries "
        "post checks and supervision. Several processes share the links, each link is run by one.",
        (
            Option("--links", "exchange.links"),
            Option("--metrics-port", "exchange.metrics_port"),
            BROKER,
            DATABASE,
        ),
    ),
    Command(
        "desk",
        "the operators' HTTP API, live stream and page",
        "Serves the API (/openapi.json), the live stream, the page and /metrics.",
        (Option("--host", "desk.host"), Option("--port", "desk.port"), ZONES, BROKER, DATABASE),
    ),
    Command(
        "migrate",
        "bring a database to the newest schema",
        "Creates the database when it is missing, applies what is new, says whether it found TimescaleDB.",
        (DATABASE,),
    ),
    Command(
        "topics",
        "create the topics on the broker",
        "Creates `telemetry`, `alerts` and `commands` with the partitions that the settings state. Topics "
        "that are there stay as they are; a difference is said.",
        (BROKER,),
    ),
    Command(
        "simulate",
        "a fleet of terminals against any JT/T 808 server",
        "Drives trucks, coaches and hazmat vehicles over a synthetic road network, speaking JT/T 808.",
        (),
        _simulate_arguments,
    ),
    Command(
        "decode",
        "frames in hex on standard input, one JSON object a line on standard output",
        "JT/T 808, JT/T 809 or attachment streams; one or several frames a line. A frame that cannot be read "
        "gives an object with `error`; exit code 1 at the end.",
        (),
        decode_arguments,
    ),
    Command(
        "encode",
        "the JSON objects of decode on standard input, frames in hex on standard output",
        "The inverse of decode. What cannot be written is told on standard error; exit code 1 then.",
        (),
        encode_arguments,
    ),
    Command(
        "replay",
        "run the rules over recorded tracks, one JSON object an alert episode",
        "Columns: vehicle_id, time (ISO 8601 with offset), longitude_deg, latitude_deg, speed_kmh; optional: "
        "heading_deg, altitude_m, alarm_bits, status_bits, limit_kmh, driver_id, vehicle_class, "
        "recorder_speed_kmh, mileage_km, received (a time), items (hex, the additional items of a 0x0200).",
        (RULEBOOK, ZONES, ROADS),
        replay_arguments,
    ),
    Command(
        "recompute",
        "run the rules over stored tracks, one JSON object an alert episode",
        "Looks at the tracks in the database as `replay` looks at a file, with the drivers, vehicle classes "
        "and rulebooks of the time and the zones and roads of today; see docs/recompute.md.",
        (ZONES, ROADS, DATABASE),
        recompute_arguments,
    ),
    Command(
        "registry",
        "the vehicles: `registry import FILE.csv`",
        "Columns: id, terminal_phone, plate, plate_colour, class (heavy_truck, tour_coach, line_coach, "
        "hazmat), total_mass_kg, enterprise, driver.",
        (),
        _registry_arguments,
    ),
    Command(
        "roads",
        "the roads that speed limits go by: `roads import MAP ROADS.npz`",
        "Makes a road table of OpenStreetMap data or GeoJSON; see docs/rules/speeding.md.",
        (),
        _roads_arguments,
    ),
    Command(
        "zones",
        "the places watched: `zones check | areas | from-areas FILE`",
        "A zone file is GeoJSON; see docs/rules/zones.md.",
        (),
        _zones_arguments,
    ),
    Command(
        "rulebook",
        "the thresholds: `rulebook check | diff | explain | publish`",
        "A rulebook is a TOML file laid over the one that comes with the program; see docs/rules.",
        (),
        _rulebook_arguments,
    ),
    Command(
        "settings",
        "print the effective settings as TOML",
        "Prints what the other commands would use here, passwords hidden.",
        (),
        settings_arguments,
    ),
)


def build_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of the whole program.

    A command's own arguments are there when its name is among `words`, the command line; what declares them
    may be expensive to import.
    """
    parser = argparse.ArgumentParser(
        prog="haulwatch",
        description="Real-time monitoring of heavy vehicles: JT/T 808 in, alerts out.",
        epilog="Settings: docs/settings.md, or haulwatch settings. Each command has --help.",
    )
    parser.add_argument("--version", action="version", version=f"haulwatch {metadata.version('haulwatch')}")
    add_common(parser, ())
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        one = subparsers.add_parser(command.name, help=command.summary, description=command.text)
        if command.name in words:
            command.arguments(one)
        add_common(one, command.options)
    return parser


def add_common(parser: argparse.ArgumentParser, options: tuple[Option, ...]) -> None:
    """Options every command has, and those that stand for settings."""
    # SUPPRESS, because a subparser's default would overwrite what stood before the subcommand.
    parser.add_argument(
        "--config",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="settings file (TOML); see docs/settings.md",
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        dest="assignments",
        default=argparse.SUPPRESS,
        help="any setting, such as gateway.port=8818; may be repeated",
    )
    for option in options:
        _add_option(parser, option)


def setting_options(parsed: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """What the command line said about settings: key -> (option, text)."""
    known = {option.key: option for command in COMMANDS for option in command.options}
    chosen: dict[str, tuple[str, str]] = {}
    for assignment in getattr(parsed, "assignments", []):
        key, _, text = assignment.partition("=")
        chosen[key] = (f"--set {key}", text)
    for name, text in vars(parsed).items():
        if name in known and text is not None:
            chosen[name] = (known[name].flag, text)
    if parsed.command == "simulate":
        for name, key in SIMULATE_SETTINGS.items():
            if (value := getattr(parsed, name)) is not None:
                chosen[key] = (f"--{name}", str(value))
    return chosen


def _add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    entry = catalogue()[option.key]
    help_text = (option.help or entry.rule.doc).replace("%", "%%")
    if option.constant is not None:
        parser.add_argument(
            option.flag, dest=option.key, action="store_const", const=option.constant, help=help_text
        )
        return
    default = to_text(entry.default)
    if default:
        help_text += f" (default {default})"
    metavar = re.sub(r".*_", "", entry.name).upper()
    parser.add_argument(option.flag, dest=option.key, metavar=metavar, help=help_text)
