"""One connection of a terminal: its events, one after the other, to files and answers."""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING

from alerts.evidence.files import Alarm, Announced
from alerts.registry import Terminal
from stream.attachments import metrics
from stream.attachments.control import MAX_RANGES_AN_ANSWER, FileHead
from stream.attachments.ranges import TooManyRanges
from stream.attachments.refusal import Refused
from stream.attachments.session import (
    AttachmentSession,
    EndCame,
    Event,
    Fault,
    HeadCame,
    ListCame,
    OtherCame,
    PieceCame,
)
from stream.attachments.upload import Upload, fitting
from stream.jt808.attachment_stream import NAME_BYTES
from stream.jt808.header import Header
from stream.jt808.messages import Result
from stream.jt808.text import decode_text

if TYPE_CHECKING:
    from stream.attachments.uploads import Uploads

log = logging.getLogger(__name__)

_END_THE_LINK = frozenset({"unknown_terminal", "other_terminal"})


class Link:
    """Events in, bytes to send out. `take` is called with one event at a time, in order.

    A refusal is said in the answer and counted; only `Fault`s that are fatal and too many bytes end the link.
    """

    def __init__(self, uploads: Uploads, peer: str) -> None:
        self._uploads = uploads
        self._peer = peer
        self._limits = uploads.limits
        self._terminal: Terminal | None = None
        self._alarm: Alarm | None = None
        self._files: list[Upload] = []
        self._current: Upload | None = None
        self._bytes = 0
        self.session = AttachmentSession(uploads.limits.file_bytes)
        self.over = False

    def received(self, data: bytes) -> list[Event]:
        """The events of the next bytes; none when the link has sent more than one may."""
        self._bytes += len(data)
        metrics.RECEIVED.inc(len(data))
        if self._bytes > self._limits.link_bytes:
            self._refuse("link_bytes", f"more than {self._limits.link_bytes} bytes on one connection")
            self.over = True
            return []
        return self.session.receive_data(data)

    async def take(self, event: Event) -> bytes:
        """Do what one event asks for; returns what is to be sent. Raises the database's, the disk's and the
        store's errors: then the link is to be closed, and the terminal comes again."""
        try:
            return await self._take(event)
        except Refused as refused:
            self._refuse(refused.code, str(refused))
            self.over = self.over or refused.code in _END_THE_LINK
            if isinstance(event, PieceCame | Fault):
                return b""
            return self.session.general_answer(event.header, Result.FAILURE)

    async def _take(self, event: Event) -> bytes:
        match event:
            case PieceCame():
                await self._on_piece(event)
                return b""
            case Fault():
                self._on_fault(event)
                return b""
            case EndCame():
                return await self._on_end(event)
            case OtherCame():
                return self.session.general_answer(event.header, event.result)
            case ListCame():
                await self._on_list(event)
            case HeadCame():
                await self._on_head(event)
        return self.session.general_answer(event.header, Result.OK)

    async def close(self) -> None:
        """Bring what came to the disk, so that the next link goes on from there."""
        for upload in self._files:
            await self._uploads.release(upload, self)
        self._files = []

    async def _on_list(self, event: ListCame) -> None:
        message = event.message
        terminal = await self._known(event.header)
        alarm = await self._uploads.alarm(terminal, message.identifier, message.alarm_number)
        listed = [Announced(_text(one.name), one.size_bytes) for one in message.files]
        await self._announce(alarm, listed, [one.name for one in message.files])

    async def _on_head(self, event: HeadCame) -> None:
        head = event.message
        terminal = await self._known(event.header)
        one = Announced(_text(head.name), head.size_bytes, head.file_type)
        alarm = self._alarm or await self._uploads.alarm_of_name(terminal, one.name)
        if alarm is None:
            raise Refused("no_list", "a file (0x1211) came before the list of its alarm (0x1210)")
        self._current = (await self._announce(alarm, [one], [head.name]))[0]

    async def _announce(
        self, alarm: Alarm, announced: list[Announced], raw_names: list[bytes]
    ) -> list[Upload]:
        found = await self._uploads.announce(self, alarm, announced, raw_names)
        if alarm != self._alarm:
            await self.close()  # a terminal may bring one alarm after the other on its link
            self._alarm = alarm
        self._files = [one for one in self._files if one not in found] + found
        return found

    async def _on_piece(self, event: PieceCame) -> None:
        upload = fitting(self._files, event.name, self._current)
        if upload is None or upload.owner is not self:
            return self._drop("unannounced", len(event.data))
        if upload.ended:
            return self._drop("complete", len(event.data))
        if event.offset + len(event.data) > upload.size:
            return self._drop("beyond_end", len(event.data))
        async with upload.turn:
            partial = await self._uploads.open(upload)
            try:
                partial.write(event.offset, event.data)
            except TooManyRanges:
                return self._drop("too_many_ranges", len(event.data))
            if partial.sync_due:
                await partial.sync()

    async def _on_end(self, event: EndCame) -> bytes:
        head = event.message
        upload = fitting(self._files, head.name[:NAME_BYTES].rstrip(b"\x00"), self._current)
        if upload is None or upload.owner is not self:
            raise Refused("unannounced", f"the end of {_text(head.name)!r}, which was not announced")
        async with upload.turn:
            missing = await self._missing(upload, head)
            if missing:
                metrics.RESENDS.inc()
            return self.session.file_answer(event.header, head, missing)

    async def _missing(self, upload: Upload, head: FileHead) -> list[tuple[int, int]]:
        if upload.ended:
            return []
        partial = await self._uploads.open(upload)
        missing = list(islice(partial.ranges.missing(upload.size), MAX_RANGES_AN_ANSWER))
        if not missing:
            await self._uploads.finish(upload, head)
        return missing

    async def _known(self, header: Header) -> Terminal:
        """The terminal of this link; one link speaks for one terminal."""
        phone = header.phone.lstrip("0")
        if self._terminal is None:
            self._terminal = await self._uploads.terminal(phone)
        if self._terminal.terminal_phone != phone:
            raise Refused("other_terminal", f"terminal {phone} on the link of another one")
        return self._terminal

    def _on_fault(self, fault: Fault) -> None:
        metrics.FAULTS.labels(fault.code).inc()
        log.log(logging.WARNING if fault.fatal else logging.INFO, "%s: %s", self._peer, fault.text)
        self.over = self.over or fault.fatal

    def _drop(self, reason: str, size: int) -> None:
        metrics.DROPPED.labels(reason).inc(size)

    def _refuse(self, code: str, text: str) -> None:
        metrics.REFUSED.labels(code).inc()
        log.warning("%s: refused: %s", self._peer, text)


def _text(name: bytes) -> str:
    """A name for people and for the database, which holds no NUL."""
    return decode_text(name).replace("\x00", "")
