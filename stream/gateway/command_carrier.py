"""Between the dispatcher, the terminals' sessions and the database: does what is to be done."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

import asyncpg

from alerts.command_kinds import DELIVERED, KINDS, SENT, UNFINISHED
from alerts.command_progress import Held, Progress
from alerts.commands import Command
from stream.gateway import metrics
from stream.gateway.command_actions import Action, Claim, Expire, Repeat, Send, Write
from stream.gateway.command_archives import START, STOP, Archives
from stream.gateway.command_dispatcher import Dispatcher, Limits
from stream.gateway.command_messages import failure_of, fits, message_of, result_of
from stream.gateway.command_writer import CommandWriter
from stream.gateway.server import Gateway
from stream.gateway.session import Session
from stream.jt808.errors import EncodeError
from stream.jt808.messages import Message, RawMessage, TerminalGeneralResponse
from stream.jt808.session_events import Sent

log = logging.getLogger(__name__)


class Carrier:
    """Follows the sessions of a gateway (`stream.gateway.hooks.Listener`). Mutable.

    wanted: vehicles that have just joined, whose commands are to be looked up: another gateway may have had
    them in hand, and more may be unfinished than are kept.
    """

    def __init__(self, gateway: Gateway, pool: asyncpg.Pool, name: str, limits: Limits) -> None:
        self.archives = Archives()
        self.archives.changed = gateway.archive
        self.dispatcher = Dispatcher(limits)
        self.writer = CommandWriter(pool, name, self._claimed, self._lost)
        self.wanted: set[int] = set()
        self._gateway = gateway
        self._sent: dict[str, Sent] = {}
        metrics.COMMANDS_UNFINISHED.set_function(lambda: len(self.dispatcher))

    def take(self, held: Held) -> None:
        """A command from the topic or the database."""
        command, now_ms = held.command, _now_ms()
        if command.kind not in KINDS:
            # A newer desk knows more than this gateway; a newer gateway will find it in the table.
            metrics.COMMANDS.labels("unknown_kind").inc()
        elif command.kind in (START, STOP):
            if self.archives.take(held, now_ms):
                self.writer.put_in_force([command.command_id])
            elif command.expires_ms <= now_ms:
                self.writer.expire([command.command_id])
        else:
            self._do(self.dispatcher.take(held, now_ms))

    def ids(self) -> set[str]:
        """All commands that are kept."""
        return self.dispatcher.ids() | self.archives.ids()

    def forget(self, command_ids: Iterable[str]) -> None:
        """Commands that have ended elsewhere."""
        ended = set(command_ids)
        self.archives.forget(ended)
        for command_id in ended:
            self._lost(command_id)

    def tick(self) -> None:
        """Do what is due."""
        now_ms = _now_ms()
        self._do(self.dispatcher.due(now_ms, self._heard))
        self.writer.expire(self.archives.due(now_ms))

    # --- what sessions tell ------------------------------------------------------------------------------

    def joined(self, session: Session) -> None:
        """A terminal has authenticated: what waits for it goes out."""
        self.wanted.add(session.known_terminal.vehicle_key)
        self._do(self.dispatcher.joined(session.phone, _now_ms()))

    def left(self, session: Session) -> None:
        """Its session has ended."""
        self._do(self.dispatcher.left(session.phone, _now_ms()))

    def answered(
        self, session: Session, message_id: int, reply_serial: int | None, message: Message | RawMessage
    ) -> None:
        """An answer has come."""
        now_ms = _now_ms()
        if isinstance(message, TerminalGeneralResponse):
            told = (message.reply_serial, message.reply_id, message.result)
            self._do(self.dispatcher.acknowledged(session.phone, *told, now_ms))
            return
        command = self.dispatcher.answering(
            session.phone, message_id, reply_serial, lambda one: fits(one, message)
        )
        if command is None:
            return
        result, reason = result_of(message, session.edition), failure_of(message)
        if reason is None:
            self._do(self.dispatcher.answered(command.command_id, result, now_ms))
        else:
            self._do(self.dispatcher.failed(command.command_id, reason, now_ms, result))

    # --- what the dispatcher asks ------------------------------------------------------------------------

    def _do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Claim():
                    self.writer.claim(action)
                case Send(command):
                    self._send(command)
                case Repeat(command_id):
                    self._repeat(command_id)
                case Write(progress):
                    self._write(progress)
                case Expire(command_id):
                    metrics.COMMANDS.labels("expired").inc()
                    self.writer.expire([command_id])

    def _send(self, command: Command) -> None:
        session = self._gateway.session_of(command.terminal_phone)
        if session is None:
            return  # it is leaving at this moment; the dispatcher will hear of it
        try:
            sent = session.send(message_of(command, session.edition))
        except EncodeError as error:
            log.warning("command %s cannot be sent to %s: %s", command.command_id, command.vehicle_id, error)
            reason = f"unencodable: {error}"
            self._do(self.dispatcher.failed(command.command_id, reason, _now_ms()))
            return
        metrics.COMMANDS.labels("sent").inc()
        self._sent[command.command_id] = sent
        self._do(self.dispatcher.sent(command.command_id, sent.message_id, sent.serials, _now_ms()))

    def _repeat(self, command_id: str) -> None:
        sent, command = self._sent.get(command_id), self.dispatcher.command(command_id)
        session = self._gateway.session_of(command.terminal_phone) if command else None
        if sent is not None and session is not None:
            metrics.COMMANDS.labels("repeated").inc()
            session.send_again(sent)

    def _write(self, progress: Progress) -> None:
        if progress.state != SENT:
            metrics.COMMANDS.labels(progress.state).inc()
        if progress.state not in UNFINISHED or progress.state == DELIVERED:
            self._sent.pop(progress.command_id, None)
        self.writer.write(progress)

    def _claimed(self, claim: Claim, held: Held | None) -> None:
        self._do(self.dispatcher.claimed(claim, held, _now_ms()))

    def _lost(self, command_id: str) -> None:
        self._sent.pop(command_id, None)
        self._do(self.dispatcher.lost(command_id))

    def _heard(self, phone: str, since_ms: int) -> bool:
        session = self._gateway.session_of(phone)
        age_s = (_now_ms() - since_ms) / 1000
        return session is not None and time.monotonic() - session.heard_s < age_s


def _now_ms() -> int:
    return int(time.time() * 1000)
