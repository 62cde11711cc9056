"""Which vehicles' raw frames are kept, and until when: the archive orders in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from alerts.command_progress import Held

START, STOP = "archive_start", "archive_stop"

Changed = Callable[[int, int | None], bool]
"""Told of a vehicle and the time, ms, until which its frames are kept; None: no longer. False: there is no
room for one more."""


def _nobody(_vehicle_key: int, _until_ms: int | None) -> bool:
    """Until somebody asks to be told."""
    return True


class Archives:
    """Orders by vehicle. Mutable; `changed` is told of each vehicle that comes under archive or leaves it."""

    def __init__(self) -> None:
        self.changed: Changed = _nobody
        self._until_ms: dict[int, dict[str, int]] = {}

    def until_ms(self, vehicle_key: int) -> int | None:
        """The end of the archive of a vehicle; None when it has none."""
        orders = self._until_ms.get(vehicle_key)
        return max(orders.values()) if orders else None

    def ids(self) -> set[str]:
        """Command ids of the orders in force."""
        return {command_id for orders in self._until_ms.values() for command_id in orders}

    def take(self, held: Held, now_ms: int) -> bool:
        """Follow an archive command; whether it is an order that is in force from now on."""
        command = held.command
        if command.kind == STOP:
            if self._until_ms.pop(command.vehicle_key, None):
                self.changed(command.vehicle_key, None)
            return False
        until_ms = max(command.expires_ms, self.until_ms(command.vehicle_key) or 0)
        if command.expires_ms <= now_ms or not self.changed(command.vehicle_key, until_ms):
            return False
        self._until_ms.setdefault(command.vehicle_key, {})[command.command_id] = command.expires_ms
        return True

    def due(self, now_ms: int) -> list[str]:
        """End the orders whose time is over; their ids."""
        over = [
            (key, command_id)
            for key, orders in self._until_ms.items()
            for command_id, until_ms in orders.items()
            if until_ms <= now_ms
        ]
        self._drop(over)
        return [command_id for _, command_id in over]

    def forget(self, command_ids: Iterable[str]) -> None:
        """Orders that have ended elsewhere."""
        ended = set(command_ids)
        self._drop([(key, one) for key, orders in self._until_ms.items() for one in orders if one in ended])

    def _drop(self, orders: list[tuple[int, str]]) -> None:
        for key, command_id in orders:
            del self._until_ms[key][command_id]
            if not self._until_ms[key]:
                del self._until_ms[key]
                self.changed(key, None)
