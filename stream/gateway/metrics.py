"""The gateway's Prometheus metrics."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CONNECTIONS = Gauge("haulwatch_gateway_connections", "Open terminal connections")
SESSIONS = Gauge("haulwatch_gateway_authenticated_sessions", "Terminals that have authenticated")
FRAMES = Counter("haulwatch_gateway_frames", "Frames received")
FRAME_FAULTS = Counter("haulwatch_gateway_frame_faults", "Frames that could not be read", ["reason"])
MESSAGES = Counter("haulwatch_gateway_messages", "Messages received", ["message_id"])
REPORTS = Counter("haulwatch_gateway_reports", "Position reports received")
ACKNOWLEDGED = Counter(
    "haulwatch_gateway_acknowledged_reports", "Reports acknowledged after they were durable"
)
REFUSED = Counter("haulwatch_gateway_refused", "Messages refused", ["reason"])
CLOSED = Counter("haulwatch_gateway_closed", "Connections closed by the gateway", ["reason"])
PLATE_MISMATCHES = Counter(
    "haulwatch_gateway_plate_mismatches", "Registrations whose plate is not the registry's"
)
PENDING = Gauge("haulwatch_gateway_pending_reports", "Reports received and not yet durable")
BLOCK_ROWS = Histogram(
    "haulwatch_gateway_block_rows", "Reports a block", buckets=(1, 5, 10, 50, 100, 500, 1000, 2000, 5000)
)
PUBLISH_S = Histogram(
    "haulwatch_gateway_publish_seconds",
    "From handing a block to the broker to its acknowledgement",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30),
)
PUBLISH_RETRIES = Counter("haulwatch_gateway_publish_retries", "Blocks tried again, the broker was away")
COMMANDS = Counter(
    "haulwatch_gateway_commands", "Commands for terminals, by what became of them here", ["outcome"]
)
COMMANDS_UNFINISHED = Gauge(
    "haulwatch_gateway_unfinished_commands", "Unfinished commands that this gateway knows of"
)
PACKAGES = Counter(
    "haulwatch_gateway_packages",
    "Sub-packages: asked for again, sent again, given up",
    ["what"],
)
UNKNOWN_MESSAGES = Counter(
    "haulwatch_gateway_unknown_messages", "Messages kept raw because their id is not known"
)
PENDING_BYTES = Gauge(
    "haulwatch_gateway_pending_message_bytes", "Messages and raw frames received and not yet durable"
)
POOL_BYTES = Gauge("haulwatch_gateway_assembly_bytes", "Memory lent to unfinished big messages")
CARDS = Counter("haulwatch_gateway_driver_cards", "Drivers' cards told by terminals", ["what"])
SAFETY_ALARMS = Counter("haulwatch_gateway_safety_alarms", "Active-safety alarms inside reports")
ARCHIVED = Counter("haulwatch_gateway_archived_frames", "Raw frames kept for vehicles under an archive order")
ODDITIES = Counter("haulwatch_gateway_oddities", "Habits of terminals accepted though wrong", ["kind"])
DATAGRAMS = Counter("haulwatch_gateway_datagrams", "Datagrams, by what became of them", ["outcome"])
