"""Objects in an S3-compatible store: MinIO, Ceph, OSS, OBS, AWS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from alerts.evidence.objects import READ_BYTES, ObjectError, ObjectMissing, object_path

if TYPE_CHECKING:
    from obstore.store import S3Config

_CONNECT_TIMEOUT_S = 5
_RETRY_S = 20
"""A terminal waits for its 0x9212 meanwhile; longer, and it is better told nothing and comes again."""

DEFAULT_REGION = "us-east-1"
"""What servers that have no regions expect in signatures."""


class S3Objects:
    """Keys are ``PREFIX/ab/cd/<sha256>``."""

    def __init__(self, url: str, *, endpoint: str = "", region: str = "") -> None:
        self._url = url
        config: S3Config = {"region": region or DEFAULT_REGION}
        if endpoint:
            config["endpoint"] = endpoint
        self._store = S3Store.from_url(
            url,
            config=config,
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=_CONNECT_TIMEOUT_S),
            },
            retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=_RETRY_S)},
        )

    async def put(self, path: Path, sha256: bytes) -> None:
        """See ``Objects``; large files go in parts."""
        if not await self.exists(sha256):
            try:
                await obstore.put_async(self._store, object_path(sha256), path, max_concurrency=4)
            except (BaseError, OSError) as error:
                raise self._fault(error) from None

    async def exists(self, sha256: bytes) -> bool:
        """See ``Objects``."""
        try:
            await obstore.head_async(self._store, object_path(sha256))
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise self._fault(error) from None
        return True

    async def delete(self, sha256: bytes) -> None:
        """See ``Objects``."""
        try:
            await obstore.delete_async(self._store, object_path(sha256))
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise self._fault(error) from None

    async def read(self, sha256: bytes, start: int, end: int) -> AsyncIterator[bytes]:
        """See ``Objects``."""
        if start >= end:
            return
        try:
            found = await obstore.get_async(self._store, object_path(sha256), options={"range": (start, end)})
            async for piece in found.stream(min_chunk_size=READ_BYTES):
                yield bytes(piece)
        except (NotFoundError, FileNotFoundError):
            raise ObjectMissing(f"{self._url} does not have {sha256.hex()}") from None
        except (BaseError, OSError) as error:
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> ObjectError:
        text = str(error).strip().splitlines()
        return ObjectError(
            f"the evidence store {self._url} fails: {text[0] if text else type(error).__name__}"
        )
