"""`haulwatch`: one program, one subcommand a role. Roles are imported only when they are asked for."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from stream.errors import EXIT_BUG, EXIT_FAILED
from stream.options import SIMULATE_SETTINGS, build_parser, setting_options
from stream.settings import Settings, load_settings

EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells count."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0, 1 (failed), 2 (asked wrongly), 70 (a bug)."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    _without_streams()
    parsed = build_parser(words).parse_args(words)
    try:
        settings = load_settings(getattr(parsed, "config", None), options=setting_options(parsed))
        code = HANDLERS[parsed.command](settings, parsed) or 0
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except Exception as fault:
        return _report(parsed.command, fault)


def _without_streams() -> None:
    """A console that was closed before the start (`>&-`) takes nothing, and stops nobody."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open until the process ends


def _report(command: str, fault: Exception) -> int:
    """One line for a fault that someone can act on; a traceback first when the fault is ours."""
    code = getattr(fault, "exit_code", None)
    text = " ".join(str(fault).split())
    if not isinstance(code, int):
        known = _surroundings(fault)
        code = EXIT_FAILED if known else EXIT_BUG
        if known:
            text = known
        else:
            traceback.print_exception(fault)
            text = f"a bug in haulwatch ({type(fault).__name__}: {text}); please report the lines above"
    print(f"haulwatch {command}: {text}", file=sys.stderr)
    return code


def _surroundings(fault: Exception) -> str | None:
    """What happened when a file, a port, the broker or the database is to blame, else None."""
    origin = type(fault).__module__.partition(".")[0]
    if origin in ("psycopg", "asyncpg"):
        return f"the database: {fault}; check database.dsn and run haulwatch migrate"
    if origin == "aiokafka":
        return f"the broker: {fault}; check broker.bootstrap_servers"
    if isinstance(fault, OSError):
        where = f"{fault.filename}: " if fault.filename else ""
        return f"{where}{fault.strerror or fault}"
    return None


def _up(settings: Settings, parsed: argparse.Namespace) -> int:
    from stream import up

    return up.run(settings, with_parent=parsed.with_parent)


def _gateway(settings: Settings, _: argparse.Namespace) -> int | None:
    from stream import gateway

    return gateway.run(settings)


def _worker(settings: Settings, _: argparse.Namespace) -> int | None:
    from stream import worker

    return worker.run(settings)


def _evidence(settings: Settings, _: argparse.Namespace) -> int | None:
    from stream import attachments

    return attachments.run(settings)


def _exchange(settings: Settings, _: argparse.Namespace) -> int | None:
    from stream import exchange

    return exchange.run(settings)


def _desk(settings: Settings, _: argparse.Namespace) -> int:
    from alerts import desk
    from stream.attachments.configure import objects_folder_of

    return desk.run(
        dsn=settings.database.dsn,
        bootstrap_servers=settings.broker.bootstrap_servers,
        host=settings.desk.host,
        port=settings.desk.port,
        tile_url=settings.desk.tile_url,
        zones=settings.rules.zones,
        console_dir=settings.desk.console_dir,
        evidence_folder=objects_folder_of(settings.evidence),
        evidence_store=settings.evidence.store,
        s3_endpoint=settings.evidence.s3_endpoint,
        s3_region=settings.evidence.s3_region,
    )


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    from alerts import migrate

    return migrate.run(settings.database.dsn)


def _topics(settings: Settings, _: argparse.Namespace) -> int:
    import asyncio

    from stream.topics import differences, ensure_topics, stated_partitions

    broker = settings.broker
    wanted = stated_partitions(broker)
    found = asyncio.run(
        ensure_topics(broker.bootstrap_servers, wanted, replication_factor=broker.replication_factor)
    )
    for name, count in found.items():
        print(f"topic {name}: {count} partitions")
    for line in differences(wanted, found):
        print(f"haulwatch topics: {line}", file=sys.stderr)
    return 0


