"""A rulebook for a person: explained entry by entry, compared with another, as a table for the documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone

from rules.catalogue import catalogue
from rules.exemption import Exemption
from rules.rulebook import Rulebook
from rules.threshold import Threshold, Value, Where

_SHANGHAI = timezone(timedelta(hours=8))

_PAGES = frozenset(one.page for one in catalogue().values())

_GRADES = {
    "A": "A: read in the text / 原文",
    "B": "B: read second hand / 转引",
    "C": "C: from memory / 记忆",
    "D": "D: own choice / 自定",
}


def value_text(value: Value, unit: str) -> str:
    """A value with its unit as a person writes it.

    >>> value_text(True, ""), value_text((10, 20.5), "%"), value_text(14400, "s")
    ('true', '10, 20.5 %', '14400 s')
    """
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, tuple):
        text = ", ".join(value_text(one, "") for one in value)
    elif isinstance(value, str):
        text = value
    else:
        text = f"{value:.12g}"
    return f"{text or '(none)'} {unit}".rstrip()


def where_text(one: Where) -> str:
    """For which classes, roads and zones an override is.

    >>> where_text(Where(("hazmat",), ("urban", "ramp"), (), 60))
    'class hazmat, road urban or ramp'
    """
    asked = (("class", one.vehicle_class), ("road", one.road_class), ("zone", one.zone))
    return ", ".join(f"{label} {' or '.join(names)}" for label, names in asked if names)


def explain(book: Rulebook, default: Rulebook) -> Iterator[str]:
    """Lines that explain a rulebook; what differs from the default one is marked with *."""
    changed = [name for name, entry in book.entries.items() if _said(entry) != _said(default.entries[name])]
    yield f"Rulebook / 规则手册  {book.version}"
    yield f"{len(book.entries)} entries / 条目, {len(changed)} differ from the default / 与默认不同 (*)"
    for rule, entries in by_rule(book).items():
        yield ""
        yield f"== {rule} =="
        yield from _page_of(rule)
        for entry in entries:
            mark = "*" if entry.name in changed else " "
            yield f"{mark} {entry.name} = {value_text(entry.value, entry.unit)}"
            yield f"    {entry.zh} / {entry.en}"
            for one in entry.where:
                yield f"    {where_text(one)}: {value_text(one.value, entry.unit)}"
            yield f"    {entry.source}  [{_GRADES[entry.grade]}]"
    for exemption in book.exemptions:
        yield ""
        yield f"exemption / 豁免 ({exemption.kind}): {', '.join(_freed(exemption))}"
        if exemption.from_ms is not None or exemption.until_ms is not None:
            yield f"    {_day(exemption.from_ms)} - {_day(exemption.until_ms, -1)}"
        if exemption.source:
            yield f"    {exemption.source}"


def _page_of(rule: str) -> Iterator[str]:
    """What a group of entries is about, and the page that tells more."""
    one = catalogue().get(rule)
    if one is not None:
        yield f"  {one.zh} / {one.en}: {one.finds_en}"
    page = rule if one is not None or rule in _PAGES else "rulebook"
    yield f"  docs/rules/{page}.md"


def by_rule(book: Rulebook) -> dict[str, list[Threshold]]:
    """Entries by the first rule that uses them, in the order of the rulebook."""
    rules: dict[str, list[Threshold]] = {}
    for entry in book.entries.values():
        rules.setdefault("all rules" if entry.rules[0] == "*" else entry.rules[0], []).append(entry)
    return rules


def differences(one: Rulebook, other: Rulebook) -> Iterator[str]:
    """Lines that tell what differs; none where both say the same."""
    for name in one.entries:
        before, after = one.entries[name], other.entries[name]
        if before.value != after.value:
            values = (value_text(entry.value, entry.unit) for entry in (before, after))
            yield f"{name} ({before.zh}): {' -> '.join(values)}"
        if before.where != after.where:
            yield f"{name} ({before.zh}): {_overrides(before)} -> {_overrides(after)}"
        if (before.source, before.grade) != (after.source, after.grade):
            yield f"{name}: source {before.source} [{before.grade}] -> {after.source} [{after.grade}]"
    if one.exemptions != other.exemptions:
        yield f"exemptions: {_exempt(one)} -> {_exempt(other)}"
    if one.version != other.version:
        yield f"version: {one.version} -> {other.version}"


def parameter_table(book: Rulebook, rules: Sequence[str]) -> list[str]:
    """Markdown lines: the entries that any of some rules uses."""
    rows = ["| parameter | 参数 | default | source | grade |", "|---|---|---|---|---|"]
    for entry in book.entries.values():
        if not set(rules) & set(entry.rules):
            continue
        values = [value_text(entry.value, entry.unit)]
        values += [f"{where_text(one)}: {value_text(one.value, entry.unit)}" for one in entry.where]
        cells = (f"`{entry.name}`", f"{entry.zh}", "; ".join(values), entry.source, entry.grade)
        rows.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return rows


def _said(entry: Threshold) -> tuple[object, ...]:
    return entry.value, entry.where, entry.source, entry.grade


def _overrides(entry: Threshold) -> str:
    told = (f"{where_text(one)}: {value_text(one.value, entry.unit)}" for one in entry.where)
    return "; ".join(told) or "no overrides"


def _freed(exemption: Exemption) -> list[str]:
    return [*exemption.vehicles, *(f"route / 线路 {route}" for route in exemption.routes)]


def _day(time_ms: int | None, last_ms: int = 0) -> str:
    if time_ms is None:
        return ""
    return f"{datetime.fromtimestamp((time_ms + last_ms) / 1000, _SHANGHAI):%Y-%m-%d}"


def _exempt(book: Rulebook) -> str:
    count = sum(len(_freed(one)) for one in book.exemptions)
    return f"{count} vehicles and routes in {len(book.exemptions)} exemptions"
