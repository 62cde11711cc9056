"""We as lower platform: orders for vehicles, answered with what their terminals said."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from stream.jt809.messages import supervision
from stream.jt809.times import GMT8
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
