"""`haulwatch rulebook publish`: hands a rulebook to the running workers, in the order of the stream.

The rulebook goes into the database under its version, then as a record into every partition of
`telemetry`. A worker that meets the record goes on with that rulebook from the next offset on; so does one
that replays the log. Doing it twice is harmless, so a publishing that failed half way is done again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from importlib import metadata
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaProducer

from rules.rulebook import rulebook_of
from rules.rulebook_file import DEFAULT, read_text
from rules.rulebook_record import encode_rulebook
from stream.errors import OperatorError
from stream.rulebook_command import BUILT_IN
from stream.settings.sections import BrokerSettings
from stream.topics import TELEMETRY

SEND_TIMEOUT_S = 30.0


def run(broker: BrokerSettings, dsn: str, path: str | Path) -> int:
    """Publish a file and say from which offsets on it holds.

    Raises
    ------
    RulebookError
        The file cannot be used.
    OperatorError
        Its version is taken by another text, or it has none.
    """
    text = read_text(DEFAULT if str(path) == BUILT_IN else Path(path))
    version = rulebook_of(text, str(path)).version
    if version.startswith("unversioned-"):
        raise OperatorError(f'rulebook {path}: has no version; write version = "..." at its top')
    offsets = asyncio.run(publish(broker.bootstrap_servers, dsn, version, text))
    for partition, offset in sorted(offsets.items()):
        print(f"{TELEMETRY} partition {partition}: {version} from offset {offset + 1} on")
    return 0


async def publish(bootstrap_servers: str, dsn: str, version: str, text: str) -> dict[int, int]:
    """Keep a checked rulebook and hand it over; returns the offset of its record in each partition."""
    connection = await asyncpg.connect(dsn)
    try:
        await _keep(connection, version, text)
        offsets = await _hand_over(bootstrap_servers, encode_rulebook(text))
        async with connection.transaction():
            await connection.execute(
                "UPDATE rulebook_versions SET offsets = $2, published_at = now() WHERE version = $1",
                *(version, json.dumps(offsets)),
            )
            await connection.execute(
                "INSERT INTO rulebook_publishings (published_at, version) VALUES (now(), $1)", version
            )
        return offsets
    finally:
        await connection.close()


async def _keep(connection: asyncpg.Connection, version: str, text: str) -> None:
    """A version is one text for ever: alerts name it."""
    digest = hashlib.sha256(text.encode()).digest()
    await connection.execute(
        "INSERT INTO rulebook_versions (version, text, sha256, program) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        *(version, text, digest, metadata.version("haulwatch")),
    )
    kept = await connection.fetchval("SELECT sha256 FROM rulebook_versions WHERE version = $1", version)
    if bytes(kept) != digest:
        raise OperatorError(
            f"rulebook version {version!r} was published with another text; give the file a new version"
        )


async def _hand_over(bootstrap_servers: str, value: bytes) -> dict[int, int]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
    await producer.start()
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            partitions = sorted(await producer.partitions_for(TELEMETRY))
            sent = [await producer.send(TELEMETRY, value, partition=number) for number in partitions]
            told = [await one for one in sent]
        return {number: record.offset for number, record in zip(partitions, told, strict=True)}
    finally:
        await producer.stop()
