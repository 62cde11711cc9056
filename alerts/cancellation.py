"""Telling a cancellation that is meant from one that is not."""

from __future__ import annotations

import asyncio


def asked_to_end() -> bool:
    """Whether a CancelledError is meant for the running task.

    aiokafka cancels whoever waits on a connection that breaks; nobody has asked the task to end then.
    """
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
