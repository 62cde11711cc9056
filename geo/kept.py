"""Remembering what was made of the newest arguments: engines are made often, for late reports and history."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

_MOST = 32
"""What each function remembers: for each of a handful of rulebooks and maps, what some families ask."""


def kept(make: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let a function of large, unchanging objects give the same result for the same objects.

    Arguments are told apart by identity, which needs no hash of a map or a rulebook. Nobody may change a
    result.
    """
    memory: deque[tuple[tuple[object, ...], _T]] = deque(maxlen=_MOST)

    @wraps(make)
    def remembered(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        wanted = (*args, *kwargs.values())
        for known, result in memory:
            if len(known) == len(wanted) and all(a is b for a, b in zip(known, wanted, strict=True)):
                return result
        result = make(*args, **kwargs)
        memory.append((wanted, result))
        return result

    return remembered
