"""The command line: help for each command, and one line for a fault."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stream import cli
from stream.errors import EXIT_BUG, EXIT_FAILED, EXIT_USAGE, OperatorError, ServiceError
from stream.options import COMMANDS, SIMULATE_SETTINGS, build_parser
from stream.settings.catalogue import catalogue
from tests.services import free_port

NAMES = [command.name for command in COMMANDS]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def haulwatch(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "stream.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        input=more.get("stdin", ""),
    )


def test_every_role_has_its_command() -> None:
    wanted = {"up", "gateway", "worker", "desk", "migrate", "simulate", "decode", "replay", "registry"}
    assert wanted <= set(NAMES)
    assert set(NAMES) == set(cli.HANDLERS)


@pytest.mark.parametrize("arguments", [[], *([name] for name in NAMES), ["registry", "import"]])
def test_each_command_explains_itself(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*arguments, "--help"])
    assert ended.value.code == 0
    assert "usage: haulwatch" in capsys.readouterr().out


def test_help_does_not_import_what_it_does_not_need() -> None:
    program = (
        "import sys\nfrom stream import cli\n"
        "try:\n    cli.main(['worker', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'pyarrow', 'faust', 'aiokafka', 'psycopg', 'fastapi'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_version_is_printed() -> None:
    assert haulwatch("--version").stdout.startswith("haulwatch 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["gateway", "--prot", "1"],
        ["replay"],
        ["registry"],
        ["replay", "x", "--block-size", "0"],
    ],
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str]) -> None:
    done = haulwatch(*arguments)
    assert done.returncode == EXIT_USAGE
    assert "usage: haulwatch" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gateway", "--port", "x"], "haulwatch gateway: --port: 'x' is not a whole number"),
        (["desk", "--set", "desk.prt=1"], "--set desk.prt: there is no setting desk.prt"),
        (["settings", "--config", "absent.toml"], "absent.toml cannot be read"),
        (["--config", "absent.toml", "settings"], "absent.toml cannot be read"),
    ],
)
def test_a_wrong_setting_is_one_line_and_2(arguments: list[str], says: str) -> None:
    done = haulwatch(*arguments)
    assert done.returncode == EXIT_USAGE
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_options_before_and_after_the_command_both_count() -> None:
    done = haulwatch("--set", "gateway.port=1234", "settings")
    assert "port = 1234" in done.stdout
    assert "port = 4321" in haulwatch("settings", "--set", "gateway.port=4321").stdout


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (OperatorError("no such\nthing"), EXIT_USAGE, "haulwatch settings: no such thing"),
        (ServiceError("away"), EXIT_FAILED, "haulwatch settings: away"),
        (FileNotFoundError(2, "No such file or directory", "a.csv"), EXIT_FAILED, "a.csv: No such file"),
    ],
)
def test_a_fault_of_others_is_one_line(
    fault: Exception,
    code: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> int:
        raise fault

    monkeypatch.setitem(cli.HANDLERS, "settings", fail)
    assert cli.main(["settings"]) == code
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_a_bug_shows_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(cli.HANDLERS, "settings", lambda *_: 1 // 0)
    assert cli.main(["settings"]) == EXIT_BUG
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "a bug in haulwatch (ZeroDivisionError" in said


def test_a_database_that_is_away_is_one_line() -> None:
    done = haulwatch("migrate", "--dsn", f"postgresql://postgres@127.0.0.1:{free_port()}/haulwatch")
    assert done.returncode == EXIT_FAILED
    assert done.stderr.count("\n") == 1
    assert "database haulwatch" in done.stderr


def test_a_reader_that_has_seen_enough_is_no_fault() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", '"$1" -m stream.cli settings --markdown | head -1', "sh", sys.executable],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "# Settings\n"
    assert done.stderr == ""


def test_the_simulator_s_own_defaults_are_those_of_the_settings() -> None:
    from simulators.options import Options

    for name, key in SIMULATE_SETTINGS.items():
        assert catalogue()[key].default == getattr(Options(), name)


def test_the_block_size_of_replay_is_its_own_default() -> None:
    from stream.replay import DEFAULT_BLOCK_SIZE

    assert build_parser(["replay"]).parse_args(["replay", "x"]).block_size == DEFAULT_BLOCK_SIZE


def test_decode_reads_standard_input_to_its_end() -> None:
    done = haulwatch("decode", stdin="7e0002000001234567890100018b7e\nnonsense\n")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["message_id"], first["terminal_phone"], first["serial"]) == ("0x0002", "012345678901", 1)
    assert "error" in second
    assert done.returncode == EXIT_FAILED
    assert done.stderr == ""
