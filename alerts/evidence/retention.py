"""How long evidence is kept (动态监督管理办法, article 26).

Dynamic data at least six months, violations and their handling at least three years. Whatever belongs to an
alarm is part of a violation; a file that no alarm asked for is dynamic data until an alarm is found for it.
"""

from __future__ import annotations

from dataclasses import dataclass

LEAST_DYNAMIC_DAYS = 184
"""Six months, the longest six in a row."""
LEAST_VIOLATION_DAYS = 1096
"""Three years, one of them a leap year."""

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Retention:
    """Days from the moment of arrival; what is younger is never deleted by this program."""

    dynamic_days: int = 190
    violation_days: int = 1100

    def expires_ms(self, arrived_ms: int, *, violation: bool) -> int:
        """When something that came at `arrived_ms` may be deleted; milliseconds since 1970 UTC."""
        return arrived_ms + (self.violation_days if violation else self.dynamic_days) * _DAY_MS
