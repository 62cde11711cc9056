"""0x1209: a lower platform applies for a vehicle's positions of the past; 0x9209 and 0x9203 answer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from rules.identity import vehicle_key
from stream.exchange.received import Answer, Received
from stream.exchange.stored_positions import MAX_HISTORY, gnss_data, history_messages, stored_positions
from stream.jt809.messages import Message, vehicles

_OK, _NO_VEHICLE, _WRONG_SPAN = 0, 1, 2


async def history_answers(connection: asyncpg.Connection, received: Received) -> Sequence[Answer]:
    """The answer, then the positions, oldest first."""
    message: Any = received.message

    def answer(result: int) -> Message:
        return vehicles.HistoryResponse(**received.vehicle, **received.source, result=result)

    if received.vehicle_id is None:
        return [answer(_NO_VEHICLE)]
    if message.start_time is None or message.end_time is None or message.start_time > message.end_time:
        return [answer(_WRONG_SPAN)]
    key = vehicle_key(received.vehicle_id)
    found = await stored_positions(connection, key, message.start_time, message.end_time, MAX_HISTORY)
    data = gnss_data(received.link, found)
    return [answer(_OK), *history_messages(0x9200, 0x9203, received.plate, received.plate_colour, data)]
