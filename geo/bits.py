"""Instructions of the processor that numba has no functions for; in kernels only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_tools = cast(Any, cgutils)  # numba's own, which it gives no types


@intrinsic
def _popcount(_context: Any, word: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


_LINE_BYTES = 64


@intrinsic
def _prefetch(_context: Any, array: Any, place: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, number = signature.args[0], _tools.int32_t
        data = target.make_array(kind)(target, builder, arguments[0]).data
        begin = builder.bitcast(builder.gep(data, [arguments[1]]), _tools.voidptr_t)
        takes = _tools.ir.FunctionType(_tools.ir.VoidType(), [_tools.voidptr_t, number, number, number])
        instruction = _tools.get_or_insert_function(builder.module, takes, "llvm.prefetch.p0")
        size = target.get_abi_sizeof(target.get_data_type(kind.dtype))
        # A record may begin anywhere in a line, so its last byte may lie in one more.
        for offset in sorted({*range(0, size, _LINE_BYTES), size - 1 if size > _LINE_BYTES // 2 else 0}):
            line = builder.gep(begin, [number(offset)], source_etype=_tools.int8_t)
            builder.call(instruction, [line, number(0), number(3), number(1)])  # to read, keep, data
        return target.get_dummy_value()

    return types.void(array, types.int64), generate


popcount = cast(Callable[[Any], int], _popcount)
"""Number of set bits of an int64: one instruction."""

prefetch = cast(Callable[[Any, Any], None], _prefetch)
"""Begin to load an element of an array in C order, counted as if it had one dimension, into the cache; all of
a record. The place may lie outside the array: nothing is read."""
