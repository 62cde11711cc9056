"""Who may connect: the registry, asked in batches and remembered for a while.

After a network break tens of thousands of terminals authenticate at once. Their questions are gathered for a
moment and asked together; and a terminal seen lately is answered from memory, so that a database that is away
does not keep known vehicles off the road's watch.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.registry import Terminal
from rules.identity import vehicle_key

log = logging.getLogger(__name__)

#: Waiting for company: one question for all who ask within this time.
_GATHER_S = 0.01
#: Phones a question: keeps one query under 100 KB.
_BATCH = 2000
#: Terminals remembered: all heavy vehicles of a province; about 300 bytes each.
_REMEMBERED = 600_000

Find = Callable[[Sequence[str]], Awaitable[Mapping[str, Terminal]]]


class DirectoryUnavailable(Exception):
    """The registry cannot be asked now and the terminal is not remembered."""


@dataclass(slots=True)
class Directory:
    """Looks terminals up by phone (digits without leading zeros)."""

    find: Find
    admit_unknown: bool
    fresh_s: float = 60.0
    _known: OrderedDict[str, tuple[Terminal, float]] = field(default_factory=OrderedDict)
    _waiting: dict[str, asyncio.Future[Terminal | None]] = field(default_factory=dict)
    _asking: asyncio.Task[None] | None = None

    async def lookup(self, phone: str) -> Terminal | None:
        """The terminal of a phone, None when the registry does not know it. Raises DirectoryUnavailable."""
        known = self._known.get(phone)
        if known and time.monotonic() - known[1] < self.fresh_s:
            return known[0]
        terminal = await self._ask(phone)
        if terminal is None and self.admit_unknown:
            return trial_terminal(phone)
        return terminal

    def _ask(self, phone: str) -> asyncio.Future[Terminal | None]:
        answer = self._waiting.get(phone)
        if answer is None:
            answer = self._waiting[phone] = asyncio.get_running_loop().create_future()
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask_gathered())
        return asyncio.shield(answer)

    async def _ask_gathered(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHER_S)
            phones = list(self._waiting)[:_BATCH]
            answers = {phone: self._waiting.pop(phone) for phone in phones}
            try:
                found = await self.find(phones)
            except Exception as error:  # whatever keeps the database from answering: fall back on memory
                log.warning("registry cannot be asked: %s: %s", type(error).__name__, error)
                self._answer_from_memory(answers)
            else:
                self._answer(answers, found)

    def _answer(
        self, answers: Mapping[str, asyncio.Future[Terminal | None]], found: Mapping[str, Terminal]
    ) -> None:
        now_s = time.monotonic()
        for phone, answer in answers.items():
            terminal = found.get(phone)
            if terminal is None:
                self._known.pop(phone, None)
            else:
                self._known[phone] = (terminal, now_s)
                self._known.move_to_end(phone)
            answer.set_result(terminal)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _answer_from_memory(self, answers: Mapping[str, asyncio.Future[Terminal | None]]) -> None:
        for phone, answer in answers.items():
            known = self._known.get(phone)
            if known:
                answer.set_result(known[0])
            else:
                answer.set_exception(DirectoryUnavailable(phone))


def trial_terminal(phone: str) -> Terminal:
    """A terminal the registry does not know, admitted for a trial: its phone is vehicle id and code."""
    return Terminal(
        vehicle_id=phone,
        vehicle_key=vehicle_key(phone),
        terminal_phone=phone,
        plate="",
        plate_colour=0,
        vehicle_class=0,
        driver_id="",
        auth_code=phone,
    )
