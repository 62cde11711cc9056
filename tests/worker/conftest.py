"""What a worker does before it takes its first report."""

from __future__ import annotations

import pytest

from rules.warm_up import warm_up


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """Compile the rules, as a worker does at its start, so that no test waits for the compiler."""
    warm_up()
