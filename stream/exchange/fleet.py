"""The vehicles a link is sent: chosen by its rule from the registry, found by key in columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import numpy as np
from numpy.typing import NDArray

from stream.exchange.link import PLATE, Forwarding, Link
from stream.exchange.masking import masked_plate

PLATE_BYTES = 21
"""JT/T 809: the plate's field, GBK."""


@dataclass(frozen=True, slots=True)
class ChosenVehicle:
    """One vehicle and the plate by which the peer knows it."""

    vehicle_id: str
    vehicle_key: int
    plate: str
    plate_colour: int
    wire_plate: str
    driver_id: str
    vehicle_class: str
    enterprise: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """n chosen vehicles by ascending key. `by_wire` finds them by colour and the plate the peer knows, on a
    masked link the masked one; `by_plate` by their own. `stamp` tells whether the registry has changed."""

    keys: NDArray[np.int64]
    vehicles: tuple[ChosenVehicle, ...]
    by_wire: Mapping[tuple[str, int], ChosenVehicle]
    by_plate: Mapping[tuple[str, int], ChosenVehicle]
    stamp: object = None

    def rows_of(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each of m vehicle keys its row in this fleet, -1 where the vehicle is not chosen."""
        if not len(self.keys):
            return np.full(len(keys), -1, np.int64)
        found = np.searchsorted(self.keys, keys)
        found[found == len(self.keys)] = 0
        return np.where(self.keys[found] == keys, found, -1)

    def find(self, vehicle_key: int) -> ChosenVehicle | None:
        """The chosen vehicle with this key."""
        row = int(self.rows_of(np.array([vehicle_key], np.int64))[0])
        return None if row < 0 else self.vehicles[row]


def empty_fleet() -> Fleet:
    """No vehicle."""
    return make_fleet([])


def make_fleet(vehicles: Sequence[ChosenVehicle], stamp: object = None) -> Fleet:
    """Vehicles in columns; those whose plate does not fit the field are left out."""
    ordered = sorted((one for one in vehicles if _fits(one.wire_plate)), key=lambda one: one.vehicle_key)
    return Fleet(
        keys=np.array([one.vehicle_key for one in ordered], np.int64),
        vehicles=tuple(ordered),
        by_wire={(one.wire_plate, one.plate_colour): one for one in ordered},
        by_plate={(one.plate, one.plate_colour): one for one in ordered},
        stamp=stamp,
    )


def _fits(plate: str) -> bool:
    try:
        return 0 < len(plate.encode("gbk")) <= PLATE_BYTES
    except UnicodeEncodeError:
        return False


async def registry_stamp(connection: asyncpg.Connection) -> object:
    """Changes when a vehicle is added or changed."""
    row = await connection.fetchrow("SELECT max(imported_at) AS newest, count(*) AS vehicles FROM vehicles")
    return tuple(row)


async def load_fleet(connection: asyncpg.Connection, link: Link) -> Fleet:
    """The vehicles that a link's rule chooses now. Raises asyncpg's errors."""
    stamp = await registry_stamp(connection)
    where, arguments = _condition(link.forwarding)
    rows = await connection.fetch(
        "SELECT vehicle_id, vehicle_key, plate, plate_colour, driver_id, vehicle_class, enterprise"
        f" FROM vehicles WHERE {where}",
        *arguments,
    )
    masked = PLATE in link.mask
    vehicles = [
        ChosenVehicle(
            **dict(row),
            wire_plate=masked_plate(row["plate"], row["plate_colour"], link.mask_key)
            if masked and row["plate"]
            else row["plate"],
        )
        for row in rows
    ]
    return make_fleet(vehicles, stamp)


def _condition(rule: Forwarding) -> tuple[str, list[list[str]]]:
    if rule.everything:
        return "true", []
    named = {
        "vehicle_class": rule.vehicle_classes,
        "enterprise": rule.enterprises,
        "vehicle_id": rule.vehicles,
        "plate": rule.plates,
    }
    given = [(column, list(values)) for column, values in named.items() if values]
    if not given:
        return "false", []
    condition = " OR ".join(f"{column} = ANY(${n}::text[])" for n, (column, _) in enumerate(given, 1))
    return condition, [values for _, values in given]
