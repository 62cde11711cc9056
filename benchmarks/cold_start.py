"""A cold start with 50,000 vehicles: from no role running until all of them are in hand again.

The fleet's state is in the database, as after any stop. Timed from the start of the processes: until gateway
and desk listen, until the desk shows every vehicle's position, and until a report sent to the gateway is
judged and stored. Baseline: the same with one vehicle.
"""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from datetime import UTC, datetime

import numpy as np
from aiokafka import AIOKafkaProducer

from benchmarks.fleet_load import FleetLoad
from benchmarks.whole_centre import PARTITIONS, WholeCentre, wait_until, whole_centre
from rules.blocks import encode_block
from rules.identity import partitions_of, vehicle_key
from stream.topics import TELEMETRY

VEHICLES = 50_000
_BLOCK_ROWS = 2_000


def run() -> dict[str, object]:
    """Seconds to each state, for the fleet and for one vehicle."""
    fleet, alone = _seconds(VEHICLES), _seconds(1)
    return {
        "vehicles": VEHICLES,
        **fleet,
        "baseline": "one vehicle",
        **{f"baseline_{name}": value for name, value in alone.items()},
        "ratio": fleet["judging_s"] / alone["judging_s"],
    }


def _seconds(vehicles: int) -> dict[str, float]:
    with whole_centre() as centre:
        load = FleetLoad(vehicles)
        codes = centre.register(load.registry_csv())
        centre.start()
        asyncio.run(_publish(centre.bootstrap_servers, [f"B{one.number}" for one in load.vehicles]))
        wait_until(lambda: centre.stored() == 2 * vehicles, "the fleet's reports are stored")
        centre.stop()
        began_s = time.perf_counter()
        centre.start()
        listening_s = time.perf_counter() - began_s
        wait_until(lambda: _shown(centre) == vehicles, "the desk shows all vehicles")
        shown_s = time.perf_counter() - began_s
        load.vehicles = load.vehicles[:1]
        asyncio.run(_report(load, centre, codes))
        wait_until(lambda: centre.stored() > 2 * vehicles, "a new report is stored")
        judging_s = time.perf_counter() - began_s
    return {"listening_s": listening_s, "shown_s": shown_s, "judging_s": judging_s}


async def _publish(bootstrap_servers: str, vehicle_ids: list[str]) -> None:
    """Two reports of each vehicle, a minute apart and two hours old, straight to the log."""
    keys = np.array([vehicle_key(name) for name in vehicle_ids])
    home = partitions_of(keys, PARTITIONS)
    first_ms = int(datetime.now(UTC).timestamp() * 1000) - 3 * 3_600_000
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
    await producer.start()
    try:
        for time_ms in (first_ms, first_ms + 60_000):
            for partition in range(PARTITIONS):
                mine = np.flatnonzero(home == partition)
                for some in np.array_split(mine, max(1, len(mine) // _BLOCK_ROWS)):
                    if len(some):
                        block = _block(keys[some], [vehicle_ids[one] for one in some], time_ms)
                        await producer.send_andwait_until(TELEMETRY, block, partition=partition)
    finally:
        await producer.stop()


def _block(keys: np.ndarray, vehicle_ids: list[str], time_ms: int) -> bytes:
    count = len(keys)
    return encode_block(
        {
            "vehicle_key": keys,
            "vehicle_id": vehicle_ids,
            "vehicle_class": np.ones(count, np.uint8),
            "driver_id": [""] * count,
            "time": np.full(count, time_ms),
            "received": np.full(count, time_ms + 500),
            "longitude_deg": 117 + (keys % 400_000) / 1e5,
            "latitude_deg": np.full(count, 32.5),
            "speed_kmh": np.full(count, 60.0),
            "heading_deg": np.zeros(count, np.uint16),
            "altitude_m": np.zeros(count, np.int16),
            "alarm_bits": np.zeros(count, np.uint32),
            "status_bits": np.full(count, 3, np.uint32),
            "source": np.zeros(count, np.uint8),
            "serial": np.zeros(count, np.uint16),
            "items": [b""] * count,
        }
    )


async def _report(load: FleetLoad, centre: WholeCentre, codes: dict[str, str]) -> None:
    await load.connect(centre.gateway_port, codes)
    load.vehicles[0].report()
    await load.answered()
    load.close()


def _shown(centre: WholeCentre) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{centre.desk_port}/api/positions", timeout=60) as answer:
        positions = json.load(answer)
    return len(positions["positions"])
