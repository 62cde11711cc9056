"""Speeding: over the lowest limit that applies, for at least the time that counts."""

from __future__ import annotations

import numpy as np

from rules.batch import Batch
from rules.columns import Columns
from rules.finding import Finding
from rules.lane import every_report
from rules.limits import limits
from rules.rulebook import Rulebook
from rules.run_table import Watch
from rules.speed_runs import Over
from rules.speed_runs import step as step_runs
from rules.vehicles import Vehicles

RULE = "speeding"


def watch(rulebook: Rulebook, vehicles: Vehicles, table: Columns) -> Watch:
    """The rule over its table of runs; a vehicle is its own, nameless subject."""
    return Watch(RULE, rulebook, vehicles, table, lambda subject: ("", {}))


def step(watching: Watch, batch: Batch) -> list[Finding]:
    """Take the reports of a batch; tell which episodes opened, changed and closed."""
    limit_kmh, source = limits(watching.rulebook, batch.reports)
    speed_kmh = batch.reports.speed_kmh
    at = (speed_kmh > limit_kmh).nonzero()[0]
    over = Over(at, np.zeros(len(at), np.int64), speed_kmh[at], limit_kmh[at], source[at])
    return step_runs(watching, every_report(batch), over)
