"""Eight numbers as one value: the vector arithmetic of the compiled kernel.

numba can't promise LLVM that two arrays do not overlap, so LLVM checks at each of the short inner
loops of a small network, and mostly gives up on vector instructions. Here a vector is a value like
any other: loaded, added, multiplied and stored by name, on any processor that LLVM knows. Positions
are counted in numbers from an array's start, and are not checked.
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

LANES = 8
RELAXED = ("nsz", "arcp", "contract", "afn", "reassoc")  # NaN and infinity keep their meaning
INT32 = ir.IntType(32)


class Lanes(types.Type):
    """Type of eight numbers of one floating type."""

    def __init__(self, scalar):
        self.scalar = scalar
        super().__init__(name=f"Lanes({scalar})")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """Lanes are one LLVM vector."""

    def __init__(self, data_models, lanes):
        scalar = data_models.lookup(lanes.scalar).get_value_type()
        super().__init__(data_models, lanes, ir.VectorType(scalar, LANES))


def _n_bits(scalar) -> int:
    return {types.float32: 32, types.float64: 64}[scalar]


def _pointer(context, builder, array_type, array, position):
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [position])


def _vector_pointer(context, builder, array_type, array, position):
    pointer = _pointer(context, builder, array_type, array, position)
    vector = ir.VectorType(context.get_value_type(array_type.dtype), LANES)
    return builder.bitcast(pointer, vector.as_pointer())


def _repeated(builder, number):
    vector = ir.VectorType(number.type, LANES)
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, INT32(0))
    return builder.shuffle_vector(
        first, nothing, ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES)
    )


@intrinsic
def load(typing_context, array, position):
    """Read ``array[position : position + LANES]``."""

    def generate(context, builder, signature, args):
        pointer = _vector_pointer(context, builder, signature.args[0], *args)
        return builder.load(pointer, align=_n_bits(signature.args[0].dtype) // 8)

    return Lanes(array.dtype)(array, types.int64), generate


@intrinsic
def store(typing_context, array, position, lanes):
    """Write to ``array[position : position + LANES]``."""

    def generate(context, builder, signature, args):
        pointer = _vector_pointer(context, builder, signature.args[0], *args[:2])
        builder.store(args[2], pointer, align=_n_bits(signature.args[0].dtype) // 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, lanes), generate


@intrinsic
def spread(typing_context, array, position):
    """Repeat the number ``array[position]`` in all lanes."""

    def generate(context, builder, signature, args):
        return _repeated(
            builder, builder.load(_pointer(context, builder, signature.args[0], *args))
        )

    return Lanes(array.dtype)(array, types.int64), generate


def _define_operator(python_operator, instruction: str) -> None:
    @intrinsic
    def operation(typing_context, a, b):
        def generate(context, builder, signature, args):
            return getattr(builder, instruction)(*args, flags=RELAXED)

        return a(a, b), generate

    @overload(python_operator)
    def implementation(a, b):
        if isinstance(a, Lanes) and a == b:
            return lambda a, b: operation(a, b)  # noqa: PLW0108  numba wants the signature


for _python_operator, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _define_operator(_python_operator, _instruction)


def _by_llvm(name: str):
    @intrinsic
    def function(typing_context, lanes):
        def generate(context, builder, signature, args):
            vector = args[0].type
            kind = ir.FunctionType(vector, [vector])
            full_name = f"{name}.v{LANES}f{_n_bits(lanes.scalar)}"
            called = cgutils.get_or_insert_function(builder.module, kind, full_name)
            return builder.call(called, args)

        return lanes(lanes), generate

    return function


magnitude = _by_llvm("llvm.fabs")
nearest_whole = _by_llvm("llvm.rint")
square_root = _by_llvm("llvm.sqrt")


@intrinsic
def larger(typing_context, a, b):
    """Larger number of each lane; a's where a's is NaN, so that none is lost."""

    def generate(context, builder, signature, args):
        return builder.select(builder.fcmp_unordered(">", *args), *args)

    return a(a, b), generate


@intrinsic
def where_positive(typing_context, condition, yes, no):
    """Take the lane of ``yes`` where that of ``condition`` is above 0, else that of ``no``."""

    def generate(context, builder, signature, args):
        zero = ir.Constant(args[0].type, [0.0] * LANES)
        return builder.select(builder.fcmp_ordered(">", args[0], zero), args[1], args[2])

    return yes(condition, yes, no), generate


@intrinsic
def power_of_two(typing_context, exponent):
    """2 to a whole number in the range of normal numbers, written straight into its bits."""
    n_bits = _n_bits(exponent.scalar)
    shift, bias = {32: (23, 127), 64: (52, 1023)}[n_bits]

    def generate(context, builder, signature, args):
        whole = ir.VectorType(ir.IntType(n_bits), LANES)
        bits = builder.fptosi(args[0], whole)
        bits = builder.add(bits, ir.Constant(whole, [bias] * LANES))
        bits = builder.shl(bits, ir.Constant(whole, [shift] * LANES))
        return builder.bitcast(bits, args[0].type)

    return exponent(exponent), generate


def _across(instruction: str):
    @intrinsic
    def reduction(typing_context, lanes):
        def generate(context, builder, signature, args):
            (vector,), width = args, LANES
            while width > 1:  # fold the upper half onto the lower one
                width //= 2
                upper = [*range(width, 2 * width), *[0] * (LANES - width)]
                upper = ir.Constant(ir.VectorType(INT32, LANES), upper)
                folded = builder.shuffle_vector(vector, vector, upper)
                vector = getattr(builder, instruction)(vector, folded, flags=RELAXED)
            return builder.extract_element(vector, INT32(0))

        return lanes.scalar(lanes), generate

    return reduction


sum_of = _across("fadd")
product_of = _across("fmul")
