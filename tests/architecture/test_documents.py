"""What is named in the code is named in the documents, and the other way round."""

import re

from stream.settings.catalogue import catalogue
from tests.architecture.reference import ROOT, document, metrics, product_modules


def test_the_reference_of_metrics_is_in_step() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == document(), "run make docs"


def test_metrics_say_their_unit_and_their_meaning() -> None:
    assert len(metrics()) > 20
    for metric in metrics():
        assert re.fullmatch(r"haulwatch_(gateway|worker|exchange|evidence|desk)_[a-z_]+", metric.name)
        assert metric.kind in ("counter", "gauge", "histogram"), metric
        assert not metric.name.endswith(("_ms", "_s", "_total")), f"{metric.name}: seconds are spelled out"


def test_every_setting_is_used() -> None:
    modules = [path for path in product_modules() if "settings" not in path.parts]
    source = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    unused = {key for key, entry in catalogue().items() if not re.search(rf"\.{entry.name}\b", source)}
    assert unused == set()


def test_every_table_is_told_of() -> None:
    sql = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "alerts/migrations").glob("*.sql"))
    tables = set(re.findall(r"CREATE TABLE (\w+)", sql)) - {"tracks_default"}
    told = (ROOT / "docs" / "storage.md").read_text(encoding="utf-8")
    assert {table for table in tables if f"`{table}`" not in told} == set()


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{path.name}: {target}"
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md"]
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert broken == []
