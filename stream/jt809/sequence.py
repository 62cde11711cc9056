"""Lost messages, told by the sequence numbers of the other platform (JT/T 809-2011, 4.3.2)."""

from __future__ import annotations

_NUMBERS = 1 << 32
#: A leap of more than this is no loss: the platform began anew, or sends no sequence at all.
MAX_GAP = 1_000_000


class SequenceWatch:
    """Counts numbers that did not come. Both links share the numbers, so that some come a little late."""

    __slots__ = ("_highest", "missing")

    def __init__(self) -> None:
        self._highest: int | None = None
        self.missing = 0

    def restart(self) -> None:
        """The other platform has logged in anew and counts from anywhere."""
        self._highest = None

    def see(self, number: int) -> None:
        """One number, in the order of arrival."""
        ahead = 1 if self._highest is None else (number - self._highest) % _NUMBERS
        if 1 <= ahead <= MAX_GAP:
            self.missing += ahead - 1
            self._highest = number
        elif ahead >= _NUMBERS - MAX_GAP:
            # Late, or sent twice; more than were missing cannot have been found again.
            self.missing = max(0, self.missing - 1)
        elif ahead:
            self._highest = number
