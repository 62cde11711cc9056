"""The order in which a batch's findings are told.

Most of it is one sort of 64-bit numbers, which hold as much of time and vehicle as there is room for; what
they leave open is settled by comparing neighbours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel

_BITS = 64
_MOST_MOVES = 32
"""Places that comparing neighbours moves a finding by, on average; beyond, a sort by all keys is cheaper."""


def in_order(
    findings: NDArray[np.void], entries: NDArray[np.void], vehicle_keys: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The places of findings in order of the time of their entry, the key of its vehicle, the entry, the
    rule, the subject, and as they came."""
    time_ms, cause = np.empty(len(findings), np.int64), np.empty(len(findings), np.int64)
    numbers = np.empty(len(findings), np.uint64)
    _number(findings, entries, vehicle_keys, time_ms, cause, numbers)
    order: NDArray[np.int64] = np.argsort(numbers)
    if not _settle(order, findings, time_ms, cause):
        order = np.lexsort((findings["subject_rank"], findings["rule"], findings["at"], cause, time_ms))
    return order


@kernel
def _bit_length(number: Any) -> int:
    bits = 0
    while number > 0:
        bits, number = bits + 1, number >> np.uint64(1)
    return bits


@kernel
def _number(findings: Any, entries: Any, vehicle_keys: Any, time_ms: Any, cause: Any, numbers: Any) -> None:
    """Time and vehicle of each finding's entry, and a number that orders as they do, as far as it reaches."""
    count = len(findings)
    if count == 0:
        return
    e = entries[findings[0].at]
    earliest_ms = latest_ms = e.time_ms
    least = most = vehicle_keys[e.row]
    for i in range(count):
        e = entries[findings[i].at]
        at_ms, key = e.time_ms, vehicle_keys[e.row]
        time_ms[i], cause[i] = at_ms, key
        earliest_ms, latest_ms = min(earliest_ms, at_ms), max(latest_ms, at_ms)
        least, most = min(least, key), max(most, key)
    # Differences of 64-bit numbers, which fit where they are taken without a sign.
    cause_bits = _bit_length(np.uint64(most) - np.uint64(least))
    time_bits = _bit_length(np.uint64(latest_ms - earliest_ms))
    dropped = max(0, time_bits + cause_bits - _BITS)
    shift = np.uint64(cause_bits - dropped)
    for i in range(count):
        low = (np.uint64(cause[i]) - np.uint64(least)) >> np.uint64(dropped)
        numbers[i] = (np.uint64(time_ms[i] - earliest_ms) << shift) | low


@kernel
def _before(f: Any, g: Any, f_ms: int, g_ms: int, f_cause: int, g_cause: int) -> int:
    """Below 0 where f comes before g, above 0 where it comes behind, else 0."""
    if f_ms != g_ms:
        return -1 if f_ms < g_ms else 1
    if f_cause != g_cause:
        return -1 if f_cause < g_cause else 1
    if f.at != g.at:
        return -1 if f.at < g.at else 1
    if f.rule != g.rule:
        return -1 if f.rule < g.rule else 1
    if f.subject_rank != g.subject_rank:
        return -1 if f.subject_rank < g.subject_rank else 1
    return 0


@kernel
def _settle(order: Any, findings: Any, time_ms: Any, cause: Any) -> bool:
    """Move each finding to where it belongs among those before it. False if that takes too many moves."""
    moves = _MOST_MOVES * len(order)
    for i in range(1, len(order)):
        one, to = order[i], i
        f = findings[one]
        while to > 0:
            other = order[to - 1]
            told = _before(findings[other], f, time_ms[other], time_ms[one], cause[other], cause[one])
            if told < 0 or (told == 0 and other < one):
                break
            order[to] = other
            to -= 1
            moves -= 1
        order[to] = one
        if moves < 0:
            return False
    return True
