"""The product's gateway with a registry that knows nobody, so that a benchmark needs no database.

Run as a process: port as its argument, the rest from the environment (`gateway.admit_unknown` must be on).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from alerts.registry import Terminal
from stream import gateway
from stream.gateway import service
from stream.settings import load_settings


async def _nobody(_self: object, _phones: Sequence[str]) -> Mapping[str, Terminal]:
    return {}


if __name__ == "__main__":
    service._Registry.find = _nobody  # type: ignore[method-assign]
    settings = load_settings(None)
    settings = replace(settings, gateway=replace(settings.gateway, port=int(sys.argv[1])))
    sys.exit(gateway.run(settings))
