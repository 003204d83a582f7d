"""Eight numbers as one value: the vector arithmetic of compiled loops.

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

from sklearn_dgex.training.compiled.compiling import inlined

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
    return {types.uint16: 16, types.float32: 32, types.float64: 64}[scalar]


def _lanes_of(array):
    # Halves of float32 numbers, the upper ones: bfloat16, for which numpy and numba have no type.
    return Lanes(types.float32 if array.dtype == types.uint16 else array.dtype)


def _pointer(context, builder, array_type, array, position):
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [position])


def _vector_pointer(context, builder, array_type, array, position):
    pointer = _pointer(context, builder, array_type, array, position)
    return builder.bitcast(pointer, _vector(context, array_type.dtype).as_pointer())


def _vector(context, scalar):
    return ir.VectorType(context.get_value_type(scalar), LANES)


def _repeated(builder, number):
    vector = ir.VectorType(number.type, LANES)
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, number, INT32(0))
    return builder.shuffle_vector(
        first, nothing, ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES)
    )


def _widened(builder, halves):
    whole = ir.VectorType(INT32, LANES)
    bits = builder.shl(builder.zext(halves, whole), ir.Constant(whole, [16] * LANES))
    return builder.bitcast(bits, ir.VectorType(ir.FloatType(), LANES))


def _narrowed(builder, lanes):
    # To the nearest, and to the even one of two: what is cut off decides, with the last bit kept.
    whole = ir.VectorType(INT32, LANES)
    bits, sixteen = builder.bitcast(lanes, whole), ir.Constant(whole, [16] * LANES)
    last = builder.and_(builder.lshr(bits, sixteen), ir.Constant(whole, [1] * LANES))
    bits = builder.add(bits, builder.add(last, ir.Constant(whole, [0x7FFF] * LANES)))
    return builder.trunc(builder.lshr(bits, sixteen), ir.VectorType(ir.IntType(16), LANES))


@intrinsic
def load(typing_context, array, position):
    """Read ``array[position : position + LANES]``."""

    def generate(context, builder, signature, args):
        array_type = signature.args[0]
        pointer = _vector_pointer(context, builder, array_type, *args)
        read = builder.load(pointer, align=_n_bits(array_type.dtype) // 8)
        return _widened(builder, read) if array_type.dtype == types.uint16 else read

    return _lanes_of(array)(array, types.int64), generate


@intrinsic
def store(typing_context, array, position, lanes):
    """Write to ``array[position : position + LANES]``."""

    def generate(context, builder, signature, args):
        array_type = signature.args[0]
        pointer = _vector_pointer(context, builder, array_type, *args[:2])
        written = _narrowed(builder, args[2]) if array_type.dtype == types.uint16 else args[2]
        builder.store(written, pointer, align=_n_bits(array_type.dtype) // 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, lanes), generate


@intrinsic
def load_part(typing_context, array, position, count):
    """Read ``count`` < LANES numbers from ``position`` on; the last of them fills the rest."""

    def generate(context, builder, signature, args):
        array_type, (array, position, count) = signature.args[0], args
        last = builder.sub(count, count.type(1))
        lanes = ir.Constant(_vector(context, array_type.dtype), ir.Undefined)
        for lane in map(count.type, range(LANES)):
            offset = builder.select(builder.icmp_signed("<", lane, last), lane, last)
            at = builder.add(position, offset)
            number = builder.load(_pointer(context, builder, array_type, array, at))
            lanes = builder.insert_element(lanes, number, lane)
        return _widened(builder, lanes) if array_type.dtype == types.uint16 else lanes

    return _lanes_of(array)(array, types.int64, types.int64), generate


@intrinsic
def store_part(typing_context, array, position, count, lanes):
    """Write the first ``count`` < LANES numbers to ``position`` and on."""

    def generate(context, builder, signature, args):
        array_type, (array, position, count, lanes) = signature.args[0], args
        written = _narrowed(builder, lanes) if array_type.dtype == types.uint16 else lanes
        for lane in map(count.type, range(LANES - 1)):
            with builder.if_then(builder.icmp_signed("<", lane, count)):
                at = builder.add(position, lane)
                pointer = _pointer(context, builder, array_type, array, at)
                builder.store(builder.extract_element(written, lane), pointer)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, lanes), generate


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


@intrinsic
def rounded_difference(typing_context, a, b):
    """Subtract, and round the result before anything else is done with it."""

    def generate(context, builder, signature, args):
        return builder.fsub(*args)

    return a(a, b), generate


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
def repeated(typing_context, number):
    """Repeat a number, as float32, in all lanes."""

    def generate(context, builder, signature, args):
        single = context.cast(builder, args[0], signature.args[0], types.float32)
        return _repeated(builder, single)

    return Lanes(types.float32)(number), generate


@intrinsic
def doubled(typing_context, lanes):
    """Give float32 lanes the precision of float64."""

    def generate(context, builder, signature, args):
        return builder.fpext(args[0], ir.VectorType(ir.DoubleType(), LANES))

    return Lanes(types.float64)(lanes), generate


@intrinsic
def kept(typing_context, counter, key0, key1, threshold):
    """1 in each lane that a dropout keeps, 0 in the others: those whose number is too low.

    The numbers, below 2³¹, are hashed from the lanes' counters, which follow ``counter``, and from
    two keys; `nn.hashing.drawn` is a twin of the hash.
    """
    vector = ir.VectorType(INT32, LANES)

    def many(number):
        return ir.Constant(vector, [number] * LANES)

    def generate(context, builder, signature, args):
        first, key0, key1, threshold = (
            _repeated(builder, builder.trunc(arg, INT32)) for arg in args
        )

        def shifted(h, n_bits):
            return builder.xor(h, builder.lshr(h, many(n_bits)))

        h = builder.add(first, ir.Constant(vector, list(range(LANES))))
        h = builder.add(builder.mul(h, many(0x9E3779B9)), key0)
        h = builder.mul(shifted(h, 16), many(0x7FEB352D))
        h = builder.xor(shifted(h, 15), key1)
        h = shifted(builder.mul(h, many(0x846CA68B)), 16)
        lanes = ir.VectorType(ir.FloatType(), LANES)
        chosen = builder.icmp_unsigned(">=", builder.lshr(h, many(1)), threshold)
        return builder.uitofp(chosen, lanes)

    return Lanes(types.float32)(*[types.int64] * 4), generate


@intrinsic
def first_of(typing_context, lanes, count):
    """Keep the first ``count`` lanes, and set the others to 0."""

    def generate(context, builder, signature, args):
        vector, index = args[0].type, ir.VectorType(ir.IntType(64), LANES)
        lane = ir.Constant(index, list(range(LANES)))
        inside = builder.icmp_signed("<", lane, _repeated(builder, args[1]))
        return builder.select(inside, args[0], ir.Constant(vector, [0.0] * LANES))

    return lanes(lanes, types.int64), generate


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


@inlined
def read(array, position, count):
    """Read up to LANES numbers, ``count`` or all."""
    return load(array, position) if count >= LANES else load_part(array, position, count)


@inlined
def write(array, position, count, lanes):
    """Write up to LANES numbers, ``count`` or all."""
    if count >= LANES:
        store(array, position, lanes)
    else:
        store_part(array, position, count, lanes)


@inlined
def add_to(array, position, count, lanes):
    """Add up to LANES numbers to those that the array holds."""
    write(array, position, count, read(array, position, count) + lanes)


@inlined
def add_to_four(arrays, position, count, lanes):
    """Add to each of four arrays, at one position, lanes of its own."""
    add_to(arrays[0], position, count, lanes[0])
    add_to(arrays[1], position, count, lanes[1])
    add_to(arrays[2], position, count, lanes[2])
    add_to(arrays[3], position, count, lanes[3])
