"""Kernels: plain loops over columns, compiled to machine code.

A state machine that looks at one report after another is a loop. numpy makes it fast only by many passes
over all columns; numba compiles the loop as it is written, and a call costs a microsecond whatever the size
of the batch. The compiled code is kept beside the source: only the first process of an installation compiles.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_MARK = re.compile(rb"^@(kernel|inlined|intrinsic)\b", re.MULTILINE)

_F = TypeVar("_F", bound=Callable[..., Any])


_compile: Any = partial(numba.njit, error_model="numpy", _nrt=False)


def kernel(function: _F) -> _F:
    """Compile a function of numpy columns and numbers on its first call.

    No fast-math: a kernel gives the same bits as the same loop in Python. Division by zero gives inf or NaN,
    as in numpy. Indices are not checked: a kernel must never leave its arrays. It makes no arrays: it gets
    those it writes. So numba needs no counts of references, which it would keep with locked instructions
    at each call of each step (they were 100 of the 155 ns a report that fatigue took).
    """
    compiled: Any = _compile(cache=True, nogil=True)(function)
    # numba keeps compiled code until the function's own module changes; what it calls lies in others.
    compiled._cache._cache_file._source_stamp = _stamp(Path(function.__code__.co_filename).parent)
    return cast(_F, compiled)


@cache
def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """The state of all modules with kernels of a package and of this one: of all that a kernel may call."""
    here = Path(__file__)
    modules = sorted({*folder.glob("*.py"), *here.parent.glob("*.py")})
    with_kernels = [module for module in modules if module == here or _MARK.search(module.read_bytes())]
    return tuple((module.name, *_state(module)) for module in with_kernels)


def _state(module: Path) -> tuple[int, int]:
    state = module.stat()
    return state.st_mtime_ns, state.st_size


def inlined(function: _F) -> _F:
    """Compile a function into each kernel that calls it, for small steps on hot paths: passing arrays to
    another kernel costs tens of nanoseconds. It costs compile time, so the callers should be few."""
    return cast(_F, _compile(forceinline=True)(function))
