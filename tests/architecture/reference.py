"""The reference of metrics, read from the code; `python -m tests.architecture.reference` prints it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("alerts", "stream", "simulators", "rules", "geo")

_HEAD = """# Metrics

Written by `make docs`; a test keeps it in step with the code. Each role serves Prometheus metrics: gateway
and worker on their own ports (`gateway.metrics_port`, `worker.metrics_port`), the desk at `/metrics`. A
counter's name ends in `_total` on the wire; a histogram has `_bucket`, `_sum` and `_count`.

| metric | kind | labels | meaning |
|---|---|---|---|
"""


@dataclass(frozen=True, order=True)
class Metric:
    """One metric as the code declares it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def product_modules() -> Iterator[Path]:
    """All modules of the product."""
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def metrics() -> list[Metric]:
    """Calls whose first argument is a metric's name and whose second is its meaning."""
    return sorted(
        found
        for path in product_modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and (found := _metric(node)) is not None
    )


def document() -> str:
    """The text of docs/metrics.md."""
    rows = [
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.meaning} |\n"
        for one in metrics()
    ]
    return _HEAD + "".join(rows)


def _metric(call: ast.Call) -> Metric | None:
    texts = [argument.value for argument in call.args[:2] if isinstance(argument, ast.Constant)]
    if len(texts) < 2 or not all(isinstance(text, str) for text in texts):
        return None
    name, meaning = str(texts[0]), str(texts[1])
    if not name.startswith("haulwatch_"):
        return None
    made_by = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    kind = next((kind for kind in ("Counter", "Gauge", "Histogram") if made_by.endswith(kind)), made_by)
    return Metric(name, kind.lower(), _labels(call), meaning)


def _labels(call: ast.Call) -> tuple[str, ...]:
    given = [*call.args[2:3], *(word.value for word in call.keywords if word.arg == "labelnames")]
    for node in given:
        if isinstance(node, ast.List | ast.Tuple):
            return tuple(str(item.value) for item in node.elts if isinstance(item, ast.Constant))
    return ()


if __name__ == "__main__":
    print(document(), end="")
