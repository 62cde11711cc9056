"""Uploads of a whole fleet on real sockets: a few at a time, each tried again after a break."""

import asyncio
import contextlib
from dataclasses import dataclass

from simulators.fleet import Vehicle
from simulators.safety import files_of
from simulators.upload import Order, Upload

# A fleet shares one machine: so many uploads at a time, so many waiting; one more is given up and counted.
AT_A_TIME, WAITING = 32, 2_000
TRIES, PAUSE_S, ANSWER_S = 4, 2.0, 20.0
_READ_BYTES = 64 * 1024


@dataclass(slots=True)
class UploadCounts:
    """What became of the orders."""

    files: int = 0
    done: int = 0
    failed: int = 0


class Uploads:
    """Carries out the orders for files that terminals were given."""

    def __init__(self) -> None:
        self.counts = UploadCounts()
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_A_TIME)

    def start(self, vehicle: Vehicle, body: bytes) -> None:
        """Begin what 0x9208 asks of a vehicle; one that cannot be read, or one too many, counts as failed."""
        try:
            order = Order.read(body)
        except ValueError:
            self.counts.failed += 1
            return
        if len(self._tasks) >= WAITING:
            self.counts.failed += 1
            return
        task = asyncio.ensure_future(self._carry_out(vehicle, order))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def under_way(self) -> int:
        """Uploads begun or waiting for their turn."""
        return len(self._tasks)

    async def stop(self) -> None:
        """Give up what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry_out(self, vehicle: Vehicle, order: Order) -> None:
        async with self._places:
            number = order.alarm_number.decode("ascii", "replace").rstrip("\0")
            files = files_of(order.identifier, number)
            upload = Upload(vehicle.terminal_phone, vehicle.edition, order, files)
            for attempt in range(TRIES):
                with contextlib.suppress(OSError, TimeoutError):
                    await _connect_and_send(upload, order)
                if upload.done:
                    self.counts.done += 1
                    self.counts.files += len(files)
                    return
                await asyncio.sleep(PAUSE_S * (attempt + 1))
            self.counts.failed += 1


async def _connect_and_send(upload: Upload, order: Order) -> None:
    async with asyncio.timeout(ANSWER_S):
        reader, writer = await asyncio.open_connection(order.host, order.port)
    try:
        writer.write(upload.begin())
        while not upload.done:
            async with asyncio.timeout(ANSWER_S):
                await writer.drain()
                data = await reader.read(_READ_BYTES)
            if not data:
                return
            writer.write(upload.received(data))
    finally:
        writer.close()
