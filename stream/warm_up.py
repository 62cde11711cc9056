"""`python -m stream.warm_up`: compile every kernel now, so that no role does it when it starts.

The machine code is kept beside the sources. Without this the first start of a role takes a minute.
"""

import time

from geo import road_match
from rules import warm_up as rules
from stream.gateway import warm_up as gateway
from stream.jt809 import warm_up as jt809


def warm_up() -> None:
    """All kernels of the program."""
    for part in (road_match, rules, gateway, jt809):
        part.warm_up()


if __name__ == "__main__":
    begun_s = time.monotonic()
    warm_up()
    print(f"kernels are compiled ({time.monotonic() - begun_s:.0f} s)")
