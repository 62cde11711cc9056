"""The registry: what is right is imported, what is wrong is named with its line, codes are kept."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import asyncpg
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.registry import Terminal, find_terminals, import_csv
from alerts.registry_rows import RegistryFileError, read_registry
from rules.identity import vehicle_key
from tests.services import free_port

HEADER = "id,terminal_phone,plate,plate_colour,class,total_mass_kg,enterprise,driver\n"
GOOD = "v1,013800138001,苏A12345,黄色,heavy_truck,25000,苏运物流,d1\nv2,13800138002,苏A2,2,hazmat,,,\n"


def run(dsn: str, path: Path | str) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    return import_csv(dsn, path, stdout, stderr), stdout.getvalue(), stderr.getvalue()


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "registry.csv"
    path.write_bytes(text.encode(encoding))
    return path


def vehicles(dsn: str) -> dict[str, dict]:
    with psycopg.connect(dsn, row_factory=psycopg.rows.dict_row) as connection:
        return {row["vehicle_id"]: row for row in connection.execute("SELECT * FROM vehicles")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_encodings(database: str, tmp_path: Path, encoding: str) -> None:
    code, out, err = run(database, write(tmp_path, (HEADER + GOOD).replace("\n", "\r\n"), encoding))
    assert (code, err) == (0, "")
    assert out == "imported 2 vehicles (2 new, 0 changed, 0 unchanged), refused 0 rows\n"
    row = vehicles(database)["v1"]
    assert (row["plate"], row["enterprise"], row["plate_colour"]) == ("苏A12345", "苏运物流", 2)
    assert row["terminal_phone"] == "13800138001"
    assert row["vehicle_key"] == vehicle_key("v1")


def test_code_is_random_and_kept(database: str, tmp_path: Path) -> None:
    run(database, write(tmp_path, HEADER + GOOD))
    before = vehicles(database)
    assert before["v1"]["auth_code"] != before["v2"]["auth_code"]
    code, out, _ = run(database, write(tmp_path, HEADER + GOOD.replace("苏A12345", "苏B1")))
    assert (code, out) == (0, "imported 2 vehicles (0 new, 1 changed, 1 unchanged), refused 0 rows\n")
    after = vehicles(database)
    assert after["v1"]["plate"] == "苏B1"
    assert {key: row["auth_code"] for key, row in after.items()} == {
        key: row["auth_code"] for key, row in before.items()
    }


BROKEN = {
    "v9,13800138009,苏A9,黄,spaceship,1,,": "class",
    "v9,13800138009,苏A9,黄,,1,,": "class is missing",
    "v9,1380O138009,苏A9,黄,hazmat,1,,": "terminal_phone",
    "v9,000,苏A9,黄,hazmat,1,,": "terminal_phone",
    "v9,123456789012345678901,苏A9,黄,hazmat,1,,": "terminal_phone",
    "v9,,苏A9,黄,hazmat,1,,": "terminal_phone is missing",
    ",13800138009,苏A9,黄,hazmat,1,,": "id is missing",
    "v9,13800138009,苏A9,pink,hazmat,1,,": "plate_colour",
    "v9,13800138009,苏A9,77,hazmat,1,,": "plate_colour",
    "v9,13800138009,苏A9,黄,hazmat,-1,,": "total_mass_kg",
    "v9,13800138009,苏A9,黄,hazmat,25t,,": "total_mass_kg",
    "v9,13800138009,苏A9,黄,hazmat,nan,,": "total_mass_kg",
    "v9,13800138009,苏A9,黄,hazmat,inf,,": "total_mass_kg",
    "v9,13800138009,苏A9": "columns",
    "v9,13800138009,苏A9,黄,hazmat,1,,,": "columns",
    'v9,13800138009,"苏A9,黄,hazmat,1,,': "CSV",
    "v9,13800138009,苏\x00A9,黄,hazmat,1,,": "control",
    "v1,13800138009,苏A9,黄,hazmat,1,,": "id 'v1' is on line 2 already",
    "v9,13800138001,苏A9,黄,hazmat,1,,": "terminal_phone '13800138001' is on line 2 already",
}


@pytest.mark.parametrize("line", BROKEN)
def test_broken_row_is_named_and_the_rest_goes_on(database: str, tmp_path: Path, line: str) -> None:
    first, second = GOOD.splitlines(keepends=True)
    path = write(tmp_path, HEADER + first + line + "\n" + second)
    code, out, err = run(database, path)
    assert code == 1
    assert out == "imported 2 vehicles (2 new, 0 changed, 0 unchanged), refused 1 rows\n"
    assert err.startswith(f"{path} line 3: ")
    assert BROKEN[line] in err
    assert err.count("\n") == 1
    assert set(vehicles(database)) == {"v1", "v2"}


def test_phones_may_change_places(database: str, tmp_path: Path) -> None:
    run(database, write(tmp_path, HEADER + GOOD))
    swapped = (
        GOOD.replace("13800138001", "x").replace("13800138002", "13800138001").replace("x", "13800138002")
    )
    assert run(database, write(tmp_path, HEADER + swapped))[0] == 0
    assert vehicles(database)["v1"]["terminal_phone"] == "13800138002"


def test_phone_of_another_vehicle_is_refused(database: str, tmp_path: Path) -> None:
    run(database, write(tmp_path, HEADER + GOOD))
    code, out, err = run(
        database,
        write(tmp_path, HEADER + "v3,13800138001,,,hazmat,,,\nv4,13800138004,,,hazmat,,,\n"),
    )
    assert code == 1
    assert "line 2: terminal_phone 13800138001 belongs to vehicle v1 already" in err
    assert out.startswith("imported 1 vehicles (1 new")
    assert set(vehicles(database)) == {"v1", "v2", "v4"}


def test_refusals_can_follow_from_refusals(database: str, tmp_path: Path) -> None:
    three = "a,1,,,hazmat,,,\nb,2,,,hazmat,,,\nc,3,,,hazmat,,,\n"
    run(database, write(tmp_path, HEADER + three))
    code, _, err = run(database, write(tmp_path, HEADER + "a,2,,,hazmat,,,\nb,3,,,hazmat,,,\n"))
    assert code == 1
    assert err.count("belongs to") == 2
    assert {key: row["terminal_phone"] for key, row in vehicles(database).items()} == {
        "a": "1",
        "b": "2",
        "c": "3",
    }


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"id,plate\nv1,x\n", "lacks the columns terminal_phone"),
        (b"\xff\xfe\x00", "neither"),
        (b"\x81\xff\xff\n", "neither"),
    ],
)
def test_file_that_is_no_registry(database: str, tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "registry.csv"
    path.write_bytes(data)
    code, _, err = run(database, path)
    assert code == 2
    assert words in err
    assert err.count("\n") == 1


def test_missing_file_and_database(database: str, empty_database: str, tmp_path: Path) -> None:
    assert run(database, tmp_path / "none.csv")[0] == 2
    path = write(tmp_path, HEADER + GOOD)
    code, _, err = run(f"postgresql://postgres@127.0.0.1:{free_port()}/haulwatch", path)
    assert code == 1
    assert "is away" in err
    code, _, err = run(empty_database, path)
    assert code == 1
    assert "run `haulwatch migrate`" in err


def test_many_broken_rows_are_counted(database: str, tmp_path: Path) -> None:
    code, out, err = run(database, write(tmp_path, HEADER + "x\n" * 500))
    assert code == 1
    assert "refused 500 rows" in out
    assert err.count("\n") == 101


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    """A file is a registry with rows, each right or named, or it is none."""
    try:
        rows = read_registry(HEADER.encode() + data)
    except RegistryFileError:
        return
    assert not set(rows.vehicles) & set(rows.broken)


def test_terminals_are_found_by_phone(database: str, tmp_path: Path) -> None:
    run(database, write(tmp_path, HEADER + GOOD))

    async def find() -> dict[str, Terminal]:
        pool = await asyncpg.create_pool(database, min_size=1, max_size=1)
        try:
            return await find_terminals(
                pool, ["013800138001", "13800138002", "00000000013800138002", "999", ""]
            )
        finally:
            await pool.close()

    found = asyncio.run(find())
    assert set(found) == {"013800138001", "13800138002", "00000000013800138002"}
    terminal = found["013800138001"]
    assert (terminal.vehicle_id, terminal.vehicle_class, terminal.driver_id) == ("v1", 1, "d1")
    assert terminal.auth_code == vehicles(database)["v1"]["auth_code"]


def test_other_names_and_missing_columns(database: str, tmp_path: Path) -> None:
    path = tmp_path / "registry.csv"
    path.write_text("vehicle_id,phone,vehicle_class\nv1,013800138000,hazmat\n", encoding="utf-8")
    assert run(database, path)[0] == 0
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT vehicle_id, terminal_phone, vehicle_class, plate, driver_id FROM vehicles"
        ).fetchone()
    assert row == ("v1", "13800138000", "hazmat", "", "")
