"""The rulebook as data: the default one, a file laid over it, and faults that are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.rulebook import RulebookError, default_rulebook, load_rulebook
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


def test_the_law() -> None:
    book = default_rulebook()
    assert (book.continuous_driving_s, book.rest_s, book.gap_s) == (14_400, 1_200, 300)
    assert (book.speeding_min_s, book.speeding_join_s, book.speeding_tier_percent) == (30, 60, (10, 20, 50))
    assert book.class_limit_kmh[VehicleClass.HAZMAT] == 80
    assert {book.class_limit_kmh[code] for code in (0, 1, 2, 3)} == {100}


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
        ("gap_s = [1]", "lists"),
        ("[gap_s]\nvalu = 3", "unknown keys"),
        ("[gap_s]\nby_class = {hazmat = 3}", "does not differ"),
        ("[class_limit_kmh]\nby_class = {tank = 3}", "'tank'"),
        ("zone_enter_level = 4", "zone_enter_level must be 1, 2 or 3"),
        ("speeding_tier_percent = [20, 10, 50]", "must rise"),
        ("speeding_tier_level = [1]", "needs 4 levels"),
        ("night_start_h = 25", "hours of the day"),
        ("coach_night_factor = 1.5", "at most 1"),
        ("version = 3", "version"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RulebookError, match=words):
        load_rulebook(written(tmp_path, text))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match="cannot be read"):
        load_rulebook(tmp_path / "none.toml")
