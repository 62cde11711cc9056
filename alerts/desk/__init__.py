"""The operators' desk: HTTP API, live stream and the page."""

from alerts.desk.app import create_app
from alerts.desk.server import run

__all__ = ["create_app", "run"]
