"""A world of two gateways, a database and terminals, all made up, to play with the dispatcher."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from alerts.command_kinds import KINDS
from alerts.command_progress import Held
from alerts.commands import Command
from stream.gateway.command_actions import Action, Claim, Expire, Repeat, Send, Write
from stream.gateway.command_dispatcher import Dispatcher, Limits

START_MS = 1_795_000_000_000
LIMITS = Limits(timeout_ms=10_000, repetitions=2, attempts=4, capacity=1000)
FINAL = {"answered", "failed", "expired"}


@dataclass
class Row:
    """A command as the database would have it."""

    command: Command
    state: str = "waiting"
    attempts: int = 0
    serial: int | None = None
    gateway: str | None = None
    link_ms: int = 0
    reason: str | None = None
    result: Any = None
    ends: int = 0


@dataclass
class Gateway:
    """A dispatcher, and what it has sent on which link: (command, serial), the newest last."""

    name: str
    dispatcher: Dispatcher = field(default_factory=lambda: Dispatcher(LIMITS))
    links: dict[str, list[tuple[Command, int]]] = field(default_factory=dict)
    serial: int = 0


class World:
    """Does what a dispatcher asks, at once, and keeps the books."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        self.rows: dict[str, Row] = {}
        self.gateways = {name: Gateway(name) for name in "AB"}
        self.talkative = True
        self.transmissions: Counter[str] = Counter()

    def order(self, kind: str, phone: str, valid_s: int = 300) -> Command:
        number = str(len(self.rows))
        times = (self.now_ms, self.now_ms + valid_s * 1000)
        command = Command(number, "V" + phone, int(phone), phone, kind, {}, "x", *times)
        self.rows[number] = Row(command)
        for gateway in self.gateways.values():
            self.do(gateway, gateway.dispatcher.take(Held(command), self.now_ms))
        return command

    def join(self, name: str, phone: str) -> None:
        self.now_ms += 1
        self.gateways[name].links[phone] = []
        self.do(self.gateways[name], self.gateways[name].dispatcher.joined(phone, self.now_ms))

    def leave(self, name: str, phone: str) -> None:
        if self.gateways[name].links.pop(phone, None) is not None:
            self.do(self.gateways[name], self.gateways[name].dispatcher.left(phone, self.now_ms))

    def restart(self, name: str) -> None:
        """Killed and started anew: all it knows is in the database."""
        self.gateways[name] = gateway = Gateway(name + "'")
        self.gateways[name].name = f"{name}{self.now_ms}"
        for row in self.rows.values():
            if row.state not in FINAL:
                held = Held(row.command, row.state, row.attempts, row.serial)
                self.do(gateway, gateway.dispatcher.take(held, self.now_ms))

    def acknowledge(self, name: str, phone: str, result: int = 0, back: int = 0) -> None:
        """The terminal says 0x0001 to what it heard last, or the `back`-th before."""
        heard = self.gateways[name].links.get(phone, [])
        if len(heard) > back:
            _, serial = heard[-1 - back]
            dispatcher = self.gateways[name].dispatcher
            self.do(self.gateways[name], dispatcher.acknowledged(phone, serial, 0x8000, result, self.now_ms))

    def answer(self, name: str, phone: str, back: int = 0) -> None:
        """The terminal sends the kind's own answer to what it heard."""
        heard = self.gateways[name].links.get(phone, [])
        if len(heard) > back:
            command, serial = heard[-1 - back]
            dispatcher, answer_id = self.gateways[name].dispatcher, KINDS[command.kind].answer_id
            if answer_id is None:
                return
            found = dispatcher.answering(phone, answer_id, serial, lambda _: True)
            if found is not None:
                done = dispatcher.answered(found.command_id, {"x": 1}, self.now_ms)
                self.do(self.gateways[name], done)

    def wait(self, seconds: float) -> None:
        """Time goes on; whatever is due happens at its time."""
        end = self.now_ms + round(seconds * 1000)
        while True:
            times = [one.dispatcher.next_time_ms() for one in self.gateways.values()]
            following = min((time for time in times if time is not None), default=end + 1)
            if following > end:
                break
            self.now_ms = max(self.now_ms, following)
            for gateway in self.gateways.values():
                self.do(gateway, gateway.dispatcher.due(self.now_ms, lambda *_: self.talkative))
        self.now_ms = end

    def do(self, gateway: Gateway, actions: list[Action]) -> None:
        for action in actions:
            self._do(gateway, action)

    def _do(self, gateway: Gateway, action: Action) -> None:
        match action:
            case Claim():
                held = self._claim(gateway, action)
                self.do(gateway, gateway.dispatcher.claimed(action, held, self.now_ms))
            case Send(command):
                self._transmit(gateway, command)
                gateway.serial += 1
                serial = gateway.serial & 0xFFFF
                gateway.links[command.terminal_phone].append((command, serial))
                sent = gateway.dispatcher.sent(command.command_id, 0x8000, (serial,), self.now_ms)
                self.do(gateway, sent)
            case Repeat(command_id):
                self._transmit(gateway, self.rows[command_id].command)
            case Write(progress):
                row = self.rows[progress.command_id]
                if row.gateway != gateway.name or row.state in FINAL:
                    self.do(gateway, gateway.dispatcher.lost(progress.command_id))
                    return
                row.state, row.attempts, row.serial = progress.state, progress.attempts, progress.serial
                row.reason, row.result = progress.reason, progress.result
                row.ends += progress.state in FINAL
                assert (progress.ended_ms is not None) == (progress.state in FINAL)
            case Expire(command_id):
                row = self.rows[command_id]
                if row.gateway in (None, gateway.name) and row.state not in FINAL:
                    row.state, row.ends = "expired", row.ends + 1

    def _claim(self, gateway: Gateway, claim: Claim) -> Held | None:
        row = self.rows[claim.command_id]
        if row.state in FINAL or row.command.expires_ms <= self.now_ms:
            return None
        if row.gateway not in (None, gateway.name) and row.link_ms >= claim.link_ms:
            return None
        row.gateway, row.link_ms = gateway.name, claim.link_ms
        return Held(row.command, row.state, row.attempts, row.serial)

    def _transmit(self, gateway: Gateway, command: Command) -> None:
        row = self.rows[command.command_id]
        assert command.terminal_phone in gateway.links, "sent without a link"
        assert command.expires_ms > self.now_ms, "sent after its time"
        if row.gateway == gateway.name:
            assert row.state not in FINAL, "sent after its end"
        self.transmissions[command.command_id] += 1
