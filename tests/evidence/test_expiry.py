"""What the law no longer asks for goes, and only that."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from alerts.evidence.content import Content
from alerts.evidence.expiry import expire
from alerts.evidence.files import Alarm, Announced, EvidenceFile, announce, mark_complete
from alerts.evidence.folder_objects import FolderObjects
from alerts.evidence.hashing import hash_bytes
from alerts.evidence.objects import ObjectError
from alerts.evidence.retention import LEAST_DYNAMIC_DAYS, LEAST_VIOLATION_DAYS, Retention
from alerts.frames import ArchivedFrame, digests
from alerts.terminal_messages import TerminalMessage
from rules.identity import vehicle_key
from stream.archive.rows import MediaPlace, write_frames, write_messages
from stream.attachments.housekeeping import sweep
from stream.settings import Settings
from tests.evidence.alarms import INSERT_ALARM
from tests.evidence.terminal import IDENTIFIER

KEY = vehicle_key("V1")
NOW_MS = 1_795_300_000_000
DAY_MS = 86_400_000
RETENTION = Retention()


@dataclass
class Store:
    pool: asyncpg.Pool
    objects: FolderObjects
    folder: Path

    async def add(
        self,
        name: str,
        data: bytes,
        identifier: bytes = IDENTIFIER,
        *,
        known: bool = False,
        complete: bool = True,
    ) -> EvidenceFile:
        alarm = Alarm(KEY, "V1", identifier, "n" * 32, known)
        async with self.pool.acquire() as connection:
            (row,) = await announce(connection, alarm, [Announced(name, len(data), 0)], RETENTION, NOW_MS)
            if complete:
                hashes, path = hash_bytes(data), self.folder / "incoming"
                path.write_bytes(data)
                await self.objects.put(path, hashes.sha256)
                content = Content("image", "image/jpeg")
                await mark_complete(connection, row.file_id, len(data), hashes, content, RETENTION, NOW_MS)
        return row

    async def expire(self, days: float) -> dict[str, int]:
        expired = await expire(self.pool, self.objects, RETENTION, NOW_MS + round(days * DAY_MS))
        return {**expired.rows, "objects": expired.objects}

    async def names(self) -> list[str]:
        return [row["name"] for row in await self.pool.fetch("SELECT name FROM evidence_files ORDER BY name")]


@pytest.fixture
def store(registry: None, pool: asyncpg.Pool, tmp_path: Path) -> Store:
    return Store(pool, FolderObjects(tmp_path / "objects"), tmp_path)


async def test_files_without_an_alarm_go_after_half_a_year(store: Store) -> None:
    await store.add("a.jpg", b"alone")
    assert (await store.expire(189.9))["evidence_files"] == 0
    assert await store.expire(190.1) == {
        "evidence_files": 1,
        "safety_alarms": 0,
        "terminal_messages": 0,
        "frames": 0,
        "objects": 1,
    }
    assert not await store.objects.exists(hash_bytes(b"alone").sha256)
    assert await store.names() == []


async def test_files_of_an_alarm_stay_three_years(store: Store) -> None:
    await store.pool.execute(INSERT_ALARM, IDENTIFIER, "n" * 32, None)
    expires = await store.pool.fetchval("SELECT expires_at FROM safety_alarms")
    await store.add("a.jpg", b"proof", known=True)
    await store.add("later.jpg", b"proof of what was announced before", known=False)
    await store.expire(1095)
    assert await store.names() == ["a.jpg", "later.jpg"]
    assert await store.pool.fetchval("SELECT min(expires_at) FROM evidence_files") >= expires - timedelta(
        days=1
    )
    assert (await store.expire(9000))["objects"] == 2
    assert await store.pool.fetchval("SELECT count(*) FROM safety_alarms") == 0


async def test_an_object_that_another_row_names_stays(store: Store) -> None:
    other = b"OTHER01" + IDENTIFIER[7:]
    await store.add("a.jpg", b"the same bytes")
    await store.add("b.jpg", b"the same bytes", other, known=True)
    assert (await store.expire(200))["objects"] == 0
    assert await store.names() == ["b.jpg"]
    assert await store.objects.exists(hash_bytes(b"the same bytes").sha256)
    assert (await store.expire(1200))["objects"] == 1


async def test_a_crash_between_row_and_object_is_made_good(store: Store) -> None:
    await store.add("a.jpg", b"bytes")

    class Broken(FolderObjects):
        async def delete(self, sha256: bytes) -> None:
            raise ObjectError("the store is away")

    broken = Store(store.pool, Broken(store.folder / "objects"), store.folder)
    with pytest.raises(ObjectError):
        await broken.expire(200)
    assert await store.names() == []
    assert await store.objects.exists(hash_bytes(b"bytes").sha256)
    await store.add("b.jpg", b"again", b"OTHER02" + IDENTIFIER[7:])
    assert (await store.expire(10))["objects"] == 1


async def test_garbage_that_became_evidence_again_stays(store: Store) -> None:
    await store.add("a.jpg", b"bytes")
    await store.pool.execute("INSERT INTO evidence_garbage (sha256) VALUES ($1)", hash_bytes(b"bytes").sha256)
    assert (await store.expire(0))["objects"] == 0
    assert await store.objects.exists(hash_bytes(b"bytes").sha256)
    assert await store.pool.fetchval("SELECT count(*) FROM evidence_garbage") == 0


async def test_messages_go_after_half_a_year_frames_after_three(store: Store) -> None:
    place = MediaPlace(store.objects, RETENTION, store.folder)
    message = TerminalMessage(KEY, "V1", "13900000001", NOW_MS, 0x0800, 1, "2013", bytes(8))
    frame = ArchivedFrame(KEY, "V1", 0, NOW_MS, 0x0200, 1, b"~~", *digests(b"~~"))
    async with store.pool.acquire() as connection:
        await write_messages(connection, [message], place)
        await write_frames(connection, [frame])
    assert (await store.expire(189))["terminal_messages"] == 0
    found = await store.expire(191)
    assert (found["terminal_messages"], found["frames"]) == (1, 0)
    assert (await store.expire(1099))["frames"] == 0
    assert (await store.expire(1101))["frames"] == 1


async def test_what_was_never_finished_says_so(store: Store) -> None:
    await store.add("a.jpg", b"half", complete=False)
    await store.expire(6)
    assert await store.pool.fetchval("SELECT state FROM evidence_files") == "expected"
    await store.expire(8)
    row = await store.pool.fetchrow("SELECT state, reason FROM evidence_files")
    assert row["state"] == "rejected"
    assert row["reason"].startswith("unfinished")


def test_left_overs_on_disk_are_swept(tmp_path: Path) -> None:
    now_s = 2_000_000_000.0
    places = {}
    for folder, days in (("partial", 6), ("partial", 8), ("quarantine", 189), ("quarantine", 191)):
        (tmp_path / folder).mkdir(exist_ok=True)
        path = tmp_path / folder / str(uuid.uuid4())
        path.write_bytes(b"x")
        os.utime(path, (now_s - days * 86_400,) * 2)
        places[days] = path
    assert sweep(tmp_path, RETENTION, now_s) == 2
    assert {days: path.exists() for days, path in places.items()} == {
        6: True,
        8: False,
        189: True,
        191: False,
    }


def test_the_law_is_a_bound_of_the_settings() -> None:
    section = Settings().evidence
    assert section.dynamic_days >= LEAST_DYNAMIC_DAYS
    assert section.violation_days >= LEAST_VIOLATION_DAYS
    fields = type(section).__dataclass_fields__
    assert fields["dynamic_days"].metadata["rule"].at_least == LEAST_DYNAMIC_DAYS
    assert fields["violation_days"].metadata["rule"].at_least == LEAST_VIOLATION_DAYS
