"""A rulebook for a person, and the commands that check and compare rulebooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.rulebook import default_rulebook, rulebook_of
from rules.rulebook_text import differences, explain, parameter_table
from stream import cli, rulebook_command


def written(tmp_path: Path, text: str, name: str = "rulebook.toml") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


class TestCheck:
    def test_good(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["rulebook", "check", written(tmp_path, 'version = "x"\ngap_s = 200\n')]) == 0
        assert "version x, 1 difference" in capsys.readouterr().out

    def test_every_fault_with_its_place(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = written(tmp_path, "gap_s = -3\n[speeding_mins]\nvalue = 3\n")
        assert cli.main(["rulebook", "check", path]) == 1
        lines = capsys.readouterr().err.splitlines()
        assert lines == [
            f"{path}:1: gap_s must be a number from 1 to 86400, not -3",
            f"{path}:2: entry 'speeding_mins' is not known; did you mean 'speeding_min_s'?",
        ]

    @pytest.mark.parametrize("text", ["gap_s = ", "[[[", '\x00version = "x"', "a" * 100])
    def test_no_toml(self, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
        assert cli.main(["rulebook", "check", written(tmp_path, text)]) == 1
        assert "not valid TOML" in capsys.readouterr().err

    def test_no_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["rulebook", "check", str(tmp_path / "none.toml")]) == 2
        assert "cannot be read" in capsys.readouterr().err


class TestDiff:
    def test_same(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        one = written(tmp_path, 'version = "x"\ngap_s = 300\n', "a.toml")
        other = written(tmp_path, 'version = "x"\n', "b.toml")
        assert cli.main(["rulebook", "diff", one, other]) == 0
        assert capsys.readouterr().out == ""

    def test_different(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        other = written(
            tmp_path, 'version = "x"\ngap_s = 200\n[class_limit_kmh]\nby_class = { hazmat = 70 }\n'
        )
        assert cli.main(["rulebook", "diff", "default", other]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert "gap_s (数据缺口): 300 s -> 200 s" in lines
        assert any(line.startswith("class_limit_kmh") and "class hazmat: 70 km/h" in line for line in lines)
        assert lines[-1] == f"version: {default_rulebook().version} -> x"
        assert cli.main(["rulebook", "diff", other]) == 1

    def test_unusable(self, tmp_path: Path) -> None:
        assert cli.main(["rulebook", "diff", "default", written(tmp_path, "gap_s = 'x'")]) == 2


class TestExplain:
    def test_every_entry_in_both_languages(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["rulebook", "explain", "default"]) == 0
        text = capsys.readouterr().out
        assert (cli.main(["rulebook", "explain"]), capsys.readouterr().out) == (0, text)
        for entry in default_rulebook().entries.values():
            assert f"{entry.name} = " in text
            assert f"{entry.zh} / {entry.en}" in text
            assert entry.source in text

    def test_changes_are_marked(self) -> None:
        book = rulebook_of('[[exemption]]\nvehicles = ["a"]\nkind = "relay"\n[gap_s]\nvalue = 200')
        lines = list(explain(book, default_rulebook()))
        assert "* gap_s = 200 s" in lines
        assert sum(line.startswith("*") for line in lines) == 1
        assert any("relay" in line for line in lines)

    def test_faulty_file_is_told(self, tmp_path: Path) -> None:
        assert cli.main(["rulebook", "explain", written(tmp_path, "gap_s = 'x'")]) == 2


def test_no_differences_to_itself() -> None:
    book = default_rulebook()
    assert list(differences(book, book)) == []


def test_tables_of_parameters() -> None:
    table = parameter_table(default_rulebook(), ["speeding"])
    assert any(line.startswith("| `class_limit_kmh` |") and "road urban_expressway" in line for line in table)


def test_default_is_a_name() -> None:
    assert rulebook_command.diff("default", "default") == 0
