"""The whole path: terminals over TCP, gateway, broker, worker, database, desk, everything on this machine.

An open load of 0x0200 reports at a fixed rate through two thousand connections; each vehicle speeds in six
of 400 reports, so alerts come all the time. Measured: reports acknowledged and stored a second, and
the time from a report's sending to its alert on the operators' stream. Baseline: a bare binary COPY into the
same database in the same minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import threading
import time
import urllib.request
from datetime import UTC, datetime
from typing import Any

import uvloop

from benchmarks import sink
from benchmarks.fleet_load import FleetLoad
from benchmarks.whole_centre import WholeCentre, whole_centre

VEHICLES = 2_000
REPORTS_PER_S = int(os.environ.get("BENCHMARK_REPORTS_PER_S", "5000"))
WARM_UP_S, SECONDS = 5.0, 30.0


def run() -> dict[str, object]:
    """One run at a fixed rate; latencies over all alerts of it."""
    with whole_centre() as centre:
        load = FleetLoad(VEHICLES)
        codes = centre.register(load.registry_csv())
        load.prepare(int(REPORTS_PER_S * (WARM_UP_S + SECONDS)))
        centre.start()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = runner.run(_drive(load, centre, codes))
        flush_s, copy_s = asyncio.run(sink.measure(centre.dsn))
    baseline = sink.BATCH_ROWS / statistics.median(copy_s)
    return {
        **result,
        "baseline": "bare binary COPY",
        "baseline_rows_per_s": baseline,
        "ratio": float(str(result["stored_per_s"])) / baseline,
        "flush_rows_per_s": sink.BATCH_ROWS / statistics.median(flush_s),
        "vehicles": VEHICLES,
        "offered_per_s": REPORTS_PER_S,
    }


async def _drive(load: FleetLoad, centre: WholeCentre, codes: dict[str, str]) -> dict[str, object]:
    await load.connect(centre.gateway_port, codes)
    arrivals: list[tuple[float, dict[str, Any]]] = []
    # A daemon, because the stream ends only with the desk.
    threading.Thread(target=_listen, args=(centre.desk_port, arrivals), daemon=True).start()
    await load.drive(REPORTS_PER_S, WARM_UP_S)
    load.answers = 0
    stored = centre.stored()
    first = len(arrivals)
    sent, elapsed_s = await load.drive(REPORTS_PER_S, SECONDS)
    stored_per_s = (centre.stored() - stored) / elapsed_s
    acknowledged = load.answers / elapsed_s
    await asyncio.sleep(2.0)
    latencies_s = sorted(_latency_s(load, arrived_s, alert) for arrived_s, alert in arrivals[first:])
    load.close()
    return {
        "sent_per_s": sent / elapsed_s,
        "acknowledged_per_s": acknowledged,
        "stored_per_s": stored_per_s,
        "alerts": len(latencies_s),
        "alert_latency_ms_p50": 1000 * latencies_s[len(latencies_s) // 2],
        "alert_latency_ms_p99": 1000 * latencies_s[len(latencies_s) * 99 // 100],
        "alert_latency_ms_max": 1000 * latencies_s[-1],
    }


def _listen(port: int, arrivals: list[tuple[float, dict[str, Any]]]) -> None:
    """Collect opened alerts from the operators' stream, until the desk ends."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/stream", timeout=60) as stream:
        kind = ""
        for line in stream:
            if line.startswith(b"event: "):
                kind = line[7:].strip().decode()
            elif line.startswith(b"data: ") and kind == "alert":
                alert = json.loads(line[6:])
                if alert["kind"] == "open":
                    arrivals.append((time.time(), alert))


def _latency_s(load: FleetLoad, arrived_s: float, alert: dict[str, Any]) -> float:
    """From the sending of the report that made the alert to its arrival."""
    vehicle = load.vehicles[int(alert["vehicle_id"][1:])]
    found = datetime.fromisoformat(alert["found"]).astimezone(UTC)
    return arrived_s - vehicle.sent_s[found]
