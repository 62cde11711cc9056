"""What a run says on standard output: progress, and each kind of trouble once."""

from collections.abc import Sequence

from simulators.session import Session
from simulators.terminal import Endpoint
from simulators.uploads import UploadCounts

# Texts shown between two lines of progress; the rest is only counted.
TEXTS_SHOWN = 5


def say(text: str) -> None:
    """One line, at once: a supervisor may be reading."""
    print(f"simulate: {text}", flush=True)


class Voice:
    """Speaks for a fleet."""

    def __init__(self, endpoint: Endpoint, uploads: UploadCounts) -> None:
        self._endpoint, self._uploads = endpoint, uploads
        self._texts_shown = 0
        self._reasons: set[str] = set()
        self._trouble_shown = False

    def text(self, line: str) -> None:
        """A text that reached a driver."""
        self._texts_shown += 1
        if self._texts_shown <= TEXTS_SHOWN:
            say(line)

    def refusal(self, phone: str, reason: str) -> None:
        """A terminal was turned away; each reason is told once, a whole fleet is refused for the same one."""
        if reason not in self._reasons:
            self._reasons.add(reason)
            say(f"terminal {phone}: {reason}; is the fleet registered? (--write-registry FILE)")

    def trouble(self) -> None:
        """Tell once that nothing can be reached; again only after it could."""
        endpoint = self._endpoint
        if endpoint.connected:
            self._trouble_shown, endpoint.last_error = False, ""
        elif endpoint.last_error and not self._trouble_shown:
            self._trouble_shown = True
            say(f"cannot reach {endpoint.host}:{endpoint.port}: {endpoint.last_error}; trying again")

    def progress(self, sessions: Sequence[Session]) -> None:
        """How far the fleet has come."""
        self._texts_shown = 0
        say(self._state(sessions))

    def ended(self, sessions: Sequence[Session]) -> None:
        """The last line."""
        sent = sum(session.counts.reports_sent for session in sessions)
        missing = sent - sum(session.counts.reports_acknowledged for session in sessions)
        tail = f"; {missing} reports were never acknowledged" if missing else ""
        say(f"ended: {self._state(sessions)}{tail}")

    def _state(self, sessions: Sequence[Session]) -> str:
        counts = [session.counts for session in sessions]
        parts: tuple[tuple[int, str], ...] = (
            (self._endpoint.connected, "connected"),
            (sum(session.state == "online" for session in sessions), "online"),
            (sum(each.reports_sent for each in counts), "reports sent"),
            (sum(each.reports_acknowledged for each in counts), "acknowledged"),
            (sum(each.resent for each in counts), "sent again"),
            (sum(each.refused for each in counts), "refused"),
            (sum(each.texts for each in counts), "texts received"),
        )
        # Files are spoken of only where there are some.
        files = ((self._uploads.files, "files uploaded"), (self._uploads.failed, "uploads given up"))
        parts += tuple(part for part in files if part[0])
        return ", ".join(f"{number} {what}" for number, what in parts)
