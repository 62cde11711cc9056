"""The exchange's Prometheus metrics."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

LINK_UP = Gauge("haulwatch_exchange_link_up", "Whether a link is logged in: main, sub", ["link", "which"])
MESSAGES = Counter(
    "haulwatch_exchange_messages", "Messages but positions", ["link", "direction", "message_type"]
)
POSITIONS_IN = Counter("haulwatch_exchange_positions_received", "Positions taken in", ["link"])
POSITIONS_REFUSED = Counter(
    "haulwatch_exchange_positions_refused", "Positions that are not taken in", ["link", "reason"]
)
POSITIONS_OUT = Counter("haulwatch_exchange_positions_sent", "Positions written", ["link", "kind"])
CONFIRMED = Counter(
    "haulwatch_exchange_positions_confirmed", "Positions that are known to have reached the peer", ["link"]
)
ALERTS_OUT = Counter("haulwatch_exchange_alerts_sent", "Alerts told to the peer", ["link"])
LOGINS = Counter("haulwatch_exchange_logins", "Logins by their result", ["link", "result"])
BREAKS = Counter("haulwatch_exchange_link_breaks", "Links that ended", ["link", "which", "reason"])
FAULTS = Counter("haulwatch_exchange_faults", "Frames and messages that could not be read", ["link", "kind"])
REWINDS = Counter(
    "haulwatch_exchange_rewinds", "Times that unconfirmed positions were read from the log again", ["link"]
)
PENDING = Gauge("haulwatch_exchange_pending_reports", "Positions received and not yet durable")
LAG = Gauge("haulwatch_exchange_lag_records", "Blocks of the log that a link has still to be sent", ["link"])
LOST = Counter(
    "haulwatch_exchange_expired_records", "Blocks that the broker had deleted before their turn",
    ["link"],
)  # fmt: skip
