"""The settings as text: the reference in docs/settings.md and what `haulwatch settings` prints."""

import re

from stream.settings.catalogue import Entry, catalogue, section_types
from stream.settings.fields import describe_bounds, describe_type, to_text
from stream.settings.sections import Settings

_HEAD = """# Settings

Written by `make docs`; a test keeps it in step with `stream/settings/sections.py`.

A setting comes from, in this order, the later winning: its default, the TOML file (`--config FILE`, else
`HAULWATCH_CONFIG`, else `haulwatch.toml` in the working folder), the environment, and options of the command
(`--set section.name=value` reaches each of them). In the file a section is a table, `[gateway]`, and a
setting a key in it. A relative path counts from the file that says it, otherwise from the working folder.
A name that does not exist and a value that does not fit are errors.
"""

_TABLE_HEAD = "| setting | variable | default | meaning |\n|---|---|---|---|"


def markdown() -> str:
    """The reference of all settings, section by section."""
    parts = [_HEAD]
    for section, kind in section_types().items():
        rows = [_row(entry) for entry in catalogue().values() if entry.section == section]
        parts += [f"\n## {section}\n\n{kind.__doc__}\n", _TABLE_HEAD, *rows]
    return "\n".join(parts) + "\n"


def toml(settings: Settings) -> str:
    """The effective settings as a TOML file, passwords hidden."""
    lines: list[str] = []
    for section in section_types():
        lines += ["", f"[{section}]"] if lines else [f"[{section}]"]
        for entry in catalogue().values():
            if entry.section == section:
                value = getattr(getattr(settings, section), entry.name)
                lines.append(f"{entry.name} = {_toml_value(value)}")
    return "\n".join(lines) + "\n"


def hide_password(text: str) -> str:
    """A connection string without its password."""
    text = re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", text)
    return re.sub(r"(password=)('[^']*'|[^\s&]+)", r"\1***", text)


def _row(entry: Entry) -> str:
    bounds = describe_bounds(entry.rule)
    kind = describe_type(entry.kind) + (f", {bounds}" if bounds else "")
    default = f"`{to_text(entry.default)}`" if to_text(entry.default) else "(empty)"
    meaning = f"{entry.rule.doc} {kind[0].upper()}{kind[1:]}."
    return f"| `{entry.name}` | `{entry.variable}` | {default} | {meaning} |"


def _toml_value(value: object) -> str:
    if isinstance(value, bool | int | float):
        return to_text(value)
    text = hide_password(to_text(value)).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
