"""The embedded default: a real PostgreSQL and a real Kafka-protocol broker as child processes of this one."""

from stream.embedded.broker import EmbeddedBroker
from stream.embedded.postgres import EmbeddedPostgres

__all__ = ["EmbeddedBroker", "EmbeddedPostgres"]
