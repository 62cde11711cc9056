"""Drivers' cards: what a terminal says when one is put in or pulled out (0x0702)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from stream.jt808.header import Edition
from stream.jt808.messages.driver import CARD_INSERTED, CARD_REMOVED, DriverIdentity


@dataclass(frozen=True, slots=True)
class CardEvent:
    """Before report ``number`` a card is put in, or pulled out (``driver`` empty)."""

    number: int
    time_s: int
    driver: str

    def body(self, edition: Edition) -> bytes:
        """The message's body; the driver's code stands where the qualification certificate does."""
        moment = datetime.fromtimestamp(self.time_s, UTC)
        if not self.driver:
            return DriverIdentity(CARD_REMOVED, moment).encode(edition)
        card = DriverIdentity(
            *(CARD_INSERTED, moment, 0),
            name=f"驾驶员{self.driver[-4:]}",
            certificate=self.driver,
            issuer="江苏省道路运输管理局",
            expiry="20301231",
        )
        return card.encode(edition)
