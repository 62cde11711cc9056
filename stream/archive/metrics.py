"""Prometheus metrics of the archive."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ROWS = Counter("haulwatch_evidence_archive_rows", "Rows written from the log", ["table"])
DEAD_LETTERS = Counter(
    "haulwatch_evidence_archive_dead_letters", "Records that could not be read and were set aside"
)
LAG_RECORDS = Gauge("haulwatch_evidence_archive_lag_records", "Records in the log not yet taken", ["topic"])
LEADER = Gauge("haulwatch_evidence_archive_leader", "1 while this process is the one that writes the archive")
WRITE_S = Histogram(
    "haulwatch_evidence_archive_write_seconds",
    "Time of one transaction",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
