"""Checks that scikit-learn lacks, or whose message does not say enough."""

from __future__ import annotations

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
) -> None:
    """Raise a ValueError that counts NaN and infinite values and says where the first one is.

    ``allow_nan`` leaves NaN alone, as a missing value.
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
        f"{values.size} instead, the first in sample {row}, {place}; {remedy}."
    )


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
