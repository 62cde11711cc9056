"""Pictures and parameter tables of docs/rules: `python -m tests.architecture.rule_pages` writes them.

The tables come from the rulebook; the pictures from `haulwatch replay` over the scenes.
"""

import io
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from alerts.rule_names import rule_name
from rules.rulebook import default_rulebook
from rules.rulebook_text import parameter_table
from stream import replay
from tests.architecture.reference import ROOT
from tests.architecture.rule_scenes import Row, Scene, clock, second_of
from tests.architecture.rule_scenes_more import SCENES

PAGES = ROOT / "docs" / "rules"
IMAGES = PAGES / "images"

_TABLE = re.compile(r"<!-- (parameters|rule|index)(?:: ([^>]*?))? -->\n.*?<!-- end -->", re.DOTALL)

_WIDTH, _LEFT, _RIGHT, _TOP, _PLOT, _LINE = 860, 44, 16, 16, 120, 22
_ROOM_FOR_TEXT = 330  # px; a bar that leaves less on both sides is written on
_COLOURS = {1: "#c62828", 2: "#ef6c00", 3: "#1565c0"}
_HEADER = (
    *("longitude_deg", "latitude_deg", "speed_kmh", "vehicle_class", "alarm_bits", "altitude_m"),
    *("recorder_speed_kmh", "items", "heading_deg", "received"),
)


def alerts_of(scene: Scene) -> list[dict[str, Any]]:
    """What replay prints for a scene, the rules it is about only."""
    rows = [",".join(("vehicle_id", "time", *_HEADER))]
    rows += [_csv(row) for row in scene.rows]
    with tempfile.TemporaryDirectory() as folder:
        track, zones = Path(folder) / "track.csv", Path(folder) / "zones.geojson"
        track.write_text("\n".join(rows) + "\n", encoding="utf-8")
        if scene.zones is not None:
            zones.write_text(json.dumps(scene.zones), encoding="utf-8")
        out, told = io.StringIO(), io.StringIO()
        code = replay.run(track, zones=zones if scene.zones is not None else None, stdout=out, stderr=told)
    assert (code, told.getvalue()) == (0, "")
    return [one for line in out.getvalue().splitlines() if (one := json.loads(line))["rule"] in scene.rules]


def _csv(row: Row) -> str:
    said = {"latitude_deg": 32.0, **row}
    if "received" in row:
        said["received"] = clock(int(str(row["received"])))
    return ",".join(("V", clock(int(str(row["second"]))), *(str(said.get(name, "")) for name in _HEADER)))


def picture(scene: Scene) -> str:
    """The speed over time, and below it a bar for each alert, as SVG."""
    alerts = alerts_of(scene)
    times = [int(str(row["second"])) for row in scene.rows]
    first, last = times[0], times[-1]
    top = max(float(str(row["speed_kmh"])) for row in scene.rows)
    height = _TOP + _PLOT + 24 + _LINE * len(alerts) + 8

    def x(second: float) -> float:
        return round(_LEFT + (second - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(speed: float) -> float:
        return round(_TOP + _PLOT - speed / (top * 1.1) * _PLOT, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for speed in (0, round(top)):
        parts.append(
            f'<line x1="{_LEFT}" y1="{y(speed)}" x2="{_WIDTH - _RIGHT}" y2="{y(speed)}" stroke="#dddddd"/>'
        )
        parts.append(f'<text x="{_LEFT - 6}" y="{y(speed) + 4}" text-anchor="end">{speed}</text>')
    for part in range(5):
        second = first + (last - first) * part / 4
        label = clock(round(second))[5 if last - first > 86_400 else 11 : 19].replace("T", " ")
        anchor = ("start", "middle", "middle", "middle", "end")[part]
        parts.append(f'<text x="{x(second)}" y="{_TOP + _PLOT + 16}" text-anchor="{anchor}">{label}</text>')
    points = " ".join(
        f"{x(second)},{y(float(str(row['speed_kmh'])))}"
        for second, row in zip(times, scene.rows, strict=True)
    )
    parts.append(f'<polyline points="{points}" fill="none" stroke="#37474f" stroke-width="1.5"/>')
    parts.append(f'<text x="{_LEFT}" y="{_TOP - 4}">km/h</text>')
    for number, alert in enumerate(alerts):
        parts += _bar(alert, _TOP + _PLOT + 30 + _LINE * number, x, last)
    return "\n".join([*parts, "</svg>", ""])


def _bar(alert: dict[str, Any], top: float, x: Any, last: int) -> list[str]:
    start, end = second_of(alert["start"]), last if alert["end"] is None else second_of(alert["end"])
    left, right = x(start), max(x(end), x(start) + 4)
    names = rule_name(alert["rule"])
    name = alert.get("alarm", "") and f" ({alert['alarm']})"
    open_end = "" if alert["end"] else " …"
    text = f"{alert['rule']}{name} · {names['zh']} · level {alert['level']}{open_end}"
    if _WIDTH - right >= _ROOM_FOR_TEXT:
        anchor, place, colour = "start", right + 6, "#000000"
    elif left >= _ROOM_FOR_TEXT:
        anchor, place, colour = "end", left - 6, "#000000"
    else:
        anchor, place, colour = "start", left + 6, "#ffffff"
    return [
        f'<rect x="{left}" y="{top}" width="{round(right - left, 1)}" height="15" rx="2" '
        f'fill="{_COLOURS[alert["level"]]}"/>',
        f'<text x="{round(place, 1)}" y="{top + 12}" text-anchor="{anchor}" fill="{colour}">{text}</text>',
    ]


def with_tables(text: str) -> str:
    """A page with its parameter tables as the rulebook has them, its rules and the index as the catalogue."""
    from tests.architecture.rule_texts import rule_index, rule_section

    def table(match: re.Match[str]) -> str:
        if match[1] == "parameters":
            lines = parameter_table(default_rulebook(), match[2].split())
        else:
            lines = rule_section(match[2], picture=False) if match[1] == "rule" else rule_index()
        return "\n".join([match[0].partition("\n")[0], *lines, "<!-- end -->"])

    return _TABLE.sub(table, text)


def main() -> None:
    """Write all of them."""
    from tests.architecture.rule_texts import write

    IMAGES.mkdir(exist_ok=True)
    for name, scene in SCENES.items():
        (IMAGES / f"{name}.svg").write_text(picture(scene()), encoding="utf-8")
    write()
    for page in sorted(PAGES.glob("*.md")):
        page.write_text(with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
