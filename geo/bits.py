"""Instructions of the processor that numba has no functions for; in kernels only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def _popcount(_context: Any, word: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


@intrinsic
def _prefetch(_context: Any, array: Any, place: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, arguments[0]).data
        address = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        takes = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        declare: Any = cgutils.get_or_insert_function
        instruction = declare(builder.module, takes, "llvm.prefetch.p0i8")
        builder.call(instruction, [address, number(0), number(3), number(1)])  # to read, keep, data
        return target.get_dummy_value()

    return types.void(array, types.int64), generate


popcount = cast(Callable[[Any], int], _popcount)
"""Number of set bits of an int64: one instruction."""

prefetch = cast(Callable[[Any, Any], None], _prefetch)
"""Begin to load an element of an array in C order, counted as if it had one dimension, into the cache."""
