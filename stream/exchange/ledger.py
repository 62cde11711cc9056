"""What was written to a peer and is not yet known to have arrived.

JT/T 809 acknowledges no position. But a link test is answered in the order of the stream: what was written
to the main link before an answered test has been read by the peer. On the sub link, which only the upper
platform tests, what was written counts as arrived when the link has stayed up for a while.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

from stream.jt809.events import LinkName

if TYPE_CHECKING:
    from stream.exchange.session import Clock, Proof, Session

TRUST_S = 30.0
"""On the sub link: longer than TCP leaves bytes on a sound connection unacknowledged."""

T = TypeVar("T")


class Ledger(Generic[T]):
    """Mutable. Tell it what was written (`wrote`), ask it how far the peer is known to be (`arrived`) and
    whether what was written may be lost (`broken`); then begin a new one where the last one had got to."""

    def __init__(self, session: Session, confirm_s: float, clock: Clock) -> None:
        self._session = session
        self._confirm_s = confirm_s
        self._clock = clock
        self._breaks = dict(session.breaks)
        self._written: set[LinkName] = set()
        self._asked: set[LinkName] = set()
        self._progress: T | None = None
        self._proof: Proof | None = None
        self._asked_s = float("-inf")

    @property
    def broken(self) -> bool:
        """Whether a link broke that carried something unconfirmed."""
        now = self._session.breaks
        return any(now[name] != self._breaks.get(name, 0) for name in self._written | self._asked)

    def wrote(self, links: Iterable[LinkName]) -> None:
        """Something was written to these links."""
        for name in links:
            if name not in self._written and name not in self._asked:
                self._breaks[name] = self._session.breaks[name]
            self._written.add(name)

    def arrived(self, progress: T) -> T | None:
        """How far the peer is known to have got, when that is news; `progress` is how far it was written.
        Call it often."""
        if self._confirm_s == 0:
            self._written.clear()
            return progress
        now_s = self._clock()
        if self._progress is None:
            if now_s >= self._asked_s + self._confirm_s:
                self._ask(progress, now_s)
            return None
        if not self._is_proven(now_s):
            return None
        known, self._progress = self._progress, None
        self._asked.clear()
        return known

    def _ask(self, progress: T, now_s: float) -> None:
        self._proof = self._session.prove() if "main" in self._written else None
        self._asked, self._written = self._written, set()
        self._progress, self._asked_s = progress, now_s

    def _is_proven(self, now_s: float) -> bool:
        if "main" in self._asked and (self._proof is None or not self._session.is_proven(self._proof)):
            return False
        return "sub" not in self._asked or now_s >= self._asked_s + TRUST_S
