"""What `haulwatch up` prints: its own progress, and its children's warnings in short."""

import re
import sys
import threading
import time

_WARNING = re.compile(r"\b(WARNING|WARN|ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback ")
_EXPECTED = re.compile(
    r"database system is (starting up|shutting down)"
    r"|checkpoint is of another log|the log is another one|: connected$"
)
"""Not worth a line: we ask a server whether it is up, and the embedded broker's log is new each time."""

LINE_CHARACTERS = 200
"""A warning on the console is a hint; the whole line is in the log."""

WARNINGS_A_MINUTE = 10
"""For each child; a child in trouble must not bury the others."""


class Console:
    """Prints whole lines from any thread."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._budget: dict[str, tuple[int, int]] = {}

    def say(self, text: str) -> None:
        """One line of progress with the seconds since the start."""
        with self._lock:
            print(f"[{time.monotonic() - self._began:5.1f} s] {text}", flush=True)

    def complain(self, text: str) -> None:
        """One line on standard error."""
        with self._lock:
            print(text, file=sys.stderr, flush=True)

    def child_line(self, name: str, line: str) -> None:
        """Shows a child's line when it is a warning and the child has not shown too many."""
        if not _WARNING.search(line) or _EXPECTED.search(line):
            return
        shown = self._shown_this_minute(name)
        if shown < WARNINGS_A_MINUTE:
            self.complain(f"  {name}: {line[:LINE_CHARACTERS]}")
        elif shown == WARNINGS_A_MINUTE:
            self.complain(f"  {name}: more of this is in its log")

    def _shown_this_minute(self, name: str) -> int:
        minute = int(time.monotonic() // 60)
        with self._lock:
            begun, shown = self._budget.get(name, (minute, 0))
            if begun != minute:
                shown = 0
            self._budget[name] = (minute, shown + 1)
        return shown
