"""Reading rulebook files: the default one whole, another one laid over it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rules.exemption import Exemption, read_exemptions
from rules.rulebook_faults import Fault, RulebookError, line_of
from rules.threshold import FORMS, Threshold, read_overrides, read_value

DEFAULT = Path(__file__).with_name("rulebook.toml")
MAX_BYTES = 1 << 20  # the default has 30 KB; what is larger is another file

_OVERRIDES = ("by_class", "by_road", "by_zone", "where")
_FIXED = ("name", "unit", "form", "range", "zh", "en", "rules", "varies")
_KEYS = {"value", "source", "grade", *_OVERRIDES, *_FIXED}
_GRADES = ("A", "B", "C", "D")
_SAFETY = ("adas_", "dsm_", "tpms", "bsd", "fused_")  # what names of rules of active safety begin with
_ANY_LENGTH = ("speeding_tier_percent", "speeding_tier_level", "terminal_pulse_bits")


@dataclass(frozen=True, slots=True)
class Content:
    """A rulebook file, checked."""

    version: str
    entries: Mapping[str, Threshold]
    exemptions: tuple[Exemption, ...]
    text: str


def read_text(path: Path) -> str:
    """The text of a file. Raises `RulebookError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        fault = Fault(0, "", f"cannot be read: {error.strerror}", "give the path of a TOML file")
        raise RulebookError(str(path), [fault]) from error
    if len(data) > MAX_BYTES:
        fault = Fault(0, "", f"has {len(data)} bytes, more than {MAX_BYTES}", "is it a rulebook?")
        raise RulebookError(str(path), [fault])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        fault = Fault(line, "", "not valid TOML: not UTF-8 text", "save it as UTF-8")
        raise RulebookError(str(path), [fault]) from error


def parse(text: str, where: str, base: Mapping[str, Threshold]) -> Content:
    """The content of a text laid over `base`; with an empty base every entry must be complete.

    Raises
    ------
    RulebookError
        Has every fault of the text.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        fault = Fault(0, "", f"not valid TOML: {error}", "see https://toml.io for the format")
        raise RulebookError(where, [fault]) from error
    faults: list[Fault] = []
    digest = hashlib.sha256(text.encode()).hexdigest()
    version = table.pop("version", f"unversioned-{digest[:8]}")
    if not isinstance(version, str) or not 0 < len(version) <= 100:
        faults.append(Fault(line_of(text, "version"), "version", "must be a text of 1 to 100 characters"))
    exemptions = read_exemptions(table.pop("exemption", []), text, faults)
    entries = dict(base)
    for name, entry in table.items():
        if base and name not in base:
            faults.append(_unknown(text, name, base))
            continue
        made = _entry(text, name, entry, base.get(name), faults)
        if made is not None:
            entries[name] = made
    _check_together(text, entries, faults)
    _check_lengths(text, entries, base, faults)
    if faults:
        raise RulebookError(where, sorted(faults, key=lambda fault: fault.line))
    return Content(version, entries, exemptions, text if base else "")


def _unknown(text: str, name: str, base: Mapping[str, Threshold]) -> Fault:
    near = get_close_matches(name, base, 1, 0.6)
    remedy = f"did you mean {near[0]!r}?" if near else "haulwatch rulebook explain lists the entries"
    return Fault(line_of(text, name), "", f"entry {name!r} is not known", remedy)


def _entry(text: str, name: str, said: Any, base: Threshold | None, faults: list[Fault]) -> Threshold | None:
    entry = said if isinstance(said, dict) else {"value": said}

    def fault(key: str, what: str, remedy: str = "") -> None:
        faults.append(Fault(line_of(text, name, key), "", f"{name} {what}", remedy))

    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        fault(unknown[0], f"has unknown keys {unknown}", f"it may have {', '.join(sorted(_KEYS))}")
        return None
    start = base or _fresh(name, entry, fault)
    if start is None:
        return None
    if base is not None:
        for key in _FIXED:
            if key in entry and entry[key] != _said(base, key):
                fault(key, f"has {key} {entry[key]!r}, the program's own is {_said(base, key)!r}",
                      "leave it out; only value, source, grade and overrides can be changed")  # fmt: skip
    changes: dict[str, Any] = {key: entry[key] for key in ("source", "grade") if key in entry}
    if not isinstance(changes.get("source", ""), str) or changes.get("grade", "D") not in _GRADES:
        fault("grade", f"needs source as a text and grade as one of {', '.join(_GRADES)}")
        return None
    if "value" in entry:
        try:
            changes["value"] = read_value(start.form, entry["value"], start.low, start.high)
        except ValueError as error:
            fault("value", str(error))
            return None
    overrides = list(read_overrides(entry, start))
    for one in overrides:
        if isinstance(one, str):
            fault(next(key for key in _OVERRIDES if key in entry), one)
    if any(key in entry for key in _OVERRIDES):
        changes["where"] = tuple(one for one in overrides if not isinstance(one, str))
    return replace(start, **changes)


def _fresh(name: str, entry: Mapping[str, Any], fault: Any) -> Threshold | None:
    """An entry of the default file, still with its raw value."""
    lacking = sorted({"value", "unit", "source", "grade"} - set(entry))
    form = entry.get("form", "level" if name.endswith("_level") else "number")
    if lacking or form not in FORMS:
        fault("value", f"needs value, unit, source and grade and a form of {FORMS}")
        return None
    low, high = entry.get("range", (0.0, 1e9))
    zh, en = entry.get("zh", ""), entry.get("en", "")
    rules, varies = tuple(entry.get("rules", ())), tuple(entry.get("varies", ()))
    return Threshold(name, None, entry["unit"], "", "", form, low, high, zh, en, rules, varies)


def _said(base: Threshold, key: str) -> Any:
    if key == "range":
        return [base.low, base.high]
    value = getattr(base, key)
    return list(value) if isinstance(value, tuple) else value


def _check_lengths(
    text: str, entries: Mapping[str, Threshold], base: Mapping[str, Threshold], faults: list[Fault]
) -> None:
    """A list whose places mean something has as many values as the default's."""
    for name, before in base.items():
        if before.form not in ("levels", "numbers") or name in _ANY_LENGTH:
            continue
        wanted = len(before.value)
        values = (entries[name].value, *(one.value for one in entries[name].where))
        for value in values:
            if len(value) != wanted:
                what = f"{name} needs {wanted} values, not {len(value)}"
                faults.append(Fault(line_of(text, name, "value"), "", what, f"its meaning: {before.en}"))


def _check_together(text: str, entries: Mapping[str, Threshold], faults: list[Fault]) -> None:
    """Entries that must fit each other."""
    _check_safety_off(text, entries, faults)
    tiers, levels = entries.get("speeding_tier_percent"), entries.get("speeding_tier_level")
    faults.extend(
        Fault(line_of(text, one.name, "value"), "", f"{one.name} must rise")
        for one in entries.values()
        if one.form == "numbers" and list(one.value) != sorted(set(one.value))
    )
    if tiers and levels and len(levels.value) != len(tiers.value) + 1:
        line = line_of(text, "speeding_tier_level") or line_of(text, "speeding_tier_percent")
        what = f"speeding_tier_level needs {len(tiers.value) + 1} levels, not {len(levels.value)}"
        faults.append(Fault(line, "", what, "give one level below the first tier and one for each tier"))


def _check_safety_off(text: str, entries: Mapping[str, Threshold], faults: list[Fault]) -> None:
    """What is switched off by its name is a rule."""
    off = entries.get("safety_off")
    known = {rule for one in entries.values() for rule in one.rules if rule.startswith(_SAFETY)}
    for name in sorted(set(off.value) - known) if off else ():
        near = get_close_matches(name, known, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"rules are {', '.join(sorted(known))}"
        line = line_of(text, "safety_off", "value")
        faults.append(Fault(line, "", f"safety_off: {name!r} is no rule of active safety", remedy))
