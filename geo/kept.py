"""Remembering what was made of the newest arguments: engines are made often, for late reports and history."""

from __future__ import annotations

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
    memory: dict[tuple[int, ...], tuple[tuple[object, ...], _T]] = {}

    @wraps(make)
    def remembered(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        wanted = (*args, *kwargs.values())
        name = tuple(map(id, wanted))
        known = memory.get(name)
        if known is not None:
            return known[1]
        result = make(*args, **kwargs)
        if len(memory) >= _MOST:
            memory.pop(next(iter(memory)))
        # With the arguments: as long as they are kept, nothing else can have their identities.
        memory[name] = wanted, result
        return result

    return remembered