def _simulate(settings: Settings, parsed: argparse.Namespace) -> int:
    import simulators

    for name, key in SIMULATE_SETTINGS.items():
        setattr(parsed, name, getattr(settings.simulate, key.partition(".")[2]))
    return simulators.run(parsed)


def _decode(_: Settings, parsed: argparse.Namespace) -> int:
    from stream import decode

    explain = parsed.explain
    if explain == "auto":
        explain = "tree" if sys.stdout.isatty() else "json"
    return decode.run(
        sys.stdin.buffer,
        sys.stdout,
        protocol=parsed.protocol,
        lenient=parsed.lenient,
        encrypt=parsed.encrypt,
        explain=explain,
    )


def _encode(_: Settings, parsed: argparse.Namespace) -> int:
    from stream import encode

    return encode.run(
        sys.stdin.buffer, sys.stdout, sys.stderr, protocol=parsed.protocol, encrypt=parsed.encrypt
    )


def _replay(settings: Settings, parsed: argparse.Namespace) -> int | None:
    from stream import replay
    from stream.command_times import parse_time

    return replay.run(
        parsed.file,
        rulebook=settings.rules.rulebook,
        zones=settings.rules.zones,
        roads=settings.rules.roads,
        registry=parsed.registry,
        block_size=parsed.block_size,
        until_ms=parse_time("--until", parsed.until) if parsed.until else None,
    )


def _recompute(settings: Settings, parsed: argparse.Namespace) -> int:
    from stream import recompute

    return recompute.run(
        settings.database.dsn,
        begin=parsed.begin,
        end=parsed.end,
        vehicle_ids=parsed.vehicle,
        numbers=parsed.partition,
        partitions=settings.broker.telemetry_partitions,
        processes=parsed.processes or os.cpu_count() or 1,
        rulebook=settings.rules.rulebook,
        what_if=parsed.rulebook,
        zones=settings.rules.zones,
        roads=settings.rules.roads,
        file=parsed.file,
    )


def _registry(settings: Settings, parsed: argparse.Namespace) -> int | None:
    from alerts import registry

    return registry.import_csv(settings.database.dsn, parsed.file)


def _rulebook(settings: Settings, parsed: argparse.Namespace) -> int:
    from stream import rulebook_command

    if parsed.action == "check":
        return rulebook_command.check(parsed.file)
    if parsed.action == "explain":
        return rulebook_command.tell(parsed.file)
    if parsed.action == "diff":
        if parsed.other is None:
            return rulebook_command.diff(rulebook_command.BUILT_IN, parsed.file)
        return rulebook_command.diff(parsed.file, parsed.other)
    from stream import rulebook_publishing

    return rulebook_publishing.run(settings.broker, settings.database.dsn, parsed.file)


def _roads(_: Settings, parsed: argparse.Namespace) -> int:
    from pathlib import Path

    from stream.map_files import import_table

    count = import_table(Path(parsed.source), Path(parsed.target))
    print(f"{count} roads written to {parsed.target}")
    return 0


def _zones(_: Settings, parsed: argparse.Namespace) -> int:
    from stream import zone_files

    return zone_files.run(parsed.action, parsed.file)


def _settings(settings: Settings, parsed: argparse.Namespace) -> int:
    from stream.settings import document

    print(document.markdown() if parsed.markdown else document.toml(settings), end="")
    return 0


HANDLERS: dict[str, Callable[[Settings, argparse.Namespace], int | None]] = {
    "up": _up,
    "gateway": _gateway,
    "worker": _worker,
    "evidence": _evidence,
    "exchange": _exchange,
    "desk": _desk,
    "migrate": _migrate,
    "topics": _topics,
    "simulate": _simulate,
    "decode": _decode,
    "encode": _encode,
    "replay": _replay,
    "recompute": _recompute,
    "registry": _registry,
    "roads": _roads,
    "rulebook": _rulebook,
    "zones": _zones,
    "settings": _settings,
}

if __name__ == "__main__":
    sys.exit(main())
