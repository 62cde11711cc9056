"""What every stage of the start needs."""

from dataclasses import dataclass

from stream.up.console import Console
from stream.up.plan import Plan
from stream.up.supervisor import Supervisor


@dataclass(frozen=True)
class Launch:
    """One `haulwatch up`: what it is to use, who holds its children, where it prints."""

    plan: Plan
    supervisor: Supervisor
    console: Console
