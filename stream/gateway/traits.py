"""What the gateway remembers of terminals: in memory for those seen, in the database for good."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence

from alerts.cancellation import asked_to_end
from alerts.terminal_traits import Traits
from stream.gateway.session import Session

log = logging.getLogger(__name__)

#: Terminals remembered: all heavy vehicles of a province; about 250 bytes each.
_REMEMBERED = 600_000
#: One statement for all that changed within this time, and at most so many rows.
_GATHER_S = 0.05
_BATCH = 2_000
_RETRY_S = 1.0
#: An answer waits this long for the database; then it leaves all the same, and the change is written later.
_PATIENCE_S = 2.0

Save = Callable[[Sequence[Traits]], Awaitable[None]]


async def _save_nowhere(_: Sequence[Traits]) -> None:
    """For a gateway without a database."""


class TraitMemory:
    """Mutable. The newest knowledge wins, whichever gateway had it."""

    def __init__(self, save: Save = _save_nowhere) -> None:
        self._save = save
        self._known: OrderedDict[int, Traits] = OrderedDict()
        self._unsaved: dict[int, Traits] = {}
        self._changed = asyncio.Event()
        self._saved = asyncio.Condition()

    def of(self, vehicle_key: int) -> Traits:
        """What is known of a vehicle's terminal."""
        return self._known.get(vehicle_key) or Traits(vehicle_key)

    def learn(self, traits: Iterable[Traits]) -> None:
        """What the database says."""
        for one in traits:
            if one.changed_ms > self.of(one.vehicle_key).changed_ms:
                self._remember(one)

    def change(self, traits: Traits) -> None:
        """What a terminal has just told; written to the database in a moment."""
        self._remember(traits)
        self._unsaved[traits.vehicle_key] = traits
        self._changed.set()

    def heard_dialect(self, session: Session, dialect: int) -> None:
        """A terminal's active-safety items told whose they are, for its next connection to know at once."""
        known = session.traits
        if known is not None and known.dialect != dialect:
            session.traits = known.with_speech("", dialect, int(time.time() * 1000))
            self.change(session.traits)

    async def saved(self, vehicle_key: int) -> None:
        """Wait until the last change is in the database, or for `_PATIENCE_S`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S), self._saved:
                await self._saved.wait_for(lambda: vehicle_key not in self._unsaved)

    async def run(self) -> None:
        """Write changes until cancelled. A database that is away only delays."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(_GATHER_S)
            self._changed.clear()
            await self._write()

    async def flush(self) -> None:
        """At a stop: write what is left, once."""
        if self._unsaved:
            await self._try(list(self._unsaved.values()))

    def _remember(self, traits: Traits) -> None:
        self._known[traits.vehicle_key] = traits
        self._known.move_to_end(traits.vehicle_key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    async def _write(self) -> None:
        while self._unsaved:
            batch = list(self._unsaved.values())[:_BATCH]
            if not await self._try(batch):
                await asyncio.sleep(_RETRY_S)
                continue
            async with self._saved:
                for one in batch:
                    if self._unsaved.get(one.vehicle_key) is one:
                        del self._unsaved[one.vehicle_key]
                self._saved.notify_all()

    async def _try(self, batch: Sequence[Traits]) -> bool:
        try:
            await self._save(batch)
        except asyncio.CancelledError:
            if asked_to_end():
                raise
        except Exception as error:  # whatever keeps the database from taking it: again later
            log.warning("traits of %d terminals wait: %s: %s", len(batch), type(error).__name__, error)
        else:
            return True
        return False
