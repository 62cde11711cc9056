"""Both stores, with the same demands; the S3-compatible one against a real server."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.evidence.folder_objects import FolderObjects
from alerts.evidence.objects import ObjectError, ObjectMissing, Objects, object_path
from alerts.evidence.open_objects import open_objects
from tests.evidence.conftest import Centre
from tests.evidence.s3_server import BUCKET, missing_tool, running_s3
from tests.evidence.samples import h264, jpeg
from tests.evidence.terminal import LIST, file_list

SMALL = b"a piece of evidence"
LARGE = random.Random(1).randbytes(11 * 1024 * 1024 + 17)
"""More than one part of a multipart upload."""


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    if missing_tool():
        pytest.skip(f"{missing_tool()} is not installed; it builds the S3-compatible server")
    with running_s3() as address:
        yield address


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Objects:
    if request.param == "folder":
        return open_objects("", tmp_path / "objects")
    return s3_objects(request.getfixturevalue("s3"), monkeypatch)


def s3_objects(address: str, monkeypatch: pytest.MonkeyPatch) -> Objects:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return open_objects(f"s3://{BUCKET}/prefix", Path("unused"), endpoint=address)


def a_file(folder: Path, data: bytes) -> tuple[Path, bytes]:
    path = folder / "incoming"
    path.write_bytes(data)
    return path, hashlib.sha256(data).digest()


async def read(objects: Objects, sha256: bytes, start: int, end: int) -> bytes:
    return b"".join([piece async for piece in objects.read(sha256, start, end)])


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
async def test_what_is_put_is_there_and_read_in_any_range(
    objects: Objects, tmp_path: Path, data: bytes
) -> None:
    path, sha256 = a_file(tmp_path, data)
    assert not await objects.exists(sha256)
    await objects.put(path, sha256)
    assert await objects.exists(sha256)
    size = len(data)
    for start, end in ((0, size), (0, 1), (size - 1, size), (5, 12), (3, 3)):
        assert await read(objects, sha256, start, end) == data[start:end]
    await objects.delete(sha256)
    assert not await objects.exists(sha256)


async def test_putting_twice_and_deleting_twice(objects: Objects, tmp_path: Path) -> None:
    for _ in range(2):
        path, sha256 = a_file(tmp_path, SMALL)
        await objects.put(path, sha256)
    assert await read(objects, sha256, 0, len(SMALL)) == SMALL
    for _ in range(2):
        await objects.delete(sha256)
    with pytest.raises(ObjectMissing):
        await read(objects, sha256, 0, 1)


async def test_folder_layout_is_by_content(tmp_path: Path) -> None:
    path, sha256 = a_file(tmp_path, SMALL)
    await FolderObjects(tmp_path / "objects").put(path, sha256)
    name = sha256.hex()
    place = tmp_path / "objects" / name[:2] / name[2:4] / name
    assert place.read_bytes() == SMALL
    assert place.stat().st_mode & 0o777 == 0o440
    assert object_path(sha256) == f"{name[:2]}/{name[2:4]}/{name}"


async def test_stores_that_are_away_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    path, sha256 = a_file(tmp_path, SMALL)
    with pytest.raises(ObjectError, match="fails"):
        await FolderObjects(blocked / "objects").put(path, sha256)
    assert path.exists()


@pytest.mark.parametrize("url", ["http://x", "s3://", "/folder", "s3:/b"])
def test_addresses_that_are_no_store(url: str) -> None:
    with pytest.raises(ValueError, match="is not s3"):
        open_objects(url, Path("x"))


async def test_an_upload_goes_to_the_store(centre: Centre, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await centre.stop()
    centre.objects = s3_objects(s3, monkeypatch)
    await centre.start()
    picture, video = jpeg(30_000), h264(7_000_000)
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, file_list([(b"a.jpg", len(picture)), (b"b.h264", len(video))]))
        assert (await terminal.hand_over(b"a.jpg", 0, picture)).result == 0
        assert (await terminal.hand_over(b"b.h264", 2, video)).result == 0
    rows = await centre.rows()
    for name, data in (("a.jpg", picture), ("b.h264", video)):
        assert rows[name]["state"] == "complete"
        assert await centre.stored(rows[name]["sha256"], len(data)) == data
    assert list((centre.folder / "partial").iterdir()) == []
    assert not (centre.folder / "objects").exists()


async def test_a_store_that_is_away_costs_no_byte(
    centre: Centre, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal is sent away and asked for nothing when it comes again."""
    data = jpeg(30_000)
    await centre.stop()
    blocked = centre.folder / "blocked"
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_bytes(b"")
    centre.objects = FolderObjects(blocked / "objects")
    await centre.start()
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, file_list([(b"a.jpg", len(data))]))
        terminal.say(0x1211, bytes([5]) + b"a.jpg" + bytes([0]) + len(data).to_bytes(4))
        await terminal.answer()
        terminal.send(b"01cd" + b"a.jpg".ljust(50, b"\0") + bytes(4) + len(data).to_bytes(4) + data)
        terminal.say(0x1212, bytes([5]) + b"a.jpg" + bytes([0]) + len(data).to_bytes(4))
        assert await terminal.closed()
    await centre.stop()
    centre.objects = s3_objects(s3, monkeypatch)
    await centre.start()
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, file_list([(b"a.jpg", len(data))]))
        answer = await terminal.ask(0x1212, bytes([5]) + b"a.jpg" + bytes([0]) + len(data).to_bytes(4))
        assert (answer.result, answer.ranges) == (0, [])
    assert (await centre.rows())["a.jpg"]["state"] == "complete"
