"""The attachment server's Prometheus metrics."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

LINKS = Gauge("haulwatch_evidence_links", "Connections of terminals that hand over files")
OPEN_FILES = Gauge("haulwatch_evidence_open_files", "Files that are being written")
RECEIVED = Counter("haulwatch_evidence_received_bytes", "Bytes taken from terminals")
FILES = Counter(
    "haulwatch_evidence_files", "Files that came to an end, by kind and result", ["kind", "result"]
)
FILE_BYTES = Counter("haulwatch_evidence_file_bytes", "Bytes of complete files")
FILE_S = Histogram(
    "haulwatch_evidence_file_seconds",
    "From the end of a file (0x1212) to its answer: check, hashes, store, row",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
RESENDS = Counter("haulwatch_evidence_resend_requests", "0x9212 that asked for missing ranges")
REFUSED = Counter("haulwatch_evidence_refused", "Links, lists and files not taken, by reason", ["reason"])
FAULTS = Counter(
    "haulwatch_evidence_protocol_faults", "Bytes that are not of the protocol, by kind", ["kind"]
)
DROPPED = Counter(
    "haulwatch_evidence_dropped_bytes", "Bytes of chunks that were not wanted, by reason", ["reason"]
)
STORE_FAULTS = Counter("haulwatch_evidence_store_faults", "Times disk, store or database were not to be had")
ORDERED_AGAIN = Counter("haulwatch_evidence_orders_again", "Alarms whose files were asked for again")
EXPIRED = Counter("haulwatch_evidence_expired", "Rows deleted because their time is over", ["table"])
OBJECTS_DELETED = Counter("haulwatch_evidence_objects_deleted", "Objects deleted that no row names any more")
