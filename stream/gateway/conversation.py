"""What authenticated terminals say: positions to blocks, all else to `messages`, answers when durable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from alerts.terminal_messages import TerminalMessage
from alerts.terminal_traits import UNKNOWN_DIALECT
from rules.identity import partition_of
from stream.gateway import metrics
from stream.gateway.driver_card import card_of
from stream.gateway.hooks import Listener, Nobody, is_answer, reply_serial_of
from stream.gateway.intake import POSITION, POSITION_BATCH, Intake
from stream.gateway.message_builder import MessagePart, MessageReceipt
from stream.gateway.publisher import Publisher
from stream.gateway.responses import is_over, respond, tell_media
from stream.gateway.session import Session
from stream.gateway.traits import TraitMemory
from stream.jt808 import session_events as events
from stream.jt808.errors import ProtocolError
from stream.jt808.messages import (
    MESSAGES,
    Heartbeat,
    Message,
    RawMessage,
    Result,
    TerminalGeneralResponse,
    Unregister,
    decode_message,
)
from stream.jt808.messages.driver import DriverIdentity
from stream.jt808.messages.session import ServerTime, ServerTimeQuery

_MEDIA_DATA = 0x0801
_MEDIA_ID_BYTES = 4
#: Ids from here on are the platform's to send.
_DOWNLINK = 0x8000

#: 0x8004 is UTC by its text; what a terminal that expects GMT+8 like everywhere else must be told is later.
_GMT8 = timedelta(hours=8)


class Conversation:
    """For all sessions of a gateway. `listener` hears of answers to orders; `left` of who unregisters."""

    def __init__(
        self,
        intake: Intake,
        publisher: Publisher[MessagePart, MessageReceipt],
        memory: TraitMemory,
        *,
        left: Callable[[Session], None],
        local_time: bool = False,
    ) -> None:
        self._left = left
        self.listener: Listener = Nobody()
        self._intake = intake
        self._publisher = publisher
        self._memory = memory
        self._local_time = local_time
        self._tasks: set[asyncio.Task[None]] = set()
        publisher.settle = self.settle
        publisher.refuse = self._never_kept

    def take(self, session: Session, told: events.Received) -> None:
        """One whole message."""
        message_id, now_ms = told.message_id, int(time.time() * 1000)
        if message_id == POSITION:
            self._intake.take_one(session, told.serials, told.body, now_ms)
        elif message_id == POSITION_BATCH:
            self._intake.take_stored(session, told.serials, told.body, now_ms)
        elif message_id == Heartbeat.message_id:
            if told.body:
                metrics.ODDITIES.labels("heartbeat_body").inc()
            respond(session, told.serials[-1], message_id, Result.OK)
        else:
            self._keep(session, told, now_ms)

    def answer_again(self, session: Session, told: events.Repeated) -> None:
        """A package of a message that is whole: answer it once that message is durable."""
        if told.message_id in (POSITION, POSITION_BATCH):
            self._intake.answer_behind(session, told.serial, told.message_id)
        else:
            self._publish(session, None, MessageReceipt(session, told.message_id, (told.serial,)))

    def settle(self, receipts: Sequence[MessageReceipt]) -> None:
        """These messages are durable: say so to their terminals."""
        for receipt in receipts:
            if is_over(receipt.session):
                continue
            for serial in receipt.serials:
                respond(receipt.session, serial, receipt.message_id, receipt.result)
            if receipt.media_id is not None:
                tell_media(receipt.session, receipt.reply_serial, receipt.media_id)
            if receipt.message_id == Unregister.message_id:
                self._left(receipt.session)
        metrics.PENDING_BYTES.set(self._publisher.pending)

    def learn_edition(self, session: Session, vehicle_key: int) -> None:
        """A registration has told 2011 and 2013 apart, which nothing later does."""
        known = self._memory.of(vehicle_key)
        heard = known.with_speech(session.edition, UNKNOWN_DIALECT, int(time.time() * 1000))
        if heard is not known and (heard.edition == "2011" or known.edition):
            self._memory.change(heard)

    def _never_kept(self, receipts: Sequence[MessageReceipt]) -> None:
        """The broker will not take these: their terminals should not wait."""
        for receipt in receipts:
            metrics.REFUSED.labels("too_large").inc()
            for serial in receipt.serials:
                respond(receipt.session, serial, receipt.message_id, Result.FAILURE)

    def _keep(self, session: Session, told: events.Received, now_ms: int) -> None:
        message_id = told.message_id
        message, result = self._read(session, told)
        if is_answer(message_id):
            reply = reply_serial_of(message_id, told.body)
            self.listener.answered(session, message_id, reply, message)
            if message_id == TerminalGeneralResponse.message_id:
                return
        kept = TerminalMessage(
            vehicle_key=session.known_terminal.vehicle_key,
            vehicle_id=session.known_terminal.vehicle_id,
            terminal_phone=session.phone,
            received_ms=now_ms,
            message_id=message_id,
            serial=told.serials[-1],
            edition=session.edition,
            body=told.body,
        )
        if message_id == ServerTimeQuery.message_id:
            self._tell_time(session)
            self._publish(session, kept, None)
            return
        receipt = self._receipt(session, told, result)
        if isinstance(message, DriverIdentity):
            self._card(session, message, kept, receipt)
        else:
            self._publish(session, kept, receipt)

    def _read(self, session: Session, told: events.Received) -> tuple[Message | RawMessage, Result]:
        """The message and what is answered when it is kept.

        An id that nobody knows is unsupported, a body that cannot be read is bad; both are kept as they came.
        """
        if told.message_id not in MESSAGES or told.message_id >= _DOWNLINK:
            metrics.UNKNOWN_MESSAGES.inc()
            return RawMessage(told.message_id, told.body), Result.NOT_SUPPORTED
        try:
            return decode_message(told.message_id, told.body, session.edition), Result.OK
        except ProtocolError:
            metrics.REFUSED.labels("malformed").inc()
            return RawMessage(told.message_id, told.body), Result.BAD_MESSAGE

    @staticmethod
    def _receipt(session: Session, told: events.Received, result: Result) -> MessageReceipt:
        """0x0801 is answered by 0x8800; its packages each by 0x8001 besides."""
        if told.message_id != _MEDIA_DATA or result is not Result.OK:
            return MessageReceipt(session, told.message_id, told.serials, result)
        serials = told.serials if told.packages else ()
        media_id = int.from_bytes(told.body[:_MEDIA_ID_BYTES])
        return MessageReceipt(session, told.message_id, serials, result, media_id, told.serials[-1])

    def _publish(
        self, session: Session, message: TerminalMessage | None, receipt: MessageReceipt | None
    ) -> None:
        partition = partition_of(session.known_terminal.vehicle_key, self._publisher.partitions)
        self._publisher.add(partition, MessagePart(message, receipt))
        metrics.PENDING_BYTES.set(self._publisher.pending)

    def _tell_time(self, session: Session) -> None:
        now = datetime.now(UTC)
        session.send(ServerTime(now + _GMT8 if self._local_time else now))

    def _card(
        self, session: Session, message: DriverIdentity, kept: TerminalMessage, receipt: MessageReceipt
    ) -> None:
        """Whose card is in, from now on and after a restart: the answer leaves when that is written down."""
        driver_id, since_ms = card_of(message, kept.received_ms)
        metrics.CARDS.labels("in" if driver_id else "out").inc()
        known = self._memory.of(kept.vehicle_key)
        changed = known.with_driver(driver_id, since_ms, kept.received_ms)
        if changed is known:
            self._publish(session, kept, receipt)
            return
        self._memory.change(changed)
        session.take_traits(changed)
        task = asyncio.create_task(self._publish_card(session, kept, receipt))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _publish_card(self, session: Session, kept: TerminalMessage, receipt: MessageReceipt) -> None:
        await self._memory.saved(kept.vehicle_key)
        self._publish(session, kept, receipt)
