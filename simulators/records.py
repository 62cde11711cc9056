"""Files of a run: the ledger of acknowledged reports and the ground truth, in JSON lines."""

import csv
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from io import TextIOWrapper
from pathlib import Path

from simulators.events import Event

CHINA = timezone(timedelta(hours=8))
LEDGER_FIELDS = ("vehicle_id", "time_ms", "serial", "longitude_deg", "latitude_deg", "speed_kmh")


def text_time(time_ms: int | None) -> str | None:
    """ISO 8601 with +08:00."""
    if time_ms is None:
        return None
    return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(CHINA).isoformat()


class Ledger:
    """One row for each acknowledged report: what a database must hold, once each."""

    def __init__(self, path: str | Path) -> None:
        self._file: TextIOWrapper = open(path, "w", encoding="utf-8", newline="")  # noqa: SIM115
        self._csv = csv.writer(self._file) if str(path).endswith(".csv") else None
        if self._csv:
            self._csv.writerow(LEDGER_FIELDS)

    def write(self, vehicle_id: str, serial: int, sample: tuple[int, float, float, float]) -> None:
        """Note a report as acknowledged."""
        row = (vehicle_id, sample[0], serial, *sample[1:])
        if self._csv:
            self._csv.writerow(row)
        else:
            self._file.write(json.dumps(dict(zip(LEDGER_FIELDS, row, strict=True))) + "\n")

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """No more rows."""
        self._file.close()


class TruthFile:
    """One line for each event, as soon as it is certain."""

    def __init__(self, path: str | Path) -> None:
        self._file: TextIOWrapper = open(path, "w", encoding="utf-8")  # noqa: SIM115

    def write(self, vehicle_id: str, role: str, events: Iterable[Event]) -> None:
        """Append the events of one vehicle."""
        for event in events:
            self._file.write(json.dumps(truth_line(vehicle_id, role, event), ensure_ascii=False) + "\n")

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def truth_line(vehicle_id: str, role: str, event: Event) -> dict[str, object]:
    """One event as it stands in the file: ``rule`` where a finding is to be expected, ``fact`` elsewhere."""
    return {
        "vehicle_id": vehicle_id,
        "fact" if event.fact else "rule": event.rule,
        "start": text_time(event.start_ms),
        "found": text_time(event.found_ms),
        "end": text_time(event.end_ms),
        "start_ms": event.start_ms,
        "found_ms": event.found_ms,
        "end_ms": event.end_ms,
        "role": role,
        **event.detail,
    }
