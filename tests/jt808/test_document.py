"""The generated page is in step with the code."""

from pathlib import Path

from stream.jt808.document import document


def test_the_tables_are_in_step() -> None:
    page = Path(__file__).parents[2] / "docs" / "protocols" / "jt808-tables.md"
    assert page.read_text("utf-8") == document(), "run make docs"
