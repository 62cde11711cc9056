"""What becomes of commands: who is next, when to repeat, when to give up. No socket, no database, no clock.

The rules, after JT/T 808-2013 4.5.2 (2019: 4.5.2), "messages sent by the platform":

1. A command is sent when its terminal has a link here and the database says that it is ours (`Claim`).
2. Commands of a family go out one by one: the next when the one before is acknowledged or has ended.
3. An acknowledgement that does not come within T has the message repeated, unchanged; after the n-th
   repetition the wait is n times the one before. After the last one the command has failed, if the terminal
   said anything meanwhile; a terminal that is silent is taken to have lost its link.
4. On a new link a command without acknowledgement is sent again, as a new message.
5. It is answered, failed or expired once, and then forgotten.

Methods return what is to be done; times are in ms since 1970 UTC.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from alerts.command_kinds import ANSWERED, DELIVERED, EXPIRED, FAILED, SENT, WAITING
from alerts.command_progress import Held
from alerts.commands import Command
from stream.gateway.command_actions import Action, Claim, Expire, Repeat, Send, Write
from stream.gateway.command_entry import Entry
from stream.gateway.command_line import Line

Heard = Callable[[str, int], bool]
"""Whether the terminal of a phone has said anything since a time."""

_REFUSALS = {1: "refused", 2: "bad_message", 3: "unsupported"}
"""Results of 0x0001 (JT/T 808-2013, 8.1)."""

_LATE = {WAITING: "not_connected", SENT: "not_acknowledged", DELIVERED: "not_answered"}


@dataclass(frozen=True, slots=True)
class Limits:
    """timeout_ms: T of the standard. repetitions: on one link. attempts: on all links together."""

    timeout_ms: int
    repetitions: int
    attempts: int
    capacity: int


class Dispatcher:
    """All unfinished commands that a gateway knows. Mutable."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._entries: dict[str, Entry] = {}
        self._lines: dict[str, Line] = {}
        self._times: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, command_id: str) -> bool:
        return command_id in self._entries

    def command(self, command_id: str) -> Command | None:
        """A command that is kept."""
        entry = self._entries.get(command_id)
        return entry.command if entry else None

    @property
    def full(self) -> bool:
        """Whether no more commands of absent terminals are kept."""
        return len(self._entries) >= self._limits.capacity

    def ids(self) -> set[str]:
        """Ids of all commands that are kept."""
        return set(self._entries)

    def take(self, held: Held, now_ms: int) -> list[Action]:
        """A command from the topic or the database; one that is known already changes nothing.

        One too many for a terminal that is not here is left to the database.
        """
        command = held.command
        if command.command_id in self._entries:
            return []
        line = self._lines.get(command.terminal_phone)
        if self.full and (line is None or line.link_ms is None):
            return []
        entry = self._entries[command.command_id] = Entry.of(held)
        line = self._lines.setdefault(command.terminal_phone, Line())
        line.add(entry)
        heapq.heappush(self._times, (command.expires_ms, command.command_id))
        return [] if command.expires_ms <= now_ms else line.claims()

    def joined(self, phone: str, now_ms: int) -> list[Action]:
        """The terminal has a new link here, authenticated now."""
        line = self._lines.setdefault(phone, Line())
        actions = self._cut(line, now_ms) if line.link_ms is not None else []
        line.link_ms = now_ms if line.link_ms is None else max(now_ms, line.link_ms + 1)
        return actions + line.claims()

    def left(self, phone: str, now_ms: int) -> list[Action]:
        """The terminal's link here is gone."""
        line = self._lines.get(phone)
        if line is None or line.link_ms is None:
            return []
        actions = self._cut(line, now_ms)
        line.link_ms = None
        self._tidy(phone, line)
        return actions

    def claimed(self, claim: Claim, held: Held | None, now_ms: int) -> list[Action]:
        """The database's answer: `held` as it is there and ours for that link; None when it is not ours."""
        entry = self._entries.get(claim.command_id)
        if entry is None:
            return []
        line = self._lines[entry.command.terminal_phone]
        entry.claiming = False
        if held is None:
            return self._remove(entry)
        entry.take_over(held)
        entry.link_ms = claim.link_ms
        if line.link_ms != claim.link_ms:
            return line.claims()
        if entry.delivered and not entry.kind.reads:
            return line.claims()
        if entry.state == SENT and entry.kind.once:
            return self._end(entry, FAILED, now_ms, reason="link_lost")
        if entry.attempts >= self._limits.attempts:
            if entry.delivered:
                return line.claims()
            return self._end(entry, FAILED, now_ms, reason="no_answer")
        entry.deadline_ms = now_ms + self._limits.timeout_ms
        return [Send(entry.command)]

    def sent(self, command_id: str, message_id: int, serials: tuple[int, ...], now_ms: int) -> list[Action]:
        """A `Send` was done, under these serials: one a package."""
        entry = self._entries.get(command_id)
        if entry is None:
            return []
        entry.message_id, entry.serials, entry.acknowledged = message_id, serials, set()
        entry.attempts += 1
        entry.tries = 1
        entry.wait_ms, entry.last_ms = self._limits.timeout_ms, now_ms
        entry.sent_ms = entry.sent_ms or now_ms
        self._await(entry, now_ms + entry.wait_ms)
        if not entry.delivered:
            entry.state = SENT
        return [Write(entry.progress())]

    def failed(
        self, command_id: str, reason: str, now_ms: int, result: dict[str, Any] | None = None
    ) -> list[Action]:
        """It cannot be sent, or its answer says that it was not carried out."""
        entry = self._entries.get(command_id)
        return [] if entry is None else self._end(entry, FAILED, now_ms, result, reason)

    def lost(self, command_id: str) -> list[Action]:
        """The database says that it is not ours any more, or has ended."""
        entry = self._entries.get(command_id)
        return [] if entry is None else self._remove(entry)

    def acknowledged(
        self, phone: str, serial: int, message_id: int, result: int, now_ms: int
    ) -> list[Action]:
        """A terminal general response (0x0001) to the message of that id under that serial."""
        entry = self._find(
            phone, lambda one: one.under_way and serial in one.serials and one.message_id == message_id
        )
        if entry is None:
            return []
        if result != 0:
            reason = _REFUSALS.get(result, f"result_{result}")
            return self._end(entry, FAILED, now_ms, {"result": result}, reason)
        entry.acknowledged.add(serial)
        whole = serial == entry.serials[-1] or len(entry.acknowledged) == len(entry.serials)
        return self._deliver(entry, now_ms) if whole else []

    def answering(
        self, phone: str, message_id: int, serial: int | None, fits: Callable[[Command], bool]
    ) -> Command | None:
        """The command that an uplink message answers: by its serial, the oldest where it carries none."""
        entry = self._find(
            phone,
            lambda one: (
                one.kind.answer_id == message_id
                and one.state != WAITING
                and one.link_ms is not None
                and (serial is None or serial in one.serials)
                and fits(one.command)
            ),
        )
        return entry.command if entry else None

    def answered(self, command_id: str, result: dict[str, Any], now_ms: int) -> list[Action]:
        """Its own answer has come."""
        entry = self._entries.get(command_id)
        if entry is None:
            return []
        entry.delivered_ms = entry.delivered_ms or now_ms
        return self._end(entry, ANSWERED, now_ms, result)

    def due(self, now_ms: int, heard: Heard) -> list[Action]:
        """What time brings: repetitions, and ends."""
        actions: list[Action] = []
        while self._times and self._times[0][0] <= now_ms:
            time_ms, command_id = heapq.heappop(self._times)
            entry = self._entries.get(command_id)
            if entry is None:
                continue
            if entry.command.expires_ms <= now_ms:
                actions += self._expire(entry, now_ms)
            elif entry.deadline_ms == time_ms:
                actions += self._overdue(entry, now_ms, heard)
        return actions

    def next_time_ms(self) -> int | None:
        """When `due` may have something to do; None while nothing is kept."""
        return self._times[0][0] if self._times else None

    def _cut(self, line: Line, now_ms: int) -> list[Action]:
        """The link has broken under what is under way."""
        actions: list[Action] = []
        for entry in list(line.entries):
            if entry.under_way:
                entry.deadline_ms = None
                if entry.kind.once and entry.state == SENT:
                    actions += self._end(entry, FAILED, now_ms, reason="link_lost")
        return actions

    def _overdue(self, entry: Entry, now_ms: int, heard: Heard) -> list[Action]:
        if entry.acknowledged:
            # Of a message in packages: on one link what came before the acknowledged one has come too.
            return self._deliver(entry, now_ms)
        if entry.tries <= self._limits.repetitions and entry.attempts < self._limits.attempts:
            entry.wait_ms *= entry.tries
            entry.tries += 1
            entry.attempts += 1
            entry.last_ms = now_ms
            self._await(entry, now_ms + entry.wait_ms)
            return [Repeat(entry.command.command_id), Write(entry.progress())]
        if heard(entry.command.terminal_phone, entry.last_ms):
            return self._end(entry, FAILED, now_ms, reason="no_answer")
        self._await(entry, now_ms + self._limits.timeout_ms)
        return []

    def _await(self, entry: Entry, deadline_ms: int) -> None:
        entry.deadline_ms = deadline_ms
        heapq.heappush(self._times, (deadline_ms, entry.command.command_id))

    def _deliver(self, entry: Entry, now_ms: int) -> list[Action]:
        entry.deadline_ms = None
        entry.delivered_ms = entry.delivered_ms or now_ms
        if entry.kind.answer_id is None:
            return self._end(entry, ANSWERED, now_ms, {"result": 0})
        entry.state = DELIVERED
        line = self._lines[entry.command.terminal_phone]
        return [Write(entry.progress()), *line.claims()]

    def _expire(self, entry: Entry, now_ms: int) -> list[Action]:
        if entry.link_ms is not None:
            return self._end(entry, EXPIRED, now_ms, reason=_LATE[entry.state])
        return [Expire(entry.command.command_id), *self._remove(entry)]

    def _end(
        self,
        entry: Entry,
        state: str,
        now_ms: int,
        result: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> list[Action]:
        answered_ms = now_ms if state == ANSWERED else None
        end = replace(
            entry.progress(),
            state=state,
            answered_ms=answered_ms,
            ended_ms=now_ms,
            result=result,
            reason=reason,
        )
        return [Write(end), *self._remove(entry)]

    def _find(self, phone: str, wanted: Callable[[Entry], bool]) -> Entry | None:
        line = self._lines.get(phone)
        return line.find(wanted) if line else None

    def _remove(self, entry: Entry) -> list[Action]:
        """Keep it no longer; whoever waited for it comes next."""
        phone = entry.command.terminal_phone
        line = self._lines[phone]
        del self._entries[entry.command.command_id]
        line.entries.remove(entry)
        self._tidy(phone, line)
        return line.claims()

    def _tidy(self, phone: str, line: Line) -> None:
        if not line.entries and line.link_ms is None:
            del self._lines[phone]
