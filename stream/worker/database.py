"""Telling a database that is away from one that says no."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from alerts.database_errors import DATABASE_AWAY

__all__ = ["DATABASE_AWAY", "patiently"]

T = TypeVar("T")

log = logging.getLogger(__name__)

_RETRY_S = 1.0


async def patiently(attempt: Callable[[], Awaitable[T]], doing: str, *also: type[Exception]) -> T:
    """The result of `attempt`, tried again while the database is away or for the errors in `also`; `doing`
    is for the log."""
    while True:
        try:
            return await attempt()
        except (*DATABASE_AWAY, *also) as error:
            log.warning("%s: not now, trying again: %s: %s", doing, type(error).__name__, error)
            await asyncio.sleep(_RETRY_S)
