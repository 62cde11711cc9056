"""Kernels: plain loops over columns, compiled to machine code.

A state machine that looks at one report after another is a loop. numpy makes it fast only by many passes
over all columns; numba compiles the loop as it is written, and a call costs a microsecond whatever the size
of the batch. The compiled code is kept beside the source: only the first process of an installation compiles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., Any])


def kernel(function: _F) -> _F:
    """Compile a function of numpy columns and numbers on its first call.

    No fast-math: a kernel gives the same bits as the same loop in Python. Division by zero gives inf or NaN,
    as in numpy. Indices are not checked: a kernel must never leave its arrays.
    """
    return cast(_F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
