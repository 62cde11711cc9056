"""What 0x0702 says of who drives."""

from __future__ import annotations

from stream.jt808.messages.driver import CARD_REMOVED, DriverIdentity

_CARD_READ = 0
#: Terminals' clocks: a card cannot have been put in later than now, nor is one believed that is older than
#: what terminals bring along from dead zones.
_WEEK_MS = 7 * 86_400_000


def card_of(message: DriverIdentity, received_ms: int) -> tuple[str, int]:
    """The driver whose card is in and since when (ms since 1970 UTC); "" for a card that was pulled out or
    that could not be read, for then nobody knows who drives but the registry.

    The driver's id is the number of the qualification certificate, which card and enterprise both have; where
    it is missing the identity card's, then the name.
    """
    since_ms = int(message.time.timestamp() * 1000) if message.time else received_ms
    if not received_ms - _WEEK_MS <= since_ms <= received_ms:
        since_ms = received_ms
    if message.status == CARD_REMOVED or message.ic_card_result not in (None, _CARD_READ):
        return "", since_ms
    return message.certificate or message.id_card or message.name, since_ms
