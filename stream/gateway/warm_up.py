"""Compiling, or loading, all kernels of the gateway before anybody waits for an answer."""

from __future__ import annotations

from stream.gateway import kernels
from stream.jt808 import warm_up as codec


def warm_up() -> None:
    """Some seconds in a fresh installation, else a moment."""
    codec.warm_up()
    kernels.warm_up()
