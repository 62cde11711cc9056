"""Which raw alarms stand behind an alert of active safety, for those who have no database to ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rules.change import AlarmFiling, EpisodeChange


class RawAlarms:
    """Collects the alarms of outcomes, in order."""

    def __init__(self) -> None:
        self._of_alert: dict[str, dict[str, int]] = {}

    def add(self, alarms: Iterable[AlarmFiling]) -> None:
        """Take the raw alarms of one outcome. One told twice under its identifier is one."""
        for one in alarms:
            for alert in (one.alert_id, one.fused_alert_id):
                if alert is not None:
                    known = self._of_alert.setdefault(alert, {})
                    known.setdefault(one.identifier.hex(), one.terminal_alarm_id)

    def explained(self, change: EpisodeChange) -> EpisodeChange:
        """A change with the identifiers of its alarms, in hex, and the numbers terminals gave them."""
        alarms = self._of_alert.get(change.alert_id)
        if alarms is None:
            return change
        said = {"alarm_ids": list(alarms), "terminal_alarm_ids": list(alarms.values())}
        return replace(change, detail={**change.detail, **said})
