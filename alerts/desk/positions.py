"""The newest position of every vehicle, as columns; a report older than the known one moves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from alerts.desk.roster import RosterEntry
from rules.reports import Reports

FIRST_ROWS = 1024
CLOCK_AHEAD_MS = 300_000
"""A clock this far ahead of its receiver is wrong, as for the rules (`clock_ahead_s`): a marker moved into
the future would never move again."""
OLDEST_MS = 946_684_800_000
"""2000-01-01: no terminal of JT/T 808 is older."""

_COLUMNS: dict[str, str] = {
    "time_ms": "i8",
    "received_ms": "i8",
    "longitude_deg": "f8",
    "latitude_deg": "f8",
    "speed_kmh": "f4",
    "heading_deg": "i4",
    "altitude_m": "i4",
    "alarm_bits": "u4",
    "status_bits": "u4",
}
_SHANGHAI_MS = 8 * 3600 * 1000
_NEVER_MS = np.iinfo(np.int64).min

Rows = NDArray[np.intp]


class PositionMap:
    """One row a vehicle. `describe` names vehicles that are new here: (vehicle_key) -> entry or None."""

    def __init__(self, describe: Callable[[int], RosterEntry | None]) -> None:
        self._describe = describe
        self._keys: NDArray[np.int64] = np.empty(0, np.int64)  # ascending
        self._row_of_key: Rows = np.empty(0, np.intp)
        self._columns = {name: np.zeros(FIRST_ROWS, dtype) for name, dtype in _COLUMNS.items()}
        self._changed = np.zeros(FIRST_ROWS, bool)
        self._live = np.zeros(FIRST_ROWS, bool)
        self._heads: list[str] = []  # the start of each row's JSON, up to the time
        self._texts: list[str] = []  # each row's JSON, true where not stale
        self._stale = np.ones(FIRST_ROWS, bool)

    def __len__(self) -> int:
        return len(self._heads)

    def apply(self, reports: Reports, fallback: Callable[[int], RosterEntry], *, live: bool) -> int:
        """Take reports in and return how many vehicles moved on.

        Parameters
        ----------
        reports : Reports
            In arrival order; impossible ones and those without a fix are passed over.
        fallback : callable (index) -> entry
            Asked for vehicles that are new here and that `describe` does not know.
        live : bool
            Whether the reports have just arrived, so that their age says how late the desk shows them.
        """
        index = _newest_of_each(reports)
        if not len(index):
            return 0
        keys = reports.vehicle_key[index]
        rows = self._rows(keys, lambda place: fallback(int(index[place])))
        ahead = reports.time_ms[index] >= self._columns["time_ms"][rows]
        rows, index = rows[ahead], index[ahead]
        for name, column in self._columns.items():
            column[rows] = getattr(reports, name)[index]
        self._changed[rows] = self._stale[rows] = True
        self._live[rows] = live
        return len(rows)

    def rename(self, keys: Sequence[int]) -> None:
        """Describe vehicles anew after the registry changed; they count as changed."""
        wanted = np.intersect1d(np.asarray(keys, np.int64), self._keys)
        rows = self._row_of_key[np.searchsorted(self._keys, wanted)]
        for key, row in zip(wanted.tolist(), rows.tolist(), strict=True):
            entry = self._describe(key)
            if entry is not None:
                self._heads[row] = _head(entry)
                self._changed[row] = self._stale[row] = True

    def take_changed(self) -> tuple[Rows, NDArray[np.int64]]:
        """Rows changed since the last call, and when the live ones of them were received (ms since 1970)."""
        rows = np.flatnonzero(self._changed[: len(self)])
        received_ms = self._columns["received_ms"][rows[self._live[rows]]]
        self._changed[rows] = False
        return rows, received_ms

    def all_rows(self) -> Rows:
        """Every vehicle."""
        return np.arange(len(self))

    def rows_in(self, west_deg: float, south_deg: float, east_deg: float, north_deg: float) -> Rows:
        """Vehicles inside a box, its edges included."""
        n = len(self)
        longitude, latitude = self._columns["longitude_deg"][:n], self._columns["latitude_deg"][:n]
        inside = (longitude >= west_deg) & (longitude <= east_deg)
        inside &= (latitude >= south_deg) & (latitude <= north_deg)
        return np.flatnonzero(inside)

    def knows(self, vehicle_key: int) -> bool:
        """Whether the vehicle has a position."""
        place = int(np.searchsorted(self._keys, vehicle_key))
        return place < len(self._keys) and int(self._keys[place]) == vehicle_key

    def to_json(self, rows: Rows) -> bytes:
        """``{"positions": [...]}`` for some rows, as `models.PositionList` says.

        Each row's text is kept until the row changes, so a client that joins costs what changed lately.
        """
        stale = rows[self._stale[rows]]
        for row, text in zip(stale.tolist(), self._encode(stale), strict=True):
            self._texts[row] = text
        self._stale[stale] = False
        return ('{"positions":[' + ",".join([self._texts[row] for row in rows.tolist()]) + "]}").encode()

    def _encode(self, rows: Rows) -> list[str]:
        columns = {name: column[rows] for name, column in self._columns.items()}
        return [
            f'{self._heads[row]}"{time}+08:00","longitude_deg":{longitude:.6f},"latitude_deg":{latitude:.6f},'
            f'"speed_kmh":{speed:.1f},"heading_deg":{heading},"altitude_m":{altitude},'
            f'"alarm_bits":{alarm},"status_bits":{status}}}'
            for row, time, longitude, latitude, speed, heading, altitude, alarm, status in zip(
                rows.tolist(),
                _iso_texts(columns["time_ms"]),
                columns["longitude_deg"].tolist(),
                columns["latitude_deg"].tolist(),
                columns["speed_kmh"].tolist(),
                columns["heading_deg"].tolist(),
                columns["altitude_m"].tolist(),
                columns["alarm_bits"].tolist(),
                columns["status_bits"].tolist(),
                strict=True,
            )
        ]

    def _rows(self, keys: NDArray[np.int64], fallback: Callable[[int], RosterEntry]) -> Rows:
        """Rows of distinct keys; new vehicles get one."""
        places = np.searchsorted(self._keys, keys)
        known = np.zeros(len(keys), bool)
        within = places < len(self._keys)
        known[within] = self._keys[places[within]] == keys[within]
        if not known.all():
            self._add(keys[~known], [fallback(place) for place in np.flatnonzero(~known).tolist()])
            places = np.searchsorted(self._keys, keys)
        return self._row_of_key[places]

    def _add(self, keys: NDArray[np.int64], fallbacks: Sequence[RosterEntry]) -> None:
        first = len(self)
        self._grow(first + len(keys))
        for key, fallback in zip(keys.tolist(), fallbacks, strict=True):
            self._heads.append(_head(self._describe(key) or fallback))
        self._texts.extend([""] * len(keys))
        merged = np.concatenate([self._keys, keys])
        rows = np.concatenate([self._row_of_key, np.arange(first, len(self))])
        order = np.argsort(merged)
        self._keys, self._row_of_key = merged[order], rows[order]
        self._columns["time_ms"][first : len(self)] = _NEVER_MS

    def _grow(self, needed: int) -> None:
        size = len(self._changed)
        if needed <= size:
            return
        more = max(needed, 2 * size) - size
        self._columns = {
            name: np.concatenate([column, np.zeros(more, column.dtype)])
            for name, column in self._columns.items()
        }
        self._changed = np.concatenate([self._changed, np.zeros(more, bool)])
        self._live = np.concatenate([self._live, np.zeros(more, bool)])
        self._stale = np.concatenate([self._stale, np.ones(more, bool)])


def _newest_of_each(reports: Reports) -> Rows:
    """Index of the newest usable report of each vehicle; of one time the last to arrive."""
    time_ms, longitude, latitude = reports.time_ms, reports.longitude_deg, reports.latitude_deg
    usable = reports.positioned & (time_ms >= OLDEST_MS) & (time_ms <= reports.received_ms + CLOCK_AHEAD_MS)
    usable &= (np.abs(longitude) <= 180) & (np.abs(latitude) <= 90)  # false for NaN
    usable &= (reports.speed_kmh >= 0) & (reports.speed_kmh <= 250)
    index = np.flatnonzero(usable)
    index = index[np.lexsort((time_ms[index], reports.vehicle_key[index]))]
    keys = reports.vehicle_key[index]
    last = np.ones(len(index), bool)
    last[:-1] = keys[1:] != keys[:-1]
    return index[last]


def _iso_texts(time_ms: NDArray[np.int64]) -> list[str]:
    local = (time_ms + _SHANGHAI_MS).astype("datetime64[ms]")
    if not (time_ms % 1000).any():
        texts: list[str] = np.datetime_as_string(local, unit="s").tolist()
        return texts
    return [text.removesuffix(".000") for text in np.datetime_as_string(local, unit="ms").tolist()]


def _head(entry: RosterEntry) -> str:
    fields = {
        "vehicle_id": entry.vehicle_id,
        "plate": entry.plate or None,
        "vehicle_class": entry.vehicle_class,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))[:-1] + ',"time":'
