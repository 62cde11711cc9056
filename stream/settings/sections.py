"""The sections of the settings. A field's default and documentation stand here and nowhere else."""

from dataclasses import dataclass, field
from pathlib import Path

from stream.settings.fields import setting, tcp_port


@dataclass(frozen=True)
class BrokerSettings:
    """The Kafka-protocol broker that carries the topics."""

    bootstrap_servers: str = setting(
        "127.0.0.1:19092", "Addresses of the broker, host:port, separated by commas."
    )
    telemetry_partitions: int = setting(
        12, "Partitions of the topic `telemetry`; as many workers can share it.", at_least=1, at_most=4096
    )
    alerts_partitions: int = setting(3, "Partitions of the topic `alerts`.", at_least=1, at_most=4096)
    commands_partitions: int = setting(3, "Partitions of the topic `commands`.", at_least=1, at_most=4096)
    messages_partitions: int = setting(3, "Partitions of the topic `messages`.", at_least=1, at_most=4096)
    frames_partitions: int = setting(3, "Partitions of the topic `frames`.", at_least=1, at_most=4096)
    replication_factor: int = setting(
        1, "Copies of each partition when topics are made; 3 on a cluster of brokers.", at_least=1, at_most=32
    )


@dataclass(frozen=True)
class DatabaseSettings:
    """PostgreSQL, with or without TimescaleDB."""

    dsn: str = setting(
        "postgresql://postgres@127.0.0.1:15432/haulwatch", "Connection string of the database."
    )


@dataclass(frozen=True)
class GatewaySettings:
    """The JT/T 808 server that terminals connect to."""

    host: str = setting("0.0.0.0", "Address to listen on for terminals.")
    port: int = tcp_port(8808, "TCP port for terminals.")
    metrics_host: str = setting("127.0.0.1", "Address of the Prometheus metrics.")
    metrics_port: int = tcp_port(9101, "Port of the Prometheus metrics.")
    admit_unknown: bool = setting(
        False, "Admit terminals that are not in the registry, for trials; otherwise they are refused."
    )
    check_plate: bool = setting(
        False, "Refuse a registration whose plate is not the registry's; otherwise it is only counted."
    )
    block_rows: int = setting(2_000, "Reports that fill a block.", at_least=1, at_most=10_000)
    block_linger_ms: int = setting(
        50, "Longest a report waits for its block to fill, in milliseconds.", at_least=0, at_most=10_000
    )
    max_pending_reports: int = setting(
        200_000,
        "Reports that may wait for the broker; then terminals are no longer read. About 300 bytes each.",
        at_least=1_000,
    )
    idle_s: float = setting(180.0, "Silence after which a connection is closed, in seconds.", at_least=1)
    udp_port: int = setting(0, "UDP port for terminals; 0: none.", at_least=0, at_most=65535)
    tls_port: int = setting(0, "TCP port for terminals that speak TLS; 0: none.", at_least=0, at_most=65535)
    tls_certificate: Path | None = setting(None, "Certificate chain of the TLS port (PEM).")
    tls_key: Path | None = setting(
        None, "Private key of the TLS port (PEM); empty: it stands with the certificate."
    )
    proxy_trusted: str = setting(
        "",
        "Networks of load balancers, separated by commas, whose TCP connections begin with a PROXY protocol "
        "v2 header; empty: none. From anyone else such a header ends the connection.",
    )
    local_time: bool = setting(
        False, "Answer 0x0004 in GMT+8 like all other times, not in UTC as the text of 0x8004 says."
    )
    command_timeout_s: float = setting(
        10.0,
        "Seconds a terminal has to acknowledge a command; after each repetition more, as JT/T 808 says.",
        at_least=0.1,
        at_most=600,
    )
    command_repetitions: int = setting(
        3, "Repetitions of a command that a terminal does not acknowledge.", at_least=0, at_most=10
    )
    assembly_mib: int = setting(
        64, "Memory that unfinished pictures and clips of all terminals share, in MiB.", at_least=1
    )


