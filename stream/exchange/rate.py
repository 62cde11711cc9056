"""A bound on what a peer is sent in a second: a token bucket without a clock of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """Mutable. Holds what may be sent at once: at most one second's worth, so that a pause earns no burst
    that the peer did not agree to."""

    rate_per_s: float
    _tokens: float = 0.0
    _at_s: float | None = None

    def take(self, wanted: int, now_s: float) -> int:
        """How many of `wanted` may be sent at `now_s` (of a clock that does not go back); they are taken."""
        most = max(1.0, self.rate_per_s)
        if self._at_s is None:
            self._tokens = most
        else:
            self._tokens = min(most, self._tokens + (now_s - self._at_s) * self.rate_per_s)
        self._at_s = now_s
        allowed = min(wanted, int(self._tokens))
        self._tokens -= allowed
        return allowed

    def wait_s(self) -> float:
        """Until one more may be sent, counted from the newest `take`."""
        return max(0.0, (1.0 - self._tokens) / self.rate_per_s)
