"""The desk's side of evidence: lists, bytes with ranges, messages, raw frames, archive orders."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psycopg
import pytest

from alerts.evidence.content import Content
from alerts.evidence.files import Alarm, Announced, announce, mark_complete
from alerts.evidence.folder_objects import FolderObjects
from alerts.evidence.hashing import hash_bytes
from alerts.evidence.retention import Retention
from alerts.frames import ArchivedFrame, digests
from alerts.terminal_messages import TerminalMessage
from rules.identity import vehicle_key
from stream.archive.rows import MediaPlace, write_frames, write_messages
from tests.conftest import _database
from tests.desk.running import RunningDesk, add_vehicle, running_desk, store_changes
from tests.evidence.alarms import INSERT_ALARM
from tests.evidence.samples import jpeg
from tests.evidence.terminal import IDENTIFIER
from tests.store.changes import Change

NOW = datetime.now(UTC).replace(microsecond=0)
NOW_MS = int(NOW.timestamp() * 1000)
KEY = vehicle_key("V1")
PICTURE = jpeg(40_000)
MEDIA = jpeg(3_000, 9)
ALERT = str(uuid.uuid4())
NAMES = ['00_65_6501_0_急".jpg', "b.jpg", "c.jpg"]


@pytest.fixture(scope="module")
def evidence(
    postgres_dsn: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDesk]:
    databases = _database(postgres_dsn, template_database)
    dsn = next(databases)
    folder = tmp_path_factory.mktemp("evidence")
    add_vehicle(dsn, "V1")
    asyncio.run(fill(dsn, folder))
    with running_desk(dsn, "127.0.0.1:9", evidence_folder=str(folder)) as desk:
        yield desk
    databases.close()


async def fill(dsn: str, folder: Path) -> None:
    """An alert with a complete, an expected and a refused file; messages, one with a picture; frames."""
    connection = await asyncpg.connect(dsn)
    objects = FolderObjects(folder)
    alarm = Alarm(KEY, "V1", IDENTIFIER, "n" * 32, True)
    async with connection.transaction():
        await connection.execute(INSERT_ALARM, IDENTIFIER, "n" * 32, ALERT)
        rows = await announce(
            connection, alarm, [Announced(name, len(PICTURE), 0) for name in NAMES], Retention(), NOW_MS
        )
        path = folder / "incoming"
        path.write_bytes(PICTURE)
        hashes = hash_bytes(PICTURE)
        await objects.put(path, hashes.sha256)
        content = Content("image", "image/jpeg")
        await mark_complete(connection, rows[0].file_id, len(PICTURE), hashes, content, Retention(), NOW_MS)
        await connection.execute(
            "UPDATE evidence_files SET state = 'rejected', reason = 'content: no' WHERE name = 'c.jpg'"
        )
        place = MediaPlace(objects, Retention(), folder / "media")
        await write_messages(connection, list(messages()), place)
        await write_frames(connection, list(frames()))
    await connection.close()


def messages() -> Iterator[TerminalMessage]:
    position = bytes(8) + (32_000_000).to_bytes(4) + (118_000_000).to_bytes(4) + bytes(6) + bytes(6)
    picture = (77).to_bytes(4) + bytes([0, 0, 3, 1]) + position + MEDIA
    said = [(0x0800, bytes(8)), (0x0801, picture), (0x0900, b"\xf7\x00")]
    for number, (message_id, body) in enumerate(said):
        time_ms = NOW_MS - 9000 + number
        yield TerminalMessage(KEY, "V1", "13900000001", time_ms, message_id, number, "2013", body)


def frames() -> Iterator[ArchivedFrame]:
    for number in range(5):
        frame = b"\x7e" + bytes([number]) * 20 + b"\x7e"
        yield ArchivedFrame(KEY, "V1", number % 2, NOW_MS - 5000, 0x0200, number, frame, *digests(frame))


def test_the_files_of_an_alert(evidence: RunningDesk) -> None:
    found = evidence.get(f"/api/alerts/{ALERT}/evidence").json()
    assert [(one["name"], one["state"]) for one in found["files"]] == list(
        zip(NAMES, ("complete", "expected", "rejected"), strict=True)
    )
    complete, expected, rejected = found["files"]
    assert complete["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    assert complete["sm3"] == hashlib.new("sm3", PICTURE).hexdigest()
    assert (complete["kind"], complete["content_type"]) == ("image", "image/jpeg")
    assert complete["size_bytes"] == len(PICTURE)
    assert complete["url"] == f"/api/evidence/{complete['file_id']}"
    assert (expected["content_type"], expected["sha256"], expected["received"]) == ("", "", None)
    assert rejected["reason"] == "content: no"
    (alarm,) = found["alarms"]
    assert (alarm["identifier"], alarm["level"], alarm["peripheral"]) == (IDENTIFIER.hex(), 2, 0x65)


def test_alerts_without_evidence_and_without_existence(evidence: RunningDesk) -> None:
    change = Change(alert_id=str(uuid.uuid4()))
    store_changes(evidence.dsn, change)
    assert evidence.get(f"/api/alerts/{change.alert_id}/evidence").json() == {"files": [], "alarms": []}
    for nobody in (str(uuid.uuid4()), "x"):
        answer = evidence.get(f"/api/alerts/{nobody}/evidence")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def complete_url(evidence: RunningDesk) -> str:
    found = evidence.get(f"/api/alerts/{ALERT}/evidence").json()["files"][0]["url"]
    assert isinstance(found, str)
    return found


def fetch(evidence: RunningDesk, header: str | None = None, method: str = "GET") -> httpx.Response:
    headers = {"Range": header} if header else {}
    return httpx.request(method, evidence.url + complete_url(evidence), headers=headers, timeout=60)


def test_the_bytes_of_a_file(evidence: RunningDesk) -> None:
    answer = fetch(evidence)
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/jpeg"
    digest = hashlib.sha256(PICTURE)
    assert answer.headers["etag"] == f'"{digest.hexdigest()}"'
    assert answer.headers["repr-digest"] == f"sha-256=:{b64encode(digest.digest()).decode()}:"
    assert answer.headers["x-content-type-options"] == "nosniff"
    shown = answer.headers["content-disposition"]
    assert shown.startswith('inline; filename="00_65_6501_0__')
    assert shown.isascii()
    assert shown.count('"') == 2
    assert "%E6%80%A5" in shown


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, 40_000),
        ("bytes=-10", 39_990, 40_000),
        ("bytes=39999-99999", 39_999, 40_000),
        ("bytes=-99999", 0, 40_000),
        ("bytes=0-0", 0, 1),
    ],
)
def test_ranges(evidence: RunningDesk, header: str, start: int, end: int) -> None:
    answer = fetch(evidence, header)
    assert (answer.status_code, answer.content) == (206, PICTURE[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/40000"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=9-1", "bytes=a-b"])
def test_ranges_nobody_understands_give_the_whole(evidence: RunningDesk, header: str) -> None:
    assert fetch(evidence, header).content == PICTURE


@pytest.mark.parametrize("header", ["bytes=40000-", "bytes=99999-100000", "bytes=-0"])
def test_ranges_outside(evidence: RunningDesk, header: str) -> None:
    answer = fetch(evidence, header)
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */40000")


def test_head(evidence: RunningDesk) -> None:
    answer = fetch(evidence, method="HEAD")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "40000")


def test_files_that_are_not_there(evidence: RunningDesk) -> None:
    _, expected, rejected = evidence.get(f"/api/alerts/{ALERT}/evidence").json()["files"]
    for one in (expected, rejected):
        answer = evidence.get(one["url"])
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_complete")
    for nobody in (str(uuid.uuid4()), "..%2f..%2fetc%2fpasswd", "x"):
        assert evidence.get(f"/api/evidence/{nobody}").status_code == 404


def test_messages(evidence: RunningDesk) -> None:
    found = evidence.get("/api/vehicles/V1/messages").json()["messages"]
    assert [one["message_id"] for one in found] == ["0x0800", "0x0801", "0x0900"]
    assert found[2]["body_hex"] == "f700"
    picture = found[1]
    assert picture["body_hex"] is None
    assert evidence.get(picture["url"]).content == MEDIA
    for wanted in ("0801", "0x801", "0x0801,0xffff"):
        (one,) = evidence.get("/api/vehicles/V1/messages", message_id=wanted).json()["messages"]
        assert one == picture


def test_media_are_files_of_their_vehicle(evidence: RunningDesk) -> None:
    files = evidence.get("/api/vehicles/V1/evidence").json()["files"]
    (media,) = [one for one in files if one["source"] == "media"]
    assert (media["media_id"], media["kind"], media["size_bytes"]) == (77, "image", 3000)
    assert len(files) == 4


def pages(evidence: RunningDesk, path: str, name: str, **parameters: Any) -> list[Any]:
    found, after = [], ""
    while True:
        page = evidence.get(path, limit=2, **parameters, **({"after": after} if after else {})).json()
        assert len(page[name]) <= 2
        found += page[name]
        after = page["next"]
        if after is None:
            return found


def test_frames_page_by_page(evidence: RunningDesk) -> None:
    found = pages(evidence, "/api/vehicles/V1/frames", "frames")
    assert [one["serial"] for one in found] == [0, 1, 2, 3, 4]
    assert [one["direction"] for one in found] == ["up", "down", "up", "down", "up"]
    for one in found:
        data = bytes.fromhex(one["frame_hex"])
        assert one["sha256"] == hashlib.sha256(data).hexdigest()
        assert one["sm3"] == hashlib.new("sm3", data).hexdigest()
    assert len(pages(evidence, "/api/vehicles/V1/messages", "messages")) == 3
    assert len(pages(evidence, "/api/vehicles/V1/evidence", "files")) == 4


def test_periods(evidence: RunningDesk) -> None:
    later = (NOW + timedelta(minutes=1)).isoformat()
    for path, name in (("frames", "frames"), ("messages", "messages"), ("evidence", "files")):
        assert evidence.get(f"/api/vehicles/V1/{path}", **{"from": later}).json()[name] == []
        wrong = evidence.get(f"/api/vehicles/V1/{path}", **{"from": later, "to": NOW.isoformat()})
        assert wrong.status_code == 422
        assert evidence.get(f"/api/vehicles/V9/{path}").status_code == 404
        assert evidence.get(f"/api/vehicles/V1/{path}", after="x").status_code == 422
    assert evidence.get("/api/vehicles/V1/messages", message_id="zz").status_code == 422


def test_archive_orders(evidence: RunningDesk) -> None:
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    answer = evidence.post("/api/vehicles/V1/archive", {"until": until, "operator": "王芳"})
    assert answer.status_code == 202
    stop = evidence.post("/api/vehicles/V1/archive", {"until": None, "operator": "王芳"})
    assert stop.status_code == 202
    with psycopg.connect(evidence.dsn) as connection:
        rows = connection.execute(
            "SELECT command_id::text, kind, operator, expires_at FROM commands ORDER BY number"
        ).fetchall()
    assert [(row[1], row[2]) for row in rows] == [("archive_start", "王芳"), ("archive_stop", "王芳")]
    assert rows[0][0] == answer.json()["command_id"]
    assert abs(rows[0][3] - datetime.fromisoformat(until)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "body",
    [
        {"until": "2020-01-01T00:00:00+08:00", "operator": "x"},
        {"until": "2999-01-01T00:00:00+08:00", "operator": "x"},
        {"until": "tomorrow", "operator": "x"},
        {"operator": "x"},
        {"until": None, "operator": " "},
        {"until": None, "operator": "x", "more": 1},
    ],
)
def test_archive_orders_nobody_can_follow(evidence: RunningDesk, body: dict[str, Any]) -> None:
    assert evidence.post("/api/vehicles/V1/archive", body).status_code == 422
