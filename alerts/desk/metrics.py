"""What the desk counts, for Prometheus; one registry an app, so that two apps in a process don't mix."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

LATENCY_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
REQUEST_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class BulkHistogram(Collector):
    """A histogram that takes an array at once: thousands of reports a second are observed in one call."""

    def __init__(self, name: str, text: str, buckets: tuple[float, ...]) -> None:
        self._name, self._text, self._buckets = name, text, buckets
        self._counts = np.zeros(len(buckets) + 1, np.int64)
        self._sum = 0.0

    def observe(self, values: NDArray[np.float64]) -> None:
        """Count `values`, in the unit of the buckets."""
        places = np.searchsorted(self._buckets, values, side="left")
        self._counts += np.bincount(places, minlength=len(self._counts))
        self._sum += float(values.sum())

    def collect(self) -> list[HistogramMetricFamily]:
        """The family in Prometheus' cumulative form."""
        edges = [*map(str, self._buckets), "+Inf"]
        cumulative = np.cumsum(self._counts).tolist()
        family = HistogramMetricFamily(self._name, self._text)
        family.add_metric([], buckets=list(zip(edges, cumulative, strict=True)), sum_value=self._sum)
        return [family]


class Metrics:
    """Every metric of the desk."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.stream_clients = Gauge("haulwatch_desk_stream_clients", "Open live streams", registry=registry)
        self.slow_clients = Gauge(
            "haulwatch_desk_slow_clients_closed",
            "Streams closed because they read too slowly",
            registry=registry,
        )
        self.alert_changes = Counter(
            "haulwatch_desk_alert_changes", "Alert changes sent to the streams", ["kind"], registry=registry
        )
        self.alert_delay = Histogram(
            "haulwatch_desk_alert_delay_seconds",
            "From an alert change being stored to it being sent to the streams",
            buckets=LATENCY_BUCKETS_S,
            registry=registry,
        )
        self.positions = Gauge(
            "haulwatch_desk_positions", "Vehicles with a known position", registry=registry
        )
        self.reports = Counter(
            "haulwatch_desk_reports", "Live reports read from the broker", registry=registry
        )
        self.refused_blocks = Counter(
            "haulwatch_desk_refused_blocks", "Blocks that could not be read", registry=registry
        )
        self.lag = Gauge(
            "haulwatch_desk_positions_lag_records", "Blocks on the broker not read yet", registry=registry
        )
        self.latency = BulkHistogram(
            "haulwatch_desk_socket_to_stream_seconds",
            "From a report's receipt at the gateway's socket to its position being sent to the streams",
            LATENCY_BUCKETS_S,
        )
        registry.register(self.latency)
        self.requests = Histogram(
            "haulwatch_desk_request_seconds",
            "Duration of HTTP requests; live streams are not counted",
            ["method", "path", "status"],
            buckets=REQUEST_BUCKETS_S,
            registry=registry,
        )
        self.commands = Counter(
            "haulwatch_desk_commands", "Commands that operators gave", ["kind"], registry=registry
        )
        self.acknowledged = Counter(
            "haulwatch_desk_acknowledgements", "Alerts acknowledged", registry=registry
        )
