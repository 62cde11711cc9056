"""When to ask a terminal for packages that did not come (0x8003; JT/T 808-2013, 8.4), and when to stop.

Bounded in count, bytes and age. The times between questions follow the standard's rule for answers,
T(n+1) = T(n) x (n+1); a package that arrives begins it anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from stream.jt808.assembly import Assembler, Open
from stream.jt808.header import Header
from stream.jt808.session_events import GivenUp, PackagesMissing

#: Package numbers a question: what 0x8800 may hold (JT/T 808-2013, table 82), and a BYTE counts.
MAX_PACKAGES = 125


@dataclass(frozen=True, slots=True)
class ResendLimits:
    """Seconds of silence before the first question, shorter once the last package has come, for then nothing
    is on its way; questions without any package in between, and in all; seconds a message may take.
    """

    after_s: float = 10.0
    after_last_s: float = 1.0
    without_progress: int = 3
    in_all: int = 20
    max_age_s: float = 600.0

    def set_due(self, message: Open, header: Header, repeated: bool) -> None:
        """A package has come: when to ask for the others."""
        if repeated:
            return
        message.asked = 0
        at_end = header.total in message.parts
        message.due_s = message.heard_s + (self.after_last_s if at_end else self.after_s)


DEFAULT_RESEND = ResendLimits()


def look(assembler: Assembler, now_s: float, limits: ResendLimits) -> list[PackagesMissing | GivenUp]:
    """The questions that are due, and the messages that are given up."""
    told: list[PackagesMissing | GivenUp] = []
    for message in assembler:
        if now_s - message.begun_s > limits.max_age_s:
            told.append(GivenUp(message.message_id, "age"))
            assembler.drop(message)
        elif now_s >= message.due_s:
            told.append(_ask_or_drop(assembler, message, now_s, limits))
    return told


def _ask_or_drop(
    assembler: Assembler, message: Open, now_s: float, limits: ResendLimits
) -> PackagesMissing | GivenUp:
    if message.asked >= limits.without_progress or message.asked_in_all >= limits.in_all:
        assembler.drop(message)
        return GivenUp(message.message_id, "silence")
    asked = message.asked
    message.asked += 1
    message.asked_in_all += 1
    wait_s = limits.after_s
    for number in range(1, message.asked + 1):
        wait_s *= number
    message.due_s = now_s + wait_s
    return PackagesMissing(
        message_id=message.message_id,
        first_serial=message.first_serial,
        packages=tuple(message.missing()[:MAX_PACKAGES]),
        asked=asked,
        first_body=message.parts.get(1, b""),
    )
