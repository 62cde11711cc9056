"""An hour's soak: the whole centre under a steady load, and whether its memory is flat.

A tenth of a province's rate for `BENCHMARK_SOAK_S` seconds (3,600). Each role's private memory is looked at
every few seconds; told is what it had after a quarter of the time, when caches and pools are filled, at the
end, and the slope of a straight line through the last three quarters. Baseline: the memory at a quarter.
"""

from __future__ import annotations

import asyncio
import os
import time

import numpy as np
import uvloop

from benchmarks.fleet_load import FleetLoad
from benchmarks.whole_centre import ROLES, WholeCentre, wait_until, whole_centre

VEHICLES = 2_000
REPORTS_PER_S = int(os.environ.get("BENCHMARK_REPORTS_PER_S", "500"))
SECONDS = float(os.environ.get("BENCHMARK_SOAK_S", "3600"))
LOOKS = 240
#: The embedded broker reads past every record it ever carried at each fetch, so an hour of blocks of 50 ms is
#: beyond it (`stream.up.recycle` starts it anew in time); what is looked at here is our own memory.
FEW_RECORDS = {"HAULWATCH_GATEWAY_BLOCK_LINGER_MS": "500"}


def run() -> dict[str, object]:
    """Memory by role, in MB, and whether everything that was acknowledged is stored."""
    with whole_centre() as centre:
        load = FleetLoad(VEHICLES)
        codes = centre.register(load.registry_csv())
        centre.start(FEW_RECORDS)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            seen = runner.run(_soak(load, centre, codes))
        acknowledged = load.answers - VEHICLES
        wait_until(lambda: centre.stored() >= acknowledged, "all that was acknowledged is stored")
        result: dict[str, object] = {
            "seconds": SECONDS,
            "offered_per_s": REPORTS_PER_S,
            "acknowledged": acknowledged,
            "stored": centre.stored(),
        }
    for role in ROLES:
        result |= _slope(role, np.array([(at_s, memory[role]) for at_s, memory in seen]))
    return result


async def _soak(
    load: FleetLoad, centre: WholeCentre, codes: dict[str, str]
) -> list[tuple[float, dict[str, float]]]:
    await load.connect(centre.gateway_port, codes)
    began_s = time.perf_counter()
    seen = []
    for _ in range(LOOKS):
        await load.drive(REPORTS_PER_S, SECONDS / LOOKS)
        seen.append((time.perf_counter() - began_s, centre.private_mb()))
    await load.answered()
    load.close()
    return seen


def _slope(role: str, seen: np.ndarray) -> dict[str, object]:
    """A role's memory over time."""
    later = seen[len(seen) // 4 :]
    per_s = np.polyfit(later[:, 0], later[:, 1], 1)[0]
    return {
        f"{role}_mb_after_a_quarter": float(later[0, 1]),
        f"{role}_mb_at_the_end": float(np.median(later[-5:, 1])),
        f"{role}_mb_per_hour": float(per_s * 3600),
        f"{role}_ratio_to_a_quarter": float(np.median(later[-5:, 1]) / later[0, 1]),
    }
