"""Kernels are compiled before the first test, for no property test waits a second for its first example."""

import pytest

from stream.jt809.warm_up import warm_up


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    warm_up()
