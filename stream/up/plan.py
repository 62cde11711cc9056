"""What `haulwatch up` is about to use: one data folder and a handful of ports."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from stream.embedded.places import SYSTEM_DIR
from stream.embedded.ports import listen_problem
from stream.errors import OperatorError, ServiceError
from stream.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
PORTS_TRIED = 50
"""How far the search for a free port goes that an error line may propose."""


@dataclass(frozen=True)
class Endpoint:
    """A port that one part listens on, and the setting that says so (with the text before the number)."""

    part: str
    host: str
    port: int
    setting: str
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything `up` needs to know before it starts anything."""

    settings: Settings
    data_dir: Path
    database_port: int
    database_name: str
    broker_port: int

    @property
    def logs_dir(self) -> Path:
        return self.data_dir / "logs"

    def endpoints(self) -> list[Endpoint]:
        """The ports in the order in which they are opened."""
        settings = self.settings
        dsn = settings.database.dsn.rpartition(f":{self.database_port}")
        return [
            Endpoint("PostgreSQL", "127.0.0.1", self.database_port, "database.dsn", f"{dsn[0]}:", dsn[2]),
            Endpoint("broker", "127.0.0.1", self.broker_port, "broker.bootstrap_servers", "127.0.0.1:"),
            Endpoint("gateway", settings.gateway.host, settings.gateway.port, "gateway.port"),
            Endpoint(
                "gateway's metrics",
                settings.gateway.metrics_host,
                settings.gateway.metrics_port,
                "gateway.metrics_port",
            ),
            Endpoint(
                "worker's metrics",
                settings.worker.metrics_host,
                settings.worker.metrics_port,
                "worker.metrics_port",
            ),
            Endpoint("evidence server", settings.evidence.host, settings.evidence.port, "evidence.port"),
            Endpoint(
                "evidence server's metrics",
                settings.evidence.metrics_host,
                settings.evidence.metrics_port,
                "evidence.metrics_port",
            ),
            Endpoint("desk", settings.desk.host, settings.desk.port, "desk.port"),
            *self._exchange(),
        ]

    def _exchange(self) -> list[Endpoint]:
        """Without links there is no exchange; the ports of links are theirs to complain about."""
        section = self.settings.exchange
        if section.links is None:
            return []
        setting = "exchange.metrics_port"
        return [Endpoint("exchange's metrics", section.metrics_host, section.metrics_port, setting)]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the data folder against a second `haulwatch up`; the kernel lets go when this process ends.

        Raises:
            ServiceError: another one holds it, or the folder cannot be made.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.data_dir / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as fault:
            raise ServiceError(
                f"data folder {self.data_dir} cannot be used ({fault.strerror}); choose one with --data DIR"
            ) from None
        try:
            self._take(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise ServiceError(
                f"the data folder {self.data_dir} is in use by another haulwatch up (process {holder}); "
                "stop that one, or choose another folder with --data DIR"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def make_plan(settings: Settings) -> Plan:
    """Reads ports and folders out of the settings.

    Raises:
        OperatorError: the database or the broker of the settings is not on this machine's loopback.
    """
    database_port, database_name = _own_database(settings.database.dsn)
    address = settings.broker.bootstrap_servers
    host, _, port = address.partition(":")
    if host not in LOOPBACK or not port.isdigit():
        raise OperatorError(
            f"`up` starts its own broker, so broker.bootstrap_servers must be 127.0.0.1:PORT, not {address}; "
            "with a broker of your own start the roles one by one"
        )
    data_dir = settings.up.data_dir or default_data_dir()
    evidence = replace(settings.evidence, data_dir=settings.evidence.data_dir or data_dir / "evidence")
    return Plan(
        replace(settings, evidence=evidence),
        data_dir,
        database_port,
        database_name,
        int(port),
    )


def with_fleet(plan: Plan) -> Plan:
    """The plan with a fleet that connects to this gateway and brings its files; its zones, where none are
    given."""
    from simulators.zones import SHIPPED_ZONES

    settings = plan.settings
    reachable = _reachable(settings.gateway.host)
    evidence = settings.evidence
    state = settings.simulate.state or plan.data_dir / "fleet-state.json"
    changed = replace(
        settings,
        simulate=replace(settings.simulate, host=reachable, port=settings.gateway.port, state=state),
        rules=replace(settings.rules, zones=settings.rules.zones or SHIPPED_ZONES),
        evidence=replace(evidence, public_address=evidence.public_address or _reachable(evidence.host)),
    )
    return replace(plan, settings=changed)


def _reachable(host: str) -> str:
    """The address of a listener for others on this machine."""
    return "127.0.0.1" if host in ("0.0.0.0", "", "::") else host


def default_data_dir() -> Path:
    """A place that stays the same from day to day and that PostgreSQL's account can reach."""
    if os.geteuid() == 0:
        return SYSTEM_DIR / "default"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "haulwatch"


def check_ports(plan: Plan) -> None:
    """Tries every port before anything is started.

    Raises:
        ServiceError: one is in use; naming the part, the setting, and a port that is free.
        OperatorError: two parts are given the same one.
    """
    taken: dict[int, Endpoint] = {}
    for endpoint in plan.endpoints():
        first = taken.setdefault(endpoint.port, endpoint)
        if first is not endpoint:
            raise OperatorError(
                f"{first.setting} and {endpoint.setting} both say port {endpoint.port}; change one of them"
            )
        problem = listen_problem(endpoint.host, endpoint.port)
        if problem is not None:
            raise ServiceError(
                f"port {endpoint.port} for {endpoint.part} cannot be opened on {endpoint.host} ({problem}); "
                f"end what uses it or choose another: {_proposal(endpoint, set(taken))}"
            )


def _proposal(endpoint: Endpoint, avoid: set[int]) -> str:
    for port in range(endpoint.port + 1, min(endpoint.port + PORTS_TRIED, 65536)):
        if port not in avoid and listen_problem(endpoint.host, port) is None:
            return f"--set {endpoint.setting}={endpoint.prefix}{port}{endpoint.suffix}"
    return f"--set {endpoint.setting}=..."


def _own_database(dsn: str) -> tuple[int, str]:
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(dsn)
    except ProgrammingError as fault:
        raise OperatorError(f"database.dsn is not a connection string: {str(fault).strip()}") from None
    port, name = str(parts.get("port", "")), parts.get("dbname")
    local = parts.get("host") in LOOPBACK and parts.get("user") == "postgres"
    if not local or not port.isdigit() or not name:
        raise OperatorError(
            "`up` starts its own database: database.dsn must be postgresql://postgres@127.0.0.1:PORT/NAME; "
            "with a database of your own start the roles one by one"
        )
    return int(port), str(name)
