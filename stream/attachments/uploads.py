"""All files on their way to this server: who may announce what, and whose link writes to which."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import asyncpg

from alerts.evidence import files
from alerts.evidence.files import Alarm, Announced, EvidenceFile
from alerts.evidence.retention import Retention
from alerts.registry import Terminal, find_terminals
from alerts.times import now_ms
from stream.attachments import metrics
from stream.attachments.control import FileHead
from stream.attachments.keeper import PARTIAL, Keeper
from stream.attachments.limits import Limits
from stream.attachments.partial_file import PartialFile
from stream.attachments.refusal import Refused
from stream.attachments.upload import Upload
from stream.gateway.directory import trial_terminal

_DAY_MS = 86_400_000


class Uploads:
    """One a server. A file belongs to the newest link that announced it; an older one writes no more."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        keeper: Keeper,
        folder: Path,
        limits: Limits,
        retention: Retention,
        *,
        admit_unknown: bool = False,
    ) -> None:
        self.limits = limits
        self._pool = pool
        self._keeper = keeper
        self._folder = folder / PARTIAL
        self._retention = retention
        self._admit_unknown = admit_unknown
        self._active: dict[str, Upload] = {}
        self._open: set[str] = set()

    async def terminal(self, phone: str) -> Terminal:
        """The terminal of a phone without leading zeros. Raises ``Refused`` for one nobody registered."""
        found = (await find_terminals(self._pool, [phone])).get(phone)
        if found is None and self._admit_unknown:
            found = trial_terminal(phone)
        if found is None:
            raise Refused("unknown_terminal", f"terminal {phone} is not in the registry")
        return found

    async def alarm(self, terminal: Terminal, identifier: bytes, number: bytes) -> Alarm:
        """The alarm a list is of, known or not."""
        text = number.decode("ascii", "replace").rstrip("\x00").replace("\x00", "")
        async with self._pool.acquire() as connection:
            return await files.find_alarm(
                connection, terminal.vehicle_key, terminal.vehicle_id, identifier, text
            )

    async def alarm_of_name(self, terminal: Terminal, name: str) -> Alarm | None:
        """The alarm whose number a file's name ends with, where it is stored; what else the name says is not
        looked at."""
        number = name.rpartition(".")[0].rpartition("_")[2]
        async with self._pool.acquire() as connection:
            found = await files.find_alarm(connection, terminal.vehicle_key, terminal.vehicle_id, b"", number)
        return found if found.known else None

    async def announce(
        self, link: object, alarm: Alarm, announced: Sequence[Announced], raw_names: Sequence[bytes]
    ) -> list[Upload]:
        """Make or renew uploads and give them to `link`. Raises ``Refused`` when a bound says no."""
        raw = dict(zip((one.name for one in announced), raw_names, strict=True))
        async with self._pool.acquire() as connection, connection.transaction():
            # One list of an alarm at a time: two links could each stay just below a bound.
            await files.lock_vehicle(connection, alarm.vehicle_key)
            known = await files.files_of_alarm(connection, alarm)
            self._check_bounds(known, announced)
            if not alarm.known and set(raw) - {one.name for one in known}:
                await self._check_unlinked(connection, alarm, len(raw))
            rows = await files.announce(connection, alarm, announced, self._retention, now_ms())
        return [await self._give(link, row, raw[row.name]) for row in rows]

    def _check_bounds(self, known: Sequence[EvidenceFile], announced: Sequence[Announced]) -> None:
        limits = self.limits
        for one in announced:
            if one.size_bytes > limits.file_bytes:
                raise Refused("file_bytes", f"a file of {one.size_bytes} bytes; {limits.file_bytes} may be")
        sizes = {one.name: one.announced_bytes for one in known}
        sizes.update((one.name, one.size_bytes) for one in announced)
        if len(sizes) > limits.alarm_files:
            raise Refused("alarm_files", f"{len(sizes)} files of one alarm; {limits.alarm_files} may be")
        if sum(sizes.values()) > limits.alarm_bytes:
            raise Refused("alarm_bytes", f"more than {limits.alarm_bytes} bytes of one alarm")

    async def _check_unlinked(self, connection: asyncpg.Connection, alarm: Alarm, more: int) -> None:
        count = await files.count_unlinked(connection, alarm.vehicle_key, now_ms() - _DAY_MS)
        if count + more > self.limits.unlinked_files:
            raise Refused(
                "unlinked_files",
                f"vehicle {alarm.vehicle_id} has announced {count} files today for alarms nobody knows",
            )

    async def _give(self, link: object, row: EvidenceFile, raw_name: bytes) -> Upload:
        upload = self._active.get(row.file_id)
        if upload is None:
            upload = self._active[row.file_id] = Upload(row, raw_name, self._folder, link)
            return upload
        upload.owner = link
        async with upload.turn:  # what the older link is finishing ends first
            self._active[row.file_id] = upload
            # Expected is what is new, what was refused before, and what has another size now.
            if not upload.ended or row.state == files.EXPECTED:
                if row.announced_bytes != upload.size:
                    self._let_go(upload)
                upload.file, upload.raw_name, upload.ended = row, raw_name, row.state == files.COMPLETE
        return upload

    async def open(self, upload: Upload) -> PartialFile:
        """The file to write to. Raises ``Refused`` when too many are open, ``OSError`` for the disk's
        faults."""
        if upload.partial is not None:
            return upload.partial
        if len(self._open) >= self.limits.open_files:
            raise Refused("open_files", f"{len(self._open)} files are being written already")
        partial = upload.open()
        self._open.add(upload.file.file_id)
        metrics.OPEN_FILES.set(len(self._open))
        async with self._pool.acquire() as connection:
            await files.mark_partial(connection, upload.file.file_id)
        return partial

    async def finish(self, upload: Upload, head: FileHead) -> None:
        """All bytes are there: check, hash, store. Called in the upload's turn."""
        partial = await self.open(upload)
        await partial.sync()
        self._let_go(upload)
        size = upload.size if head.size_bytes == upload.size else head.size_bytes
        await self._keeper.keep(upload.file, partial.path, size)
        upload.ended = True

    async def release(self, upload: Upload, link: object) -> None:
        """A link is gone: what came is brought to the disk, unless a newer link goes on with it."""
        async with upload.turn:
            if upload.partial is not None:
                await upload.partial.sync()
            if upload.owner is link:  # no newer link has announced the file meanwhile
                self._let_go(upload)
                self._active.pop(upload.file.file_id, None)

    def _let_go(self, upload: Upload) -> None:
        upload.close()
        self._open.discard(upload.file.file_id)
        metrics.OPEN_FILES.set(len(self._open))
