"""The worker's Prometheus metrics."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_FAST_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)

BLOCKS = Counter("haulwatch_worker_blocks", "Blocks taken from the log")
BLOCK_ROWS = Histogram(
    "haulwatch_worker_block_rows", "Reports a block", buckets=(1, 5, 10, 50, 100, 500, 1000, 2000, 5000)
)
REPORTS = Counter("haulwatch_worker_reports", "Reports evaluated, by disposition", ["disposition"])
IMPOSSIBLE = Counter("haulwatch_worker_impossible_reports", "Reports set aside as impossible", ["reason"])
ZONES_IGNORED = Counter(
    "haulwatch_worker_zones_ignored", "Zones not watched because a vehicle was in too many at once"
)
TRACKS = Counter("haulwatch_worker_tracks", "Track rows written")
DOUBLED = Counter("haulwatch_worker_doubled_tracks", "Repeated reports recognised and not stored again")
DEAD_LETTERS = Counter("haulwatch_worker_dead_letters", "Records that could not be read and were set aside")
ALERT_REVISIONS = Counter("haulwatch_worker_alert_revisions", "Alert changes written", ["rule", "kind"])
WARNINGS = Counter("haulwatch_worker_driver_warnings", "Warnings sent on their way to drivers")
SAFETY_ALARMS = Counter("haulwatch_worker_safety_alarms", "Raw alarms of active-safety terminals written")
FILE_ORDERS = Counter("haulwatch_worker_file_orders", "Terminals asked for the files of an alarm (0x9208)")
LATE_REPORTS = Counter("haulwatch_worker_late_reports", "Late reports that alerts were looked at again for")
LATE_S = Histogram("haulwatch_worker_late_seconds", "Time of evaluating late reports", buckets=_FAST_S)
HISTORY_WINDOWS = Counter("haulwatch_worker_history_windows", "Vehicles whose track was looked at again")
HISTORY_CHANGES = Counter("haulwatch_worker_history_changes", "Retrospective findings filed")
DRIVER_LOOKS = Counter("haulwatch_worker_driver_looks", "Looks at the hours of drivers in several partitions")
DRIVER_CHANGES = Counter("haulwatch_worker_driver_changes", "Alert changes that looks at drivers' hours told")
DRIVER_LOOK_S = Histogram(
    "haulwatch_worker_driver_look_seconds", "Time of a look at a driver's hours", buckets=_FAST_S
)
RULEBOOKS = Counter("haulwatch_worker_rulebooks", "Rulebooks that partitions went over to")
RULE_S = Histogram("haulwatch_worker_rule_seconds", "Time of the rules for one round", buckets=_FAST_S)
FLUSH_S = Histogram("haulwatch_worker_flush_seconds", "Time of one flush transaction", buckets=_FAST_S)
FLUSH_RETRIES = Counter("haulwatch_worker_flush_retries", "Flushes tried again because the database was away")
STORED_S = Histogram(
    "haulwatch_worker_socket_to_store_seconds",
    "From a report's arrival at the gateway to its commit, the oldest of each round",
    buckets=(*_FAST_S, 10, 30, 60, 600),
)
LAG_RECORDS = Gauge("haulwatch_worker_lag_records", "Records in the log not yet taken", ["partition"])
PARTITIONS = Gauge("haulwatch_worker_partitions", "Partitions this worker holds")
SEEKS = Counter("haulwatch_worker_seeks", "Times the log was sought again because a record was missing")
