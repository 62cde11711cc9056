"""Migrations: from nothing, twice, at the same time, and by people who can't."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from alerts import migrate
from tests.services import free_port

TABLES = {"vehicles", "tracks", "tracks_default", "alerts", "alert_revisions", "outbox", "checkpoints"}


def run(dsn: str) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    return migrate.run(dsn, stdout, stderr), stdout.getvalue(), stderr.getvalue()


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        return {
            row[0]
            for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        }


def test_from_nothing_and_again(empty_database: str) -> None:
    code, out, err = run(empty_database)
    assert (code, err) == (0, "")
    assert "without TimescaleDB: tracks are partitioned by day" in out
    assert tables(empty_database) >= TABLES
    code, out, err = run(empty_database)
    assert (code, err) == (0, "")
    assert "nothing to do" in out
    assert "applied" not in out


def test_missing_database_is_created(postgres_dsn: str) -> None:
    dsn = postgres_dsn.rsplit("/", 1)[0] + '/odd-"name"'
    try:
        assert "created database" in run(dsn)[1]
        assert tables(dsn) >= TABLES
    finally:
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            connection.execute('DROP DATABASE IF EXISTS "odd-""name"""')


def test_two_at_once(postgres_dsn: str, empty_database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, [empty_database] * 4))
    assert [code for code, _, _ in results] == [0] * 4, results
    assert sum("applied 0001" in out for _, out, _ in results) == 1


@pytest.mark.parametrize(
    ("make_dsn", "words"),
    [
        (lambda dsn: f"postgresql://postgres@127.0.0.1:{free_port()}/haulwatch", "is away"),
        (lambda dsn: dsn.replace("postgres@", "nobody@"), "refused the connection"),
        (lambda dsn: "this is no dsn", "is away"),
    ],
)
def test_errors_are_one_line(postgres_dsn: str, make_dsn, words: str) -> None:
    code, _, err = run(make_dsn(postgres_dsn))
    assert code == 1
    assert words in err
    assert err.count("\n") == 1


def test_no_rights(postgres_dsn: str, empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS weak")
        connection.execute("CREATE ROLE weak LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM public")
    code, _, err = run(empty_database.replace("postgres@", "weak@"))
    assert code == 1
    assert "lacks a right" in err
    assert err.count("\n") == 1


def test_foreign_history_is_refused(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1")
    assert "other text" in run(database)[2]
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE schema_migrations SET version = 9999 WHERE version = 1")
    assert "install a newer haulwatch" in run(database)[2]


def insert_track(connection: psycopg.Connection, time: datetime, digest: int = 0) -> None:
    connection.execute(
        "INSERT INTO tracks VALUES (1, %s, %s, 118.8, 32.0, 60, 90, 10, 0, 2, %s, 0)", (time, time, digest)
    )


def rows_by_partition(connection: psycopg.Connection) -> dict[str, int]:
    rows = connection.execute("SELECT tableoid::regclass::text, count(*) FROM tracks GROUP BY 1").fetchall()
    return dict(rows)


def test_partitions_ahead_and_default(database: str) -> None:
    now = datetime.now(UTC)
    far = now + timedelta(days=20)
    with psycopg.connect(database) as connection:
        for time in (now, far, now - timedelta(days=4000)):
            insert_track(connection, time)
        rows = dict(
            connection.execute("SELECT tableoid::regclass::text, count(*) FROM tracks GROUP BY 1").fetchall()
        )
        assert rows == {f"tracks_{now:%Y%m%d}": 1, "tracks_default": 2}
    assert migrate.ensure_partitions(database, 7, 21) == 7
    assert migrate.ensure_partitions(database, 7, 21) == 0
    with psycopg.connect(database) as connection:
        rows = dict(
            connection.execute("SELECT tableoid::regclass::text, count(*) FROM tracks GROUP BY 1").fetchall()
        )
        assert rows == {f"tracks_{now:%Y%m%d}": 1, f"tracks_{far:%Y%m%d}": 1, "tracks_default": 1}
        with pytest.raises(psycopg.errors.UniqueViolation):
            insert_track(connection, far)
