"""Checks that scikit-learn lacks, or whose message does not say enough."""

from __future__ import annotations

import os
from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
from sklearn.utils.validation import validate_data

from sklearn_dgex.utils.genes import (
    align_genes,
    check_string_names,
    check_unique_genes,
    gene_names,
    listed,
)

FLOATS = (np.float64, np.float32)
# How the names of types begin that numpy would turn into float without a word
NO_NUMBERS = ("complex", "date", "time", "duration", "period")
CALLBACK_METHODS = ("initialize", "on_train_begin", "on_epoch_end")
IMPUTE_OR_DROP = "impute them or drop these genes or samples"


def check_profiles(
    estimator,
    X,
    *,
    reset: bool,
    what: str,
    noun: str = "gene",
    remedy: str = IMPUTE_OR_DROP,
    allow_nan: bool = False,
) -> np.ndarray:
    """Return profiles of shape (n, p), their genes in the order of the fit.

    ``reset=True`` takes the genes of ``X`` as those of the fit.
    """
    check_holds_numbers(X, what=what, noun=noun)
    if noun == "gene":  # other features, such as times, may have numbers for names
        check_string_names(X)
    names = check_genes(X, what=what, noun=noun)
    if not reset:
        names = getattr(estimator, "feature_names_in_", None)
        X = align_genes(X, names, what=what, noun=noun)
    dtype = frame_precision(X) or FLOATS
    X = validate_data(estimator, X, reset=reset, dtype=dtype, ensure_all_finite=False)
    check_finite_profiles(X, names, what=what, noun=noun, remedy=remedy, allow_nan=allow_nan)
    return X


def check_finite_profiles(
    values: np.ndarray,
    names: np.ndarray | None,
    *,
    what: str,
    noun: str = "gene",
    remedy: str = IMPUTE_OR_DROP,
    allow_nan: bool = False,
    first_row: int = 0,
) -> None:
    """Raise a ValueError that counts NaN and infinite values and says where the first one is.

    ``allow_nan`` leaves NaN alone, as a missing value; ``first_row`` is where in a larger table
    the values begin.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):
            return  # one bad value would have spoilt the sum
    bad = np.isinf(values) if allow_nan else ~np.isfinite(values)
    if not bad.any():
        return
    row, column = np.unravel_index(bad.argmax(), (len(bad), bad.size // len(bad)))
    place = f"{noun} {names[column]!r}" if names is not None else f"column {column}"
    n_infinite = int(np.isinf(values).sum())
    rule, nan = (
        (", or NaN where missing", "") if allow_nan else ("", f"{bad.sum() - n_infinite} NaN and ")
    )
    raise ValueError(
        f"The {what} values must be finite{rule}. Got {nan}{n_infinite} infinite (inf) of "
        f"{values.size} instead, the first in sample {first_row + row}, {place}; {remedy}."
    )


def check_holds_numbers(table, *, what: str, noun: str = "gene") -> None:
    """Raise a ValueError if a table has no columns, or holds what would be mistaken for numbers.

    Dates become counts of days, and complex numbers lose their imaginary part.
    """
    if isinstance(table, str | os.PathLike):
        raise ValueError(
            f"The {what} values must be a table of numbers. Got {os.fspath(table)!r} instead; read "
            "a file by sklearn_dgex.datasets.read_expression."
        )
    if hasattr(table, "dtypes") and hasattr(table, "columns") and not len(table.columns):
        raise ValueError(
            f"The {what} table must have at least one {noun}. Got a frame of shape {table.shape} "
            "instead."
        )
    for dtype in _dtypes(table):
        if str(dtype).lower().startswith(NO_NUMBERS):
            # scikit-learn's word, which programs may look for
            reason = "Complex data not supported: " if "complex" in str(dtype) else ""
            raise ValueError(
                f"{reason}The {what} values must be real numbers. Got {dtype} instead; convert "
                "them first, or leave such columns out."
            )


def _dtypes(table) -> set:
    """Types of values that a frame, array or nested list shows without being converted."""
    while isinstance(table, list | tuple) and len(table):
        table = table[0]
    if hasattr(table, "columns"):
        return set(getattr(table, "dtypes", ()))
    return {table.dtype} if hasattr(table, "dtype") else set()


def check_numeric_columns(table, *, what: str) -> None:
    """Raise a ValueError that names the columns of a frame that hold no numbers."""
    dtypes = getattr(table, "dtypes", None)
    if not hasattr(table, "select_dtypes") or dtypes is None:
        return
    others = list(table.select_dtypes(exclude=["number", "bool"]).columns)
    bad = [name for name in others if not _holds_numbers(table[name])]
    if bad:
        raise ValueError(
            f"The {what} columns must all be numbers. Got {len(bad)} that are not "
            f"({listed(bad)}); move sample names into the index and drop annotation columns."
        )


def frame_precision(table) -> type[np.float32] | None:
    """Return float32 for a frame of nothing else, which scikit-learn widens if it is polars'."""
    dtypes = getattr(table, "dtypes", None)
    if getattr(table, "columns", None) is None or dtypes is None or not len(dtypes):
        return None
    return np.float32 if all(str(dtype).lower() == "float32" for dtype in dtypes) else None


def check_genes(table, *, what: str, noun: str = "gene") -> np.ndarray | None:
    """Return a table's column names, if it has any, after checking that each stands once."""
    names = gene_names(table)
    check_unique_genes(names, what=what, noun=noun)
    if names is not None:
        check_numeric_columns(table, what=what)
    return names


def _holds_numbers(column) -> bool:
    try:
        column.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True


def check_share(value, name: str) -> None:
    """Raise a ValueError unless a parameter is a number between 0 and 1, ends excluded."""
    if not isinstance(value, Real) or isinstance(value, bool) or not 0 < value < 1:
        raise ValueError(
            f"The {name!r} parameter must be a number between 0 and 1. Got {value!r} instead."
        )


def check_count(value, name: str) -> None:
    """Raise a ValueError unless a parameter is an int of at least 1."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(
            f"The {name!r} parameter must be an int of at least 1. Got {value!r} instead."
        )


@contextmanager
def overflow_refused():
    """Turn numbers that grow too large for their type into a ValueError, instead of infinite ones.

    For calls of numpy, whose own flags tell it: that costs nothing.
    """
    try:
        with np.errstate(over="raise"):
            yield
    except FloatingPointError as error:
        raise ValueError(
            "The values must stay finite when they are scaled, and when that is undone. Got some "
            "that are too large, or too far from those of the fit; check their unit."
        ) from error


def check_callbacks(estimator) -> None:
    """Raise a ValueError unless an estimator's ``callbacks`` are skorch's: objects or classes.

    A pair of a name and a callback is one, too.
    """
    for given in estimator.callbacks or ():
        callback = given[-1] if isinstance(given, tuple) and len(given) == 2 else given
        if not all(callable(getattr(callback, name, None)) for name in CALLBACK_METHODS):
            raise ValueError(
                f"The 'callbacks' parameter of {type(estimator).__name__} must be a list of skorch "
                f"callbacks. Got {given!r} in it instead."
            )
