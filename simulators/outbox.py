"""What a terminal has to put on the wire, and the serials it counts."""

from simulators.fleet import Vehicle
from stream.jt808.frame import encode_packages
from stream.jt808.messages.base import Message


class Outbox:
    """Mutable. Keeps the newest sub-packaged message, for a platform that asks for packages again."""

    __slots__ = ("_bytes", "_packages", "_packages_first", "_serial", "_vehicle", "last_sent_s")

    def __init__(self, vehicle: Vehicle) -> None:
        self._vehicle = vehicle
        self._bytes = bytearray()
        self._serial = self._packages_first = 0
        self._packages: list[bytes] = []
        self.last_sent_s = 0.0

    def send(self, message_id: int, body: bytes, now_s: float) -> tuple[int, bytes]:
        """Send one message of any length; its first serial, and its frames."""
        vehicle, serial = self._vehicle, self._serial
        frames = encode_packages(message_id, vehicle.terminal_phone, serial, body, vehicle.edition)
        self._serial = (serial + len(frames)) & 0xFFFF
        if len(frames) > 1:
            self._packages_first, self._packages = serial, frames
        sent = b"".join(frames)
        self.repeat(sent, now_s)
        return serial, sent

    def send_message(self, message: Message, now_s: float) -> None:
        """Send one message in the vehicle's edition."""
        self.send(message.message_id, message.encode(self._vehicle.edition), now_s)

    def repeat(self, frames: bytes, now_s: float) -> None:
        """Send bytes as they are."""
        self._bytes += frames
        self.last_sent_s = now_s

    def repeat_packages(self, first_serial: int, numbers: tuple[int, ...], now_s: float) -> None:
        """Packages of the newest sub-packaged message, unchanged (0x8003)."""
        if first_serial == self._packages_first:
            known = range(1, len(self._packages) + 1)
            self.repeat(b"".join(self._packages[n - 1] for n in numbers if n in known), now_s)

    def take(self) -> bytes:
        """All that waits."""
        output = bytes(self._bytes)
        self._bytes.clear()
        return output

    def clear(self) -> None:
        """The connection is gone."""
        self._bytes.clear()
