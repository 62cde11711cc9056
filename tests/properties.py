"""How hard the property tests of the rules and the map try."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(os.environ.get("HAULWATCH_EXAMPLES", "200"))

PROPERTY = settings(
    deadline=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""Every property in tests/rules and tests/geo has it: 200 examples, 10,000 with `make nightly`."""
