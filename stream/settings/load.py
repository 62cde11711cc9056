"""Settings from a TOML file, then the environment, then options: the later wins."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stream.errors import OperatorError
from stream.settings.catalogue import VARIABLE_PREFIX, Entry, catalogue, find, section_types, unknown
from stream.settings.fields import Source, convert, to_text
from stream.settings.sections import Settings

CONFIG_VARIABLE = "HAULWATCH_CONFIG"
CONFIG_NAME = "haulwatch.toml"


def load_settings(
    config: Path | str | None = None,
    environment: Mapping[str, str] | None = None,
    options: Mapping[str, tuple[str, str]] | None = None,
) -> Settings:
    """The effective settings.

    Args:
        config: TOML file; without it the one HAULWATCH_CONFIG names, else ./haulwatch.toml where that exists.
        environment: variables HAULWATCH_<SECTION>_<FIELD>; the process's own when None.
        options: key -> (option as typed, text), what the command line said.

    Raises:
        OperatorError: an unreadable file, an unknown name, a value of the wrong type or out of bounds.
    """
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    path = _config_path(config, variables)
    if path is not None:
        values.update(_from_file(path))
    values.update(_from_environment(variables))
    for key, (option, text) in (options or {}).items():
        values[key] = _value(find(key, option), text, option, Path.cwd())
    return _assemble(values)


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables from which another process reads exactly these settings."""
    return {
        entry.variable: to_text(getattr(getattr(settings, entry.section), entry.name))
        for entry in catalogue().values()
    }


def _config_path(config: Path | str | None, variables: Mapping[str, str]) -> Path | None:
    named = config or variables.get(CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser()
    usual = Path(CONFIG_NAME)
    return usual if usual.is_file() else None


def _from_file(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise OperatorError(f"settings file {path} cannot be read: {fault.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise OperatorError(f"settings file {path} is not TOML: {fault}") from None
    for section, table in document.items():
        if section not in section_types():
            raise unknown(f"[{section}]", [f"[{name}]" for name in section_types()], str(path))
        if not isinstance(table, dict):
            raise OperatorError(f"{path}: {section} is a section; write [{section}] and its settings below")
        for name, raw in table.items():
            entry = find(f"{section}.{name}", str(path))
            yield entry.key, _value(entry, raw, f"{path}: {entry.key}", path.parent)


def _from_environment(variables: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    by_variable = {entry.variable: entry for entry in catalogue().values()}
    for variable, text in variables.items():
        if not variable.startswith(VARIABLE_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable not in by_variable:
            raise unknown(variable, by_variable, "environment")
        entry = by_variable[variable]
        yield entry.key, _value(entry, text, variable, Path.cwd())


def _value(entry: Entry, raw: object, label: str, folder: Path) -> Any:
    return convert(raw, entry.kind, entry.rule, Source(label, folder))


def _assemble(values: Mapping[str, Any]) -> Settings:
    by_section: dict[str, dict[str, Any]] = {section: {} for section in section_types()}
    for key, value in values.items():
        section, _, name = key.partition(".")
        by_section[section][name] = value
    return Settings(**{section: kind(**by_section[section]) for section, kind in section_types().items()})
