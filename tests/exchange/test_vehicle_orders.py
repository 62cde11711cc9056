"""We as lower platform: orders for vehicles, answered with what their terminals said."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts.evidence.media import Media, store_media
from alerts.evidence.open_objects import open_objects
from alerts.evidence.retention import Retention
from alerts.times import to_ms
from rules.identity import vehicle_key
from stream.jt809.messages import supervision
from stream.jt809.times import GMT8
from tests.evidence.samples import jpeg
from tests.exchange.lower import joined
from tests.exchange.platforms import Place, add_vehicles, fetch, until

VEHICLE: dict[str, Any] = {"plate": "苏A00000", "color": 2}
FROM, TO = datetime(2026, 11, 22, 8, tzinfo=GMT8), datetime(2026, 11, 22, 9, tzinfo=GMT8)


async def given(place: Place) -> Any:
    """The one command that was issued."""

    async def there() -> Any:
        return await fetch(place, "SELECT * FROM commands")

    (command,) = await until(there)
    return command


async def answer(place: Place, state: str, result: dict[str, Any] | None) -> None:
    """End it as a gateway does."""
    connection = await asyncpg.connect(place.dsn)
    await connection.execute(
        "UPDATE commands SET state = $1, result = $2, ended_at = now()", state, json.dumps(result)
    )
    await connection.close()


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_data_of_the_recorder_are_passed_on(below: Place, tmp_path: Path, version: str) -> None:
    await add_vehicles(below, 1)
    async with joined(below, tmp_path, version=version) as other:
        blocks = 3 if version == "2011" else None
        sequence = other.send(
            supervision.RecorderRequest(**VEHICLE, command=9, start_time=FROM, end_time=TO, max_blocks=blocks)
        )
        command = await given(below)
        assert (command["kind"], command["operator"]) == ("recorder_query", "above")
        block = "261122080000" + "261122090000" + ("0003" if version == "2011" else "ffff")
        assert json.loads(command["body"]) == {"command": 9, "data": block}
        await answer(below, "answered", {"reply_serial": 1, "command": "0x09", "data": "55aa5b"})
        found = await other.one(supervision.RecorderResponse)
    assert (found.plate, found.command, found.data) == ("苏A00000", 9, bytes.fromhex("55aa5b"))
    if version == "2019":
        assert (found.source_type, found.source_sequence) == (0x9504, sequence)


async def test_a_recorder_that_is_silent_has_no_data(below: Place, tmp_path: Path) -> None:
    await add_vehicles(below, 1)
    async with joined(below, tmp_path) as other:
        other.send(supervision.RecorderRequest(**VEHICLE, start_time=FROM, end_time=TO))
        assert json.loads((await given(below))["body"])["command"] == 8
        await answer(below, "expired", None)
        found = await other.one(supervision.RecorderResponse)
    assert (found.command, found.data) == (None, b"")


async def store_picture(place: Place, folder: Path, media_id: int, data: bytes, received_ms: int) -> None:
    """As the worker of terminals' messages stores what 0x0801 brought."""
    media = Media(vehicle_key("V0"), "V0", media_id, 0, 0, 0, 1, data, received_ms)
    connection = await asyncpg.connect(place.dsn)
    objects = open_objects("", folder / "evidence" / "objects")
    async with connection.transaction():
        await store_media(connection, objects, media, Retention(184, 1100), folder)
    await connection.close()


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_a_picture_is_sent_when_it_is_there(below: Place, tmp_path: Path, version: str) -> None:
    await add_vehicles(below, 1)
    async with joined(below, tmp_path, version=version) as other:
        sequence = other.send(supervision.PhotoRequest(**VEHICLE, lens_id=2, size_type=1))
        command = await given(below)
        assert (command["kind"], json.loads(command["body"])["channel"]) == ("photo", 2)
        created_ms = to_ms(command["created_at"])
        # The terminal has used its media id before.
        await store_picture(below, tmp_path, 12, jpeg(900, 1), created_ms - 60_000)
        await answer(below, "answered", {"result": 0, "media_ids": [12]})
        await store_picture(below, tmp_path, 13, jpeg(900, 2), created_ms + 1000)
        picture = jpeg(100_000, 3)
        await store_picture(below, tmp_path, 12, picture, created_ms + 2000)
        found = await other.one(supervision.PhotoResponse)
        assert (found.result, found.lens_id) == (1, 2)
        assert found.photo == supervision.Photo(size_type=1, format=1, data=picture)
        if version == "2019":
            assert (found.source_type, found.source_sequence) == (0x9502, sequence)

        async def ended() -> bool:
            rows = await fetch(below, "SELECT state FROM exchange_orders")
            return rows[0]["state"] == "answered"

        await until(ended)


@pytest.mark.parametrize("size", [0, 1 << 20])
async def test_a_picture_that_cannot_be_sent_is_a_failure(below: Place, tmp_path: Path, size: int) -> None:
    """None has come when the order ends, or one that has no room in a frame."""
    await add_vehicles(below, 1)
    async with joined(below, tmp_path) as other:
        other.send(supervision.PhotoRequest(**VEHICLE, lens_id=1, size_type=1))
        command = await given(below)
        await answer(below, "answered", {"result": 0, "media_ids": [12]})
        if size:
            await store_picture(below, tmp_path, 12, jpeg(size), to_ms(command["created_at"]))
        else:
            connection = await asyncpg.connect(below.dsn)
            await connection.execute("UPDATE exchange_orders SET expires_at = now() + interval '25 s'")
            await connection.close()
        found = await other.one(supervision.PhotoResponse)
    assert (found.result, found.photo.data) == (5, b"")
