"""The embedded services: real processes, found again, gone with their parent."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from stream.embedded import EmbeddedBroker, EmbeddedPostgres
from stream.embedded.account import service_account
from stream.embedded.child import spawn
from stream.embedded.logfile import BoundedLog
from stream.embedded.places import cluster_dir, programs_dir
from stream.errors import ServiceError
from stream.topics import differences, ensure_topics
from tests.services import data_folder, free_port

pytestmark = pytest.mark.stack

PATIENCE_S = 60.0


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_folder() as made:
        yield made


def test_a_database_is_found_again(folder: Path) -> None:
    server = EmbeddedPostgres(folder, free_port())
    with server:
        server.ensure_database("one")
        server.ensure_database("one")
        with psycopg.connect(server.dsn("one")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with server, psycopg.connect(server.dsn("one")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_what_was_committed_survives_a_kill(folder: Path) -> None:
    server = EmbeddedPostgres(folder, free_port())
    server.start()
    with psycopg.connect(server.dsn("postgres")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.kill()
    with server, psycopg.connect(server.dsn("postgres")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


@pytest.mark.parametrize("part", ["PostgreSQL", "broker"])
def test_another_server_on_the_port_is_not_taken_for_ours(folder: Path, part: str, broker: str) -> None:
    port = int(broker.partition(":")[2])
    servers = {
        "PostgreSQL": EmbeddedPostgres(folder, port),
        "broker": EmbeddedBroker(port, log_path=folder / "log"),
    }
    with pytest.raises(ServiceError, match=rf"port {port} for {part} cannot be opened .*in use"):
        servers[part].start()


def test_a_server_that_ends_while_starting_is_an_error_with_its_own_words(folder: Path) -> None:
    wrong = EmbeddedPostgres(folder, free_port(), server_settings={"no_such_setting": "1"})
    with pytest.raises(ServiceError, match=r"ended while starting .*no_such_setting.*postgres\.log"):
        wrong.start()


def test_a_start_that_is_given_up_leaves_nothing(folder: Path) -> None:
    class GaveUp(Exception):
        pass

    def give_up() -> None:
        raise GaveUp

    server = EmbeddedPostgres(folder, free_port())
    with pytest.raises(GaveUp):
        server.start(give_up)
    assert not (folder / "postgres" / "PG_VERSION").exists()
    with server:  # a half-made cluster is no obstacle
        assert server.answers()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_a_data_folder_closed_to_others_stays_closed() -> None:
    account = service_account()
    with data_folder() as folder, data_folder() as system:
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        cluster = cluster_dir(closed / "data", account, system)
        assert cluster.parent == system / "clusters"
        assert (closed / "data" / "postgres").resolve() == cluster
        assert cluster_dir(closed / "data", account, system) == cluster
        assert closed.stat().st_mode & 0o777 == 0o700
        assert cluster.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_programs_closed_to_others_are_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    account = service_account()
    assert account is not None
    package = programs_dir(None).parents[1]
    with data_folder() as folder, data_folder() as system:
        site = folder / "site"
        site.mkdir(mode=0o700)
        for name in (package.name, package.name + ".libs"):
            shutil.copytree(package.with_name(name), site / name, symlinks=True)
        monkeypatch.syspath_prepend(str(site))
        programs = programs_dir(account, system)
        assert system in programs.parents
        assert account.can_run(programs / "postgres")
        made = (programs / "postgres").stat().st_mtime_ns
        assert programs_dir(account, system) == programs
        assert (programs / "postgres").stat().st_mtime_ns == made
        assert site.stat().st_mode & 0o777 == 0o700


def test_each_start_of_the_broker_is_another_cluster(folder: Path) -> None:
    from aiokafka.admin import AIOKafkaAdminClient

    async def cluster_id(address: str) -> str:
        admin = AIOKafkaAdminClient(bootstrap_servers=address)
        await admin.start()
        try:
            return str((await admin.describe_cluster())["cluster_id"])
        finally:
            await admin.close()

    broker = EmbeddedBroker(free_port(), log_path=folder / "broker.log")
    seen = []
    for _ in range(2):
        with broker:
            seen.append(asyncio.run(cluster_id(broker.bootstrap_servers)))
    assert seen[0] != seen[1]


async def test_topics_get_their_stated_count_and_keep_it(broker: str) -> None:
    name = f"topic-{free_port()}"
    assert await ensure_topics(broker, {name: 5}) == {name: 5}
    assert await ensure_topics(broker, {name: 7}) == {name: 5}
    assert differences({name: 7}, {name: 5}) == [
        f"topic {name} has 5 partitions, the settings say 7; it stays as it is"
    ]
    assert differences({name: 5}, {name: 5}) == []


async def test_a_broker_that_is_away_is_an_error_that_names_it() -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(ServiceError, match=address):
        await ensure_topics(address, {"x": 1}, timeout_s=0.0)


def test_a_killed_parent_leaves_nothing(folder: Path) -> None:
    program = f"""
from stream.embedded import EmbeddedBroker, EmbeddedPostgres
server = EmbeddedPostgres({str(folder)!r}, {free_port()})
server.start()
broker = EmbeddedBroker({free_port()}, log_path={str(folder / "broker.log")!r})
broker.start()
print(server.child.pid, broker.child.pid, flush=True)
input()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    pids = [int(text) for text in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.kill()
    parent.wait(PATIENCE_S)
    wait_for(lambda: all(gone(pid) for pid in pids))
    parent.stdin.close()
    parent.stdout.close()


def test_a_child_that_ignores_the_signal_is_killed(folder: Path) -> None:
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True)\n"
    child = spawn("stubborn", [sys.executable, "-c", program + "time.sleep(600)"], folder / "log")
    wait_for(lambda: list(child.tail) == ["on"])
    assert not child.stop(signal.SIGTERM, grace_s=0.1)
    assert child.exit_code() == -signal.SIGKILL


def test_a_program_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(ServiceError, match="nothing cannot be started"):
        spawn("nothing", [folder / "absent"], folder / "log")


def test_a_log_is_bounded_and_nothing_of_the_newest_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.log"
    with BoundedLog(path, limit_bytes=1000) as log:
        for number in range(1000):
            log.write(f"{number:09d}\n".encode())
    older = path.with_name("a.log.1")
    assert path.stat().st_size <= 1010
    assert older.stat().st_size <= 1010
    kept = (older.read_text() + path.read_text()).split()
    assert kept == [f"{number:09d}" for number in range(1000 - len(kept), 1000)]
    assert len(kept) >= 100
