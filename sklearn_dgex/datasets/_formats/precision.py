"""Values in another precision, which must hold them."""

from __future__ import annotations

import numpy as np


class PrecisionError(ValueError):
    """Values that a dtype does not hold, said in one sentence."""


def converted(values: np.ndarray, dtype: np.dtype, what: str) -> np.ndarray:
    """Return numbers as ``dtype``, not copied where they are of it, or refuse them.

    Rounding to the digits of ``dtype`` is what it is for. Refused is a value beyond its range, and
    a whole number that would become another one. ``what`` begins the sentence.
    """
    if values.dtype.newbyteorder("=") == dtype:
        return values
    with np.errstate(over="ignore"):
        result = values.astype(dtype)
    if _n_bits(values.dtype) > _n_bits(dtype):
        is_large = np.abs(result) >= 2 ** _n_bits(dtype)
        if is_large.any():
            _check_large(values[is_large], result[is_large], what)
    return result


def _n_bits(dtype: np.dtype) -> int:
    """Digits, in base two, of the whole numbers that a dtype holds."""
    return np.finfo(dtype).nmant + 1 if dtype.kind == "f" else 8 * dtype.itemsize


def _check_large(values: np.ndarray, result: np.ndarray, what: str) -> None:
    is_lost = np.isinf(result) & ~np.isinf(values)
    name, n_bits = result.dtype.name, _n_bits(result.dtype)
    remedy = "divide them first" if result.dtype == np.float64 else "pass dtype='float64'"
    if is_lost.any():
        raise PrecisionError(
            f"{what} must fit into {name}. Got {np.abs(values[is_lost]).max():g} instead; {remedy}."
        )
    is_other = _is_changed(values, result)
    if is_other.any():
        raise PrecisionError(
            f"{what} must fit into {name}, which has all whole numbers up to {2**n_bits:,}. Got "
            f"{int(values[is_other][0]):,} instead, which would be changed; {remedy}."
        )


def _is_changed(values: np.ndarray, result: np.ndarray) -> np.ndarray:
    """Tell which whole numbers, none of them 0, are not what they were."""
    if values.dtype.kind == "f":
        is_whole = (np.abs(values) < 2**53) & (values == np.trunc(values))
        return is_whole & (result != values)
    # A comparison would round the integers. They are kept if they are short but for zeros at the
    # end, of which their lowest set bit tells the number.
    shortened = values // (values & -values)
    return np.abs(shortened) >= 2 ** _n_bits(result.dtype)
