"""The rulebook as data: the default one, a file laid over it, and faults that are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from geo.road_class import CODES
from geo.zones import ZoneSet
from rules.engine import Engine
from rules.reports import Reports
from rules.rulebook import RulebookError, default_rulebook, load_rulebook, rulebook_of
from rules.vehicle_class import VehicleClass


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rulebook.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_entry_is_explained() -> None:
    book = default_rulebook()
    assert book.version
    for entry in book.entries.values():
        assert entry.source, entry.name
        assert entry.grade in ("A", "B", "C", "D"), entry.name
        assert entry.zh, entry.name
        assert entry.en, entry.name
        assert entry.rules, entry.name


def test_the_law() -> None:
    book = default_rulebook()
    assert (book.continuous_driving_s, book.rest_s, book.gap_s) == (14_400, 1_200, 300)
    assert (book.speeding_min_s, book.speeding_join_s, book.speeding_tier_percent) == (30, 60, (10, 20, 50))
    limit_kmh = book.by_class("class_limit_kmh")
    assert limit_kmh[VehicleClass.HAZMAT] == 80
    assert set(limit_kmh[:4]) == {100}
    by_road = book.by_class_and_road("class_limit_kmh")
    assert by_road[VehicleClass.HAZMAT, CODES["expressway"]] == 80
    assert by_road[VehicleClass.HAZMAT, CODES["highway"]] == 60


def test_a_file_changes_only_what_it_names(tmp_path: Path) -> None:
    book = load_rulebook(written(tmp_path, 'version = "x"\nspeeding_min_s = 10\n[gap_s]\nvalue = 600\n'))
    assert (book.version, book.speeding_min_s, book.gap_s, book.rest_s) == ("x", 10, 600, 1_200)
    assert book.entries["gap_s"].unit == "s"


def test_the_default_file_is_a_rulebook_file(tmp_path: Path) -> None:
    import rules.rulebook

    text = Path(rules.rulebook.__file__).with_name("rulebook.toml").read_text(encoding="utf-8")
    assert load_rulebook(written(tmp_path, text)) == default_rulebook()


def test_a_file_without_version_is_named_by_its_content(tmp_path: Path) -> None:
    first = load_rulebook(written(tmp_path, "gap_s = 200")).version
    second = load_rulebook(written(tmp_path, "gap_s = 201")).version
    assert first.startswith("unversioned-")
    assert first != second


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gap_s = ", "TOML"),
        ("gap_m = 3", "'gap_m' is not known"),
        ("gap_s = 'x'", "gap_s must be a number"),
        ("gap_s = -1", "gap_s must be a number"),
        ("gap_s = true", "gap_s must be a number"),
        ("gap_s = nan", "gap_s must be a number"),
        ("gap_s = [1]", "gap_s must be a number"),
        ("gap_s = 1e9", "from 1 to 86400"),
        ("[gap_s]\nvalu = 3", "unknown keys"),
        ("[clock_ahead_s]\nby_class = {hazmat = 3}", "does not differ"),
        ("[gap_s]\nname = 'gap'", "line 2: gap_s has name 'gap', the program's own is 'gap_s'"),
        ("[gap_s]\nunit = 'min'", "line 2: gap_s has unit 'min', the program's own is 's'"),
        ("[class_limit_kmh]\nby_road = {motorway = 90}", "road class 'motorway' is not known"),
        ("[class_limit_kmh]\nby_zone = {a = 90}", "does not differ by zone"),
        ("[class_limit_kmh]\nby_class = 90", "must be a table"),
        ("[[class_limit_kmh.where]]\nzone = 3", "must hold value"),
        ("forbidden_hours = '25:00'", "must look like 22:00-06:00"),
        ("forbidden_hours = 2", "must be windows"),
        ("[[exemption]]\nvehicles = ['a']\nkind = 'friend'", "'friend' must be one of"),
        ("[[exemption]]\nvehicles = 'a'\nkind = 'relay'", "vehicles must be a list"),
        ("[[exemption]]\nkind = 'relay'", "needs vehicles"),
        ("[[exemption]]\nroutes = [3]\nkind = 'relay'", "routes must be a list"),
        ("[[exemption]]\nroutes = ['r']\nkind = 'relay'\nfrom = 2026-02-02\nuntil = 2026-02-01", "is after"),
        ("[[exemption]]\nvehicles = ['a']\nkind = 'short_line'", "needs one_way_km"),
        ("[[exemption]]\nvehicles = ['a']\nkind = 'relay'\nuntil = 'never'", "until must be a day"),
        (
            "[[exemption]]\nvehicles = ['a']\nkind = 'short_line'\none_way_km = -1",
            "one_way_km must be above 0",
        ),
        (
            "[[exemption]]\nvehicles = ['a']\nkind = 'short_line'\none_way_km = nan",
            "one_way_km must be above 0",
        ),
        ("exemption = 3", "must be tables"),
        ("safety_off = ['dsm_phon']", "'dsm_phon' is no rule of active safety; did you mean 'dsm_phone'"),
        ("[safety_off]\nvalue = ['speeding']", "'speeding' is no rule of active safety"),
        ("[class_limit_kmh]\nby_class = {tank = 3}", "'tank'"),
        ("zone_enter_level = 4", "zone_enter_level must be 1"),
        ("speeding_tier_percent = [20, 10, 50]", "must rise"),
        ("speeding_tier_level = [1]", "needs 4 levels"),
        ("night_start_h = 25", "from 0 to 24"),
        ("coach_night_factor = 1.5", "from 0 to 1"),
        ("version = 3", "version"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RulebookError, match=words):
        load_rulebook(written(tmp_path, text))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match="cannot be read"):
        load_rulebook(tmp_path / "none.toml")


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    text = 'version = "x"\n\ngap_ss = 3\nrest_s = true\n\n[speeding_min_s]\nsource = "us"\nvalue = -1\n'
    with pytest.raises(RulebookError) as caught:
        load_rulebook(written(tmp_path, text))
    assert [fault.line for fault in caught.value.faults] == [3, 4, 8]
    assert "did you mean 'gap_s'?" in str(caught.value.faults[0])


class TestOverrides:
    TEXT = """
        [class_limit_kmh]
        value = 90
        by_class = { hazmat = 70, line_coach = 85 }
        by_road = { urban = 50 }
        [[class_limit_kmh.where]]
        vehicle_class = ["hazmat", "heavy_truck"]
        road_class = ["urban"]
        value = 40
    """

    def test_the_most_specific_holds(self) -> None:
        entry = rulebook_of(self.TEXT).entries["class_limit_kmh"]
        wanted = {
            ("unknown", "unknown"): 90,
            ("hazmat", "unknown"): 70,
            ("line_coach", "urban"): 50,
            ("hazmat", "urban"): 40,
            ("heavy_truck", "highway"): 90,
        }
        assert {place: entry.value_for(*place) for place in wanted} == wanted

    def test_tables_agree(self) -> None:
        book = rulebook_of(self.TEXT)
        table = book.by_class_and_road("class_limit_kmh")
        assert table[:, CODES["unknown"]].tolist() == book.by_class("class_limit_kmh").tolist()
        assert (table[VehicleClass.HAZMAT, CODES["urban"]], table[200, CODES["urban"]]) == (40, 50)

    def test_changed_holds_everywhere(self) -> None:
        book = rulebook_of(self.TEXT).changed(class_limit_kmh=33)
        assert set(book.by_class_and_road("class_limit_kmh").ravel()) == {33}

    def test_exemptions(self) -> None:
        text = (
            "[[exemption]]\nvehicles = ['a', 'b']\nkind = 'short_line'\none_way_km = 150\nuntil = 2026-12-31"
        )
        (one,) = rulebook_of(text).exemptions
        assert (one.vehicles, one.one_way_km, one.until_ms) == (("a", "b"), 150, 1_798_732_800_000)

    def test_the_last_day_of_all_is_one_too(self) -> None:
        text = "[[exemption]]\nvehicles = ['a']\nkind = 'relay'\nfrom = 0001-01-01\nuntil = 9999-12-31"
        (one,) = rulebook_of(text).exemptions
        assert one.until_ms == 253_402_272_000_000


class TestZones:
    ZONES: ClassVar[dict[str, Any]] = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"id": name, "limit_kmh": 40, "rules": ["speed", "forbidden"]},
                "geometry": {"type": "Point", "coordinates": [118.0, 32.0]},
            }
            for name in ("school", "yard")
        ],
    }

    def found(self, text: str) -> set[tuple[str, str, int]]:
        for feature in self.ZONES["features"]:
            feature["properties"]["radius_m"] = 5000
        reports = Reports.build(
            vehicle_key=np.full(3, 1),
            time_ms=1_780_000_000_000 + np.arange(3) * 5_000,
            longitude_deg=118 + np.arange(3) * 1e-4,
            latitude_deg=np.full(3, 32.0),
            speed_kmh=np.full(3, 60.0),
        )
        engine = Engine(rulebook_of(text), ZoneSet.from_geojson(self.ZONES))
        changes = engine.process(reports).changes
        return {(one.rule, one.detail["zone_id"], one.level) for one in changes if "zone_id" in one.detail}

    def test_a_zone_of_its_own(self) -> None:
        text = "[speeding_min_s]\nby_zone = { school = 10 }\n[zone_forbidden_level]\nby_zone = { yard = 3 }"
        found = self.found(text)
        assert {(rule, zone) for rule, zone, _ in found if rule == "zone_speed"} == {("zone_speed", "school")}
        assert {one for one in found if one[0] == "zone_forbidden"} == {
            ("zone_forbidden", "school", 1),
            ("zone_forbidden", "yard", 3),
        }
