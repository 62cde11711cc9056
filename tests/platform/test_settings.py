"""Settings: which source wins, and what a wrong one says."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import OperatorError
from stream.settings import Settings, environment_of, load_settings
from stream.settings.catalogue import catalogue
from stream.settings.document import hide_password, markdown, toml

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_without_any_source_the_defaults_hold() -> None:
    assert load_settings(environment={}) == Settings()


def test_the_later_source_wins(tmp_path: Path) -> None:
    config = write(tmp_path / "a.toml", "[gateway]\nport = 1001\nmetrics_port = 1002\n[desk]\nport = 1003\n")
    environment = {"HAULWATCH_GATEWAY_METRICS_PORT": "2002", "HAULWATCH_DESK_PORT": "2003"}
    loaded = load_settings(config, environment, {"desk.port": ("--port", "3003")})
    assert (loaded.gateway.port, loaded.gateway.metrics_port, loaded.desk.port) == (1001, 2002, 3003)


def test_the_file_of_the_working_folder_gives_way_to_a_named_one(tmp_path: Path) -> None:
    write(tmp_path / "haulwatch.toml", "[gateway]\nport = 1001\n")
    named = write(tmp_path / "b.toml", "[gateway]\nport = 1002\n")
    assert load_settings(environment={}).gateway.port == 1001
    assert load_settings(environment={"HAULWATCH_CONFIG": str(named)}).gateway.port == 1002


def test_a_relative_path_counts_from_the_file_that_says_it(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    config = write(folder / "a.toml", '[rules]\nzones = "zones.geojson"\n')
    assert load_settings(config, {}).rules.zones == folder / "zones.geojson"
    assert load_settings(None, {"HAULWATCH_RULES_ZONES": "z"}).rules.zones == tmp_path / "z"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[gateway]\nprt = 1\n", "no setting gateway.prt; did you mean gateway.port?"),
        ("[gatway]\nport = 1\n", "did you mean [gateway]?"),
        ("port = 1\n", "no setting [port]"),
        ("gateway = 1\n", "gateway is a section"),
        ("[gateway]\nport = 'x'\n", "gateway.port: 'x' is not a whole number"),
        ("[gateway]\nport = 1.5\n", "gateway.port: 1.5 is not a whole number"),
        ("[gateway]\nport = true\n", "gateway.port: True is not a whole number"),
        ("[gateway]\nport = 70000\n", "gateway.port: 70000 is not from 1 to 65535"),
        ("[gateway]\nadmit_unknown = 1\n", "gateway.admit_unknown: 1 is not true or false"),
        ("[simulate]\nspeedup = nan\n", "simulate.speedup: nan is not a number"),
        ("[database]\ndsn = 5\n", "database.dsn: 5 is not a text"),
        ("[rules]\nzones = 5\n", "rules.zones: 5 is not a path"),
        ("[gateway\n", "is not TOML"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_the_file_and_the_key(
    tmp_path: Path, text: str, says: str
) -> None:
    config = write(tmp_path / "wrong.toml", text)
    with pytest.raises(OperatorError) as caught:
        load_settings(config, {})
    assert says in str(caught.value)
    assert "wrong.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("HAULWATCH_GATEWY_PORT", "1", "did you mean HAULWATCH_GATEWAY_PORT?"),
        ("HAULWATCH_GATEWAY_PORT", "", "HAULWATCH_GATEWAY_PORT: '' is not a whole number"),
        ("HAULWATCH_UP_SIMULATE", "maybe", "HAULWATCH_UP_SIMULATE: 'maybe' is not true or false"),
        ("HAULWATCH_CONFIG", "no/such.toml", "no/such.toml cannot be read: No such file"),
    ],
)
def test_a_wrong_variable_is_an_error_that_names_it(variable: str, text: str, says: str) -> None:
    with pytest.raises(OperatorError) as caught:
        load_settings(environment={variable: text})
    assert says in str(caught.value)


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "binary.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OperatorError, match="is not TOML"):
        load_settings(path, {})


def test_variables_of_other_programs_are_left_alone() -> None:
    assert load_settings(environment={"HAULWATCHER": "1", "PATH": "/bin"}) == Settings()


@given(
    st.builds(
        lambda port, flag, path, text, speedup: replace(
            Settings(),
            gateway=replace(Settings().gateway, port=port, admit_unknown=flag),
            rules=replace(Settings().rules, zones=path),
            desk=replace(Settings().desk, tile_url=text),
            simulate=replace(Settings().simulate, speedup=speedup),
        ),
        st.integers(1, 65535),
        st.booleans(),
        st.sampled_from([None, Path("/a b/ä.geojson")]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        st.floats(0.01, 10_000),
    )
)
def test_settings_survive_the_way_through_the_environment(settings: Settings) -> None:
    assert load_settings(environment=environment_of(settings)) == settings


def test_what_is_printed_is_a_file_with_the_same_settings(tmp_path: Path) -> None:
    settings = load_settings(environment={"HAULWATCH_DESK_TILE_URL": 'a"b\\c', "HAULWATCH_GATEWAY_PORT": "7"})
    assert load_settings(write(tmp_path / "printed.toml", toml(settings)), {}) == settings


def test_no_password_is_printed() -> None:
    for dsn in ("postgresql://u:geheim@h/d", "host=h password=geheim user=u", "host=h password='ge heim'"):
        assert "heim" not in hide_password(dsn)
        assert "h" in hide_password(dsn)


def test_every_setting_has_its_line_of_documentation() -> None:
    for entry in catalogue().values():
        assert entry.rule.doc.endswith("."), entry.key
        assert "\n" not in entry.rule.doc


def test_the_reference_is_in_step() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == markdown(), "run make docs"
