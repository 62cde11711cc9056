"""The process: it says when it can't start, and stops at once though streams are open."""

from __future__ import annotations

import io
import signal
import socket
import threading
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from alerts.desk import run
from tests.desk.running import RunningDesk, running_desk
from tests.desk.sse import open_stream
from tests.services import free_port

NOWHERE = "127.0.0.1:1"


def run_refused(**options: object) -> tuple[int, str]:
    stderr = io.StringIO()
    with redirect_stderr(stderr):
        code = run(**{"dsn": "postgresql://x@127.0.0.1:1/x", "bootstrap_servers": NOWHERE, **options})
    return code, stderr.getvalue()


def test_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, text = run_refused(port=port)
    assert code == 1
    assert text.count("\n") == 1
    assert f"127.0.0.1:{port}" in text


def test_address_that_is_none() -> None:
    code, text = run_refused(host="no.such.host.invalid", port=free_port())
    assert (code, text.count("\n")) == (1, 1)


@pytest.mark.parametrize("content", [None, "{", '{"type": "FeatureCollection", "features": [5]}'])
def test_zones_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "zones.geojson"
    if content is not None:
        path.write_text(content)
    code, text = run_refused(port=free_port(), zones=path)
    assert (code, text.count("\n")) == (1, 1)
    assert str(path) in text


def test_dsn_that_is_none() -> None:
    for dsn in ("no dsn", "host=127.0.0.1 dbname=x", "http://x", "postgresql://[x/y"):
        code, text = run_refused(dsn=dsn, port=free_port())
        assert (code, text.count("\n")) == (1, 1)
        assert "database.dsn" in text


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_stops_though_streams_are_open(database: str, stop_signal: int) -> None:
    with running_desk(database, NOWHERE) as desk:
        opened, ended = threading.Barrier(4), []

        def read() -> None:
            with open_stream(desk.url) as events:
                next(events)
                opened.wait(20)
                ended.append(list(events))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        opened.wait(20)
        desk.process.send_signal(stop_signal)
        assert desk.process.wait(3) == 0
        for reader in readers:
            reader.join(10)
        assert ended == [[], [], []]


ZONES = """{"type": "FeatureCollection", "features": [{"type": "Feature",
 "geometry": {"type": "Polygon", "coordinates": [[[118, 32], [118.1, 32], [118.1, 32.1], [118, 32]]]},
 "properties": {"id": "z1", "name": "长江大桥", "name_en": "Bridge", "rules": ["enter", "forbidden"],
                "hours": "22:00-06:00", "datum": "gcj02"}}]}"""


def test_page_config_and_zones(database: str, tmp_path: Path) -> None:
    zones = tmp_path / "zones.geojson"
    zones.write_text(ZONES)
    tiles, page = "http://tiles/{z}/{x}/{y}", tmp_path / "dist"
    with running_desk(database, NOWHERE, zones=str(zones), console_dir=str(page), tile_url=tiles) as desk:
        assert desk.get("/api/config").json()["tile_url"] == tiles
        check_zones(desk.get("/api/zones").json())
        missing = desk.get("/")
        assert missing.status_code == 503
        assert "make install" in missing.text
        build_page(page)
        index, script = desk.get("/"), desk.get("/assets/a.js")
        assert index.text == "<p>page</p>"
        assert index.headers["cache-control"] == "no-cache"
        assert "immutable" in script.headers["cache-control"]
        assert "javascript" in script.headers["content-type"]
        assert desk.get("/assets/none.js").status_code == 404


def build_page(folder: Path) -> None:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<p>page</p>")
    (folder / "assets" / "a.js").write_text("1")


def check_zones(collection: dict) -> None:
    (feature,) = collection["features"]
    properties = feature["properties"]
    assert (properties["name"], properties["datum"]) == ("长江大桥", "wgs84")
    assert properties["hours"] == "22:00-06:00"
    longitude, latitude = feature["geometry"]["coordinates"][0][0]
    assert 0.001 < abs(longitude - 118) + abs(latitude - 32) < 0.02  # moved from GCJ-02


def test_document_is_complete(desk: RunningDesk) -> None:
    """Every endpoint says what it answers, also when it refuses, and every model has its description."""
    document = desk.get("/openapi.json").json()
    assert document["info"]["description"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["description"], where
            success = min(operation["responses"])
            assert success in ("200", "201", "202"), where
            assert operation["responses"][success].get("content"), where
            assert "HTTPValidationError" not in str(operation), where
            for parameter in operation.get("parameters", []):
                assert parameter["in"] == "path" or parameter["schema"], where
    schemas = document["components"]["schemas"]
    assert {"Alert", "AlertChange", "PositionList", "Track", "VehiclePage", "ErrorBody", "Health"} <= set(
        schemas
    )
