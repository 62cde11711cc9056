"""`python -m benchmarks STAGE --json`: one stage's rates, and their ratio to a baseline of the same run."""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys

STAGES = {
    "decode": "JT/T 808 frames to columns, against a plain Python struct loop",
    "rules": "reports through all rules, against the plain per-report oracle of the tests",
    "history": "days of vehicles looked at again, by one process and two; late reports against none",
    "roads": "positions matched to roads, against the nearest line of a shapely.STRtree alone",
    "sizes": "bytes a report takes in the log, on the disk and in a worker, against its numbers alone",
    "sink": "rows through a whole flush transaction, against a bare binary COPY",
    "gateway": "position reports to their durable answers, against a bare uvloop echo",
    "slow_peers": "healthy terminals' answers beside thousands of slow peers, against without them",
    "cold_start": "the whole centre from nothing running to 50,000 vehicles in hand, against one vehicle",
    "soak": "memory of every role under an hour's steady load, against that after a quarter of it",
    "pipeline": "terminals to alerts through every real part, against a bare binary COPY",
}


def main() -> int:
    """Run one stage and print what it measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    stages = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for name, text in STAGES.items():
        stage = stages.add_parser(name, help=text, description=text)
        stage.add_argument("--json", action="store_true", help="print one JSON object on one line")
    parsed = parser.parse_args()
    measured = importlib.import_module(f"benchmarks.{parsed.stage}").run()
    measured = {"stage": parsed.stage, "python": platform.python_version(), **measured}
    if parsed.json:
        print(json.dumps(measured))
    else:
        width = max(map(len, measured))
        for name, value in measured.items():
            print(f"{name:<{width}}  {_readable(value)}")
    return 0


def _readable(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
