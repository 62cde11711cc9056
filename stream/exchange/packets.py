"""Positions as messages to a peer: real time one by one, old ones up to five of a vehicle together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.blocks import Block
from stream.exchange.fleet import ChosenVehicle, Fleet
from stream.exchange.link import Link
from stream.exchange.position_data import outgoing_of
from stream.exchange.stored_positions import gnss_data, history_messages
from stream.jt809.messages import RawMessage
from stream.jt809.messages.base import Wrapper

REAL_TIME, HISTORY = 0x1202, 0x1203
_UP = 0x1200


@dataclass(frozen=True, slots=True)
class Packet:
    """One message and how many positions it holds."""

    message: RawMessage
    positions: int


def packets_of(fleet: Fleet, block: Block, link: Link, old_ms: int) -> Iterator[Packet]:
    """The messages for a block's positions of chosen vehicles, in their order; those made before `old_ms` as
    history, up to five of a vehicle together, in the order of their times."""
    rows = _chosen(fleet, block, link)
    if not len(rows):
        return
    vehicles = fleet.rows_of(block.reports.vehicle_key[rows])
    data = gnss_data(link, outgoing_of(block, rows))
    old = block.reports.time_ms[rows] < old_ms
    for at in np.flatnonzero(~old).tolist():
        vehicle = fleet.vehicles[vehicles[at]]
        message = RawMessage(
            _UP, REAL_TIME, data[at], vehicle.wire_plate, vehicle.plate_colour, Wrapper.VEHICLE
        )
        yield Packet(message, 1)
    times = block.reports.time_ms[rows]
    for row in np.unique(vehicles[old]).tolist():
        theirs = np.flatnonzero(old & (vehicles == row))
        theirs = theirs[np.argsort(times[theirs], kind="stable")]
        yield from history_packets(fleet.vehicles[row], [data[at] for at in theirs.tolist()])


def history_packets(vehicle: ChosenVehicle, data: Sequence[bytes]) -> Iterator[Packet]:
    """Positions of one vehicle, in order, as history."""
    for message in history_messages(_UP, HISTORY, vehicle.wire_plate, vehicle.plate_colour, data):
        yield Packet(message, message.data[0])


def _chosen(fleet: Fleet, block: Block, link: Link) -> NDArray[np.int64]:
    reports = block.reports
    chosen = fleet.rows_of(reports.vehicle_key) >= 0
    bbox = link.forwarding.bbox
    if bbox is not None:
        west, south, east, north = bbox
        chosen &= (reports.longitude_deg >= west) & (reports.longitude_deg <= east)
        chosen &= (reports.latitude_deg >= south) & (reports.latitude_deg <= north)
    return np.flatnonzero(chosen)
