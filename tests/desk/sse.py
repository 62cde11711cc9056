"""A reader of server-sent events, written from the HTML standard's section 9.2, for tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Event:
    name: str
    id: str | None
    data: Any


@contextmanager
def open_stream(url: str, **request: Any) -> Iterator[Iterator[Event]]:
    """Events of /api/stream; a silence of 25 s fails."""
    with httpx.stream("GET", url + "/api/stream", timeout=60, **request) as response:
        if response.status_code != 200:
            response.read()
        response.raise_for_status()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield parse(response.iter_lines())


def parse(lines: Iterator[str]) -> Iterator[Event]:
    name, identity, data = "message", None, []
    for line in lines:
        if line == "":
            if data:
                yield Event(name, identity, json.loads("\n".join(data)))
            name, identity, data = "message", None, []
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                name = value
            elif field == "id":
                identity = value
            elif field == "data":
                data.append(value)


def first(events: Iterator[Event], wanted: Callable[[Event], bool]) -> Event:
    return next(event for event in events if wanted(event))


def take_alerts(events: Iterator[Event], count: int) -> list[Event]:
    """The next `count` alert events."""
    taken: list[Event] = []
    while len(taken) < count:
        taken.append(first(events, lambda event: event.name == "alert"))
    return taken
