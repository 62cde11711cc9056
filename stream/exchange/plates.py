"""Which vehicle a plate and its colour mean: the registry, asked for many at once, remembered for a while.

A vehicle seen lately is answered from memory while the database is away, so that a link goes on.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

from alerts.registry import Terminal
from rules.identity import vehicle_key

log = logging.getLogger(__name__)

PlateKey = tuple[str, int]
"""Plate and plate colour."""

_REMEMBERED = 600_000
"""All heavy vehicles of a province; about 400 bytes each."""

Find = Callable[[Collection[PlateKey]], Awaitable[Mapping[PlateKey, Terminal]]]


class RegistryAway(Exception):
    """The registry cannot be asked now, and some vehicle is not remembered."""


@dataclass(slots=True)
class PlateDirectory:
    """Looks vehicles up by plate and colour. Known ones are asked anew after `fresh_s`, and so are those that
    were not found."""

    find: Find
    fresh_s: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _known: OrderedDict[PlateKey, tuple[Terminal | None, float]] = field(default_factory=OrderedDict)

    def remembered(self, plates: Collection[PlateKey]) -> dict[PlateKey, Terminal | None] | None:
        """The vehicles, without asking anybody; None when one has to be asked for."""
        since_s = self.clock() - self.fresh_s
        found = {}
        for plate in plates:
            known = self._known.get(plate)
            if known is None or known[1] < since_s:
                return None
            found[plate] = known[0]
        return found

    async def lookup(self, plates: Collection[PlateKey]) -> dict[PlateKey, Terminal | None]:
        """The vehicle of each plate, None where the registry has none. Raises RegistryAway."""
        since_s = self.clock() - self.fresh_s
        wanted = [plate for plate in plates if self._age_s(plate) < since_s]
        if wanted:
            try:
                found = await self.find(wanted)
            except Exception as error:  # whatever keeps the database from answering: fall back on memory
                log.warning("registry cannot be asked: %s: %s", type(error).__name__, error)
                if any(plate not in self._known for plate in wanted):
                    raise RegistryAway(f"{type(error).__name__}: {error}") from error
            else:
                self._remember(wanted, found)
        return {plate: self._known[plate][0] for plate in plates}

    def _age_s(self, plate: PlateKey) -> float:
        known = self._known.get(plate)
        return float("-inf") if known is None else known[1]

    def _remember(self, wanted: Collection[PlateKey], found: Mapping[PlateKey, Terminal]) -> None:
        now_s = self.clock()
        for plate in wanted:
            self._known[plate] = (found.get(plate), now_s)
            self._known.move_to_end(plate)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def trial_vehicle(plate: str, colour: int) -> Terminal:
    """A vehicle the registry does not know, admitted under its plate: `苏A12345-2`."""
    identity = f"{plate}-{colour}"
    return Terminal(
        vehicle_id=identity,
        vehicle_key=vehicle_key(identity),
        terminal_phone="",
        plate=plate,
        plate_colour=colour,
        vehicle_class=0,
        driver_id="",
        auth_code="",
    )