@dataclass(frozen=True)
class WorkerSettings:
    """The stream processor: rules, tracks, alerts, checkpoints."""

    metrics_host: str = setting("127.0.0.1", "Address of the Prometheus metrics.")
    metrics_port: int = tcp_port(9102, "Port of the Prometheus metrics.")
    group: str = setting("haulwatch-worker", "Consumer group; workers of one group share the partitions.")
    session_timeout_s: float = setting(
        6.0, "Silence after which the broker gives a worker's partitions to another.", at_least=1
    )
    rebalance_timeout_s: float = setting(3.0, "Time workers have to rejoin at a rebalance.", at_least=1)
    snapshot_interval_s: float = setting(
        5.0, "Time between snapshots of a partition's state; what a restart reads again.", at_least=0.1
    )
    warn_drivers: bool = setting(True, "Speak a sentence to the driver when an alert begins (0x8300).")
    stall_s: float = setting(
        60.0, "Records waiting this long without progress end the worker, to be started anew.", at_least=5
    )


@dataclass(frozen=True)
class EvidenceSettings:
    """Evidence files of alarms, and what terminals said: taken, kept, and deleted when the law allows it."""

    host: str = setting("0.0.0.0", "Address to listen on for terminals that bring files.")
    port: int = tcp_port(8809, "TCP port for terminals that bring files.")
    public_address: str = setting(
        "", "Address of this server as terminals reach it, told in 0x9208; empty: no files are asked for."
    )
    public_port: int = setting(
        0,
        "TCP port as terminals reach it, told in 0x9208; 0: that of evidence.port.",
        at_least=0,
        at_most=65535,
    )
    metrics_host: str = setting("127.0.0.1", "Address of the Prometheus metrics.")
    metrics_port: int = tcp_port(9103, "Port of the Prometheus metrics.")
    data_dir: Path | None = setting(
        None,
        "Folder of files on their way, of refused ones and, without a store, of evidence itself; empty: "
        "/var/lib/haulwatch/evidence for root, $XDG_DATA_HOME/haulwatch/evidence for others.",
    )
    store: str = setting("", "S3-compatible store, s3://BUCKET/PREFIX; empty: the data folder.")
    s3_endpoint: str = setting(
        "",
        "Address of the S3-compatible server, https://...; empty: Amazon's. Keys: AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY in the environment.",
    )
    s3_region: str = setting("", "Region of the S3-compatible store; empty: us-east-1.")
    max_file_mib: int = setting(64, "Largest file, in MiB.", at_least=1, at_most=2048)
    max_alarm_files: int = setting(32, "Files of one alarm.", at_least=1, at_most=255)
    max_alarm_mib: int = setting(256, "All files of one alarm, in MiB.", at_least=1, at_most=65536)
    max_connection_mib: int = setting(512, "Bytes of one connection, in MiB.", at_least=1, at_most=65536)
    max_connections: int = setting(2_000, "Connections at once.", at_least=1, at_most=100_000)
    max_open_files: int = setting(4_000, "Files that are being written at once.", at_least=1, at_most=100_000)
    max_unlinked_files: int = setting(
        200, "Files a vehicle may announce in a day for alarms that nobody knows.", at_least=0
    )
    idle_s: float = setting(120.0, "Silence after which a connection is closed, in seconds.", at_least=1)
    dynamic_days: int = setting(
        190,
        "Days that terminals' messages and files without an alarm are kept; the law asks for six months.",
        at_least=184,
    )
    violation_days: int = setting(
        1100,
        "Days that alarms, their files and archived frames are kept; the law asks for three years.",
        at_least=1096,
    )


