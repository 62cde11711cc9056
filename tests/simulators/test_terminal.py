"""Terminals against a small platform over real TCP: lost answers, lost connections, a server that is away."""

import asyncio
import json
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path

import pytest

from simulators import add_arguments
from simulators.options import from_namespace
from simulators.simulate import Fleet
from stream.jt808.frame import Frame
from tests.services import free_port
from tests.simulators.platform import Platform


def options(port: int, *extra: str) -> Namespace:
    parser = ArgumentParser()
    add_arguments(parser)
    base = ["--port", str(port), "--vehicles", "12", "--seed", "5", "--progress", "0"]
    return parser.parse_args([*base, *extra])


def fleet(port: int, *extra: str) -> Fleet:
    return Fleet(from_namespace(options(port, *extra)))


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def compare(platform: Platform, ledger: Path) -> None:
    """Everything acknowledged is with the platform, with the same content."""
    stored = {(each.phone, each.time_ms): each for each in platform.stored}
    noted = rows(ledger)
    assert len({(row["vehicle_id"], row["time_ms"]) for row in noted}) == len(noted)
    for row in noted:
        phone = str(13_900_000_000 + int(row["vehicle_id"][3:]))
        mine = stored[phone, row["time_ms"]]
        assert (mine.longitude_deg, mine.latitude_deg) == (row["longitude_deg"], row["latitude_deg"])
        assert (mine.speed_kmh, mine.serial) == (row["speed_kmh"], row["serial"])


async def test_every_report_arrives_once_and_in_order(tmp_path):
    ledger, truth = tmp_path / "ledger.jsonl", tmp_path / "truth.jsonl"
    async with Platform() as platform:
        args = ("--speedup", "3000", "--history", "2", "--duration", "4", "--interval", "30")
        code = await fleet(platform.port, *args, "--ledger", str(ledger), "--truth", str(truth)).run()
    assert code == 0
    assert len(platform.stored) == len(rows(ledger)) > 12 * 200
    assert set(Counter((each.phone, each.time_ms) for each in platform.stored).values()) == {1}
    compare(platform, ledger)
    newest: dict[str, int] = {}
    for each in platform.stored:
        assert each.time_ms > newest.get(each.phone, 0)
        newest[each.phone] = each.time_ms
    assert {row["rule"] for row in rows(truth) if "rule" in row} >= {"speeding", "zone_enter"}


async def test_unanswered_reports_are_sent_again_after_the_line_breaks(tmp_path):
    """Every seventh report gets no answer; now and then all lines are cut."""
    ledger = tmp_path / "ledger.jsonl"
    seen = Counter[bytes]()

    def answers(frame: Frame) -> int | None:
        if frame.header.message_id in (0x0200, 0x0704):
            seen[frame.header.phone.encode() + frame.body] += 1
            if sum(seen.values()) % 200 == 0:
                platform.drop_all()
            return None if sum(seen.values()) % 7 == 0 else 0
        return 0

    platform = Platform(answers)
    async with platform:
        args = ("--speedup", "1500", "--history", "1", "--duration", "4", "--interval", "20")
        args += ("--answer-timeout", "0.3")
        code = await fleet(platform.port, *args, "--ledger", str(ledger)).run()
    assert code == 0
    assert max(seen.values()) > 1
    compare(platform, ledger)


async def test_a_server_that_is_away_is_waited_for_and_its_reports_are_kept(tmp_path):
    port, ledger = free_port(), tmp_path / "ledger.jsonl"
    running = asyncio.create_task(
        fleet(port, "--interval", "1", "--duration", "4", "--ledger", str(ledger)).run()
    )
    await asyncio.sleep(1.5)
    async with Platform(port=port) as platform:
        assert await running == 0
    blind = [each for each in platform.stored if each.message_id == 0x0704]
    assert {each.batch_kind for each in blind} == {1}
    by_phone: dict[str, list[int]] = {}
    for each in platform.stored:
        by_phone.setdefault(each.phone, []).append(each.time_ms)
    for times in by_phone.values():
        assert times == list(range(times[0], times[-1] + 1, 1000))
    compare(platform, ledger)


async def test_a_server_that_never_comes_ends_in_time_with_a_code(capsys):
    port = free_port()
    assert await fleet(port, "--duration", "1").run() == 1
    assert f"cannot reach 127.0.0.1:{port}" in capsys.readouterr().out


async def test_a_refused_fleet_says_so_once(capsys):
    async with Platform(lambda frame: 4) as platform:
        assert await fleet(platform.port, "--duration", "1").run() == 1
    said = capsys.readouterr().out
    assert said.count("no such terminal") == 1
    assert "--write-registry" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_cleanly(tmp_path, number):
    ledger, truth = tmp_path / "ledger.csv", tmp_path / "truth.jsonl"
    async with Platform() as platform:
        words = ["--port", str(platform.port), "--vehicles", "12", "--interval", "1", "--progress", "0.2"]
        words += ["--ledger", str(ledger), "--truth", str(truth), "--state", str(tmp_path / "state.json")]
        code = "import sys, argparse, simulators as s; p = argparse.ArgumentParser(); s.add_arguments(p)"
        code += "; sys.exit(s.run(p.parse_args()))"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, *words, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout
        async for line in process.stdout:
            if b"12 online" in line:
                break
        process.send_signal(number)
        said, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    assert "simulate: ended:" in said.decode()
    assert "never acknowledged" not in said.decode()
    assert len(ledger.read_text().splitlines()) == 1 + len(platform.stored)
    assert (tmp_path / "state.json").exists()


async def test_the_same_seed_and_time_send_the_same_reports(tmp_path, monkeypatch):
    """Two runs that begin at the same moment agree on every report."""
    monkeypatch.setattr("simulators.simulate.time.time", lambda: 1_772_409_600.0)
    told = []
    for _ in range(2):
        async with Platform() as platform:
            await fleet(platform.port, "--history", "1", "--speedup", "1000", "--duration", "2").run()
        told.append(
            {(each.phone, each.time_ms): (each.longitude_deg, each.speed_kmh) for each in platform.stored}
        )
    both = told[0].keys() & told[1].keys()
    assert len(both) > 100
    assert all(told[0][key] == told[1][key] for key in both)
