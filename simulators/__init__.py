"""Fleets of simulated JT/T 808 terminals that know what really happened.

Nothing here imports ``rules`` or ``alerts``: what the system finds is compared with what was made to happen.
"""

from simulators.fleet import write_registry
from simulators.options import add_arguments
from simulators.zones import SHIPPED_ZONES

__all__ = ["SHIPPED_ZONES", "add_arguments", "run", "write_registry"]


def run(options: object) -> int:
    """Run the fleet, see `simulators.simulate`; imported late, so that asking for help stays quick."""
    from simulators import simulate

    return simulate.run(options)
