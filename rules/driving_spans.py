"""What rolling windows add up: the driving of the last seven days as spans, in a pool shared by all drivers.

A span is driving without a stop; spans of a driver are strung from the oldest to the newest. Sums over
windows are kept up to date as time goes on, by taking off what leaves at the windows' old ends, so they are
exact to the millisecond and cost the same however long the window is.
"""

from __future__ import annotations

from typing import Any

from geo.kernel import kernel
from rules.records import NO_ROW, NONE, Layout
from rules.slots import give_back, take_slot

SPAN_LAYOUT: Layout = {"begin": ("u4", 0), "length_ms": ("i4", 0)}
"""16 bytes with the links. `begin` holds the low 32 bits of a time, which are enough for 49 days."""

MOST_SPANS = 2_048
"""Spans of one driver: 32 KiB. Reports at 30 s make 100 a day in a city's traffic. Beyond it (reports at 1 Hz
in jams) a new span is joined to the newest one by moving that one's begin forward: sums stay exact, the
joined driving leaves a window by as much too late as the stops between lasted."""

DRIVER_FIELDS: Layout = {
    "newest": ("i4", NO_ROW),
    "oldest": ("i4", NO_ROW),  # where the long window ends
    "middle": ("i4", NO_ROW),  # where the short window ends
    "spans": ("i4", 0),
    "short_ms": ("i4", 0),  # driving in the short window
    "long_ms": ("i4", 0),
    "short_from_ms": ("i8", NONE),  # what was driven before is taken off
    "long_from_ms": ("i8", NONE),
}

_LOW = 0xFFFF_FFFF

LONGEST_ABSENCE_MS = 40 * 86_400_000
"""Of a driver not seen for longer, counted from where his long window began, nothing is left in any window;
his spans are dropped before their begins become ambiguous."""


@kernel
def forget(d: Any, spans: Any, free: Any) -> None:
    """Drop all that a driver has driven."""
    while d.oldest != NO_ROW:
        following = spans[d.oldest].next
        give_back(spans, free, d.oldest)
        d.oldest = following
    d.newest = d.middle = NO_ROW
    d.spans = d.short_ms = d.long_ms = 0
    d.short_from_ms = d.long_from_ms = NONE


@kernel
def span_begin(span: Any, now_ms: int) -> int:
    """Begin of a span at most 49 days before now."""
    return int(now_ms - ((now_ms - span.begin) & _LOW))


@kernel
def push(d: Any, who: int, spans: Any, free: Any, begin_ms: int, end_ms: int) -> None:
    """Driver `who` has driven from begin to end, which is after all he has driven before."""
    length = end_ms - begin_ms
    d.short_ms += length
    d.long_ms += length
    if d.newest != NO_ROW:
        newest = spans[d.newest]
        newest_end_ms = span_begin(newest, end_ms) + newest.length_ms
        full = d.spans >= MOST_SPANS
        if newest_end_ms == begin_ms or full:
            newest.length_ms += length
            if full:
                newest.begin = (end_ms - newest.length_ms) & _LOW
            return
    number = take_slot(spans, free, who, NO_ROW)
    spans[number].begin = begin_ms & _LOW
    spans[number].length_ms = length
    if d.newest != NO_ROW:
        spans[d.newest].next = number
    if d.oldest == NO_ROW:
        d.oldest = number
    if d.middle == NO_ROW:
        d.middle = number
    d.newest = number
    d.spans += 1


@kernel
def left_behind(span: Any, from_ms: int, to_ms: int, now_ms: int) -> tuple[int, bool]:
    """How much of a span lies after one time and up to another, and whether it ends there."""
    begin_ms = span_begin(span, now_ms)
    end_ms = begin_ms + span.length_ms
    return max(0, min(end_ms, to_ms) - max(begin_ms, from_ms)), end_ms <= to_ms


@kernel
def slide(d: Any, spans: Any, free: Any, now_ms: int, short_window_ms: int, long_window_ms: int) -> None:
    """Let both windows end at now."""
    short_from_ms, long_from_ms = now_ms - short_window_ms, now_ms - long_window_ms
    while d.middle != NO_ROW:
        taken, whole = left_behind(spans[d.middle], d.short_from_ms, short_from_ms, now_ms)
        d.short_ms -= taken
        if not whole:
            break
        d.middle = spans[d.middle].next
    while d.oldest != NO_ROW:
        taken, whole = left_behind(spans[d.oldest], d.long_from_ms, long_from_ms, now_ms)
        d.long_ms -= taken
        if not whole:
            break
        if d.middle == d.oldest:
            d.middle = spans[d.oldest].next
        following = spans[d.oldest].next
        give_back(spans, free, d.oldest)
        d.oldest = following
        d.spans -= 1
    if d.oldest == NO_ROW:
        d.newest = NO_ROW
        d.middle = NO_ROW
    d.short_from_ms = max(d.short_from_ms, short_from_ms)
    d.long_from_ms = max(d.long_from_ms, long_from_ms)