@dataclass(frozen=True)
class ExchangeSettings:
    """The JT/T 809 links to other platforms, above and below."""

    links: Path | None = setting(None, "File of links (TOML), see docs/exchange.md; empty: no links.")
    metrics_host: str = setting("127.0.0.1", "Address of the Prometheus metrics.")
    metrics_port: int = tcp_port(9104, "Port of the Prometheus metrics.")
    block_rows: int = setting(2_000, "Positions that fill a block.", at_least=1, at_most=10_000)
    block_linger_ms: int = setting(
        50, "Longest a position waits for its block to fill, in milliseconds.", at_least=0, at_most=10_000
    )
    max_pending_reports: int = setting(
        200_000,
        "Positions that may wait for the broker; then links are no longer read. About 300 bytes each.",
        at_least=1_000,
    )
    keep_days: int = setting(
        1100, "Days for which messages of the links are kept; three years by law.", at_least=1
    )


@dataclass(frozen=True)
class DeskSettings:
    """The operators' HTTP API, live stream and page."""

    host: str = setting("127.0.0.1", "Address to listen on for browsers and API clients.")
    port: int = tcp_port(8080, "TCP port for browsers and API clients; also serves /metrics.")
    tile_url: str = setting(
        "", "Address template of a raster tile server with {z}/{x}/{y}; empty: the built-in outlines alone."
    )
    console_dir: Path | None = setting(None, "Folder of the built page; empty: console/dist of the checkout.")


@dataclass(frozen=True)
class RulesSettings:
    """What is judged: the rulebook and the zones."""

    rulebook: Path | None = setting(None, "Rulebook file (TOML); empty: the built-in one.")
    zones: Path | None = setting(None, "Zones file (GeoJSON); empty: none, or those of the fleet of `up`.")
    roads: Path | None = setting(
        None, "Roads: a table of `haulwatch roads import`, or GeoJSON or OpenStreetMap; empty: none."
    )


@dataclass(frozen=True)
class SimulateSettings:
    """The simulated fleet of terminals."""

    host: str = setting("127.0.0.1", "Address of the JT/T 808 server to connect to.")
    port: int = tcp_port(8808, "TCP port of the JT/T 808 server to connect to.")
    vehicles: int = setting(300, "Vehicles in the fleet.", at_least=1, at_most=1_000_000)
    speedup: float = setting(1.0, "Simulated seconds in one real second.", at_least=0.01, at_most=10_000)
    seed: int = setting(1, "Seed of the fleet: the same seed drives the same routes.", at_least=0)
    interval_s: int = setting(10, "Seconds between two reports of a vehicle.", at_least=1, at_most=120)
    alarms_per_h: float = setting(
        0.5, "ADAS and DSM alarms with files, a vehicle and hour at speed.", at_least=0, at_most=60
    )
    state: Path | None = setting(
        None,
        "File that keeps where the vehicles are, so that the next run goes on from there; empty: none, "
        "or one of `up` in its data folder.",
    )


@dataclass(frozen=True)
class UpSettings:
    """Everything in one console, for one machine."""

    data_dir: Path | None = setting(
        None,
        "Folder of the database and the logs; empty: /var/lib/haulwatch/default for root, "
        "$XDG_DATA_HOME/haulwatch (~/.local/share/haulwatch) for others.",
    )
    simulate: bool = setting(True, "Start the simulated fleet too.")
    broker_memory_mib: int = setting(
        2048, "Memory at which the embedded broker, which forgets nothing, is started anew.", at_least=64
    )
    broker_records: int = setting(
        200_000,
        "Records of all partitions at which it is started anew: it reads past all of them at each fetch.",
        at_least=1_000,
    )


@dataclass(frozen=True)
class Settings:
    """All settings of one process."""

    broker: BrokerSettings = field(default_factory=BrokerSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    exchange: ExchangeSettings = field(default_factory=ExchangeSettings)
    desk: DeskSettings = field(default_factory=DeskSettings)
    rules: RulesSettings = field(default_factory=RulesSettings)
    simulate: SimulateSettings = field(default_factory=SimulateSettings)
    up: UpSettings = field(default_factory=UpSettings)
