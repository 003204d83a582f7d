"""Samples matched by name: what belongs to them is put in their order."""

from __future__ import annotations

import pandas as pd

from sklearn_dgex.exceptions import SampleOrderWarning
from sklearn_dgex.utils.genes import listed
from sklearn_dgex.utils.user_warnings import warn_user


def in_sample_order(
    table, samples: pd.Index | None, *, what: str, owner: str = "expression profiles"
):
    """Return a series or frame in the order of ``samples``, the names of the expression's rows.

    Anything without an index goes by position, and so does an index that only counts rows beside
    one of names. Beside other numbers it does not: these may be what is left of a larger table.

    Raises
    ------
    ValueError
        If the names differ; the message lists those missing and unknown.
    """
    index = table.index if hasattr(table, "iloc") else None
    if samples is None or index is None or index.equals(samples):
        return table
    if index.is_unique and len(index) == len(samples) and set(index) == set(samples):
        return table.loc[samples]
    counted = (_only_counts(index), _only_counts(samples))
    if any(counted) and not all(pd.api.types.is_integer_dtype(i) for i in (index, samples)):
        return table
    if index.has_duplicates or samples.has_duplicates:
        repeated = [
            str(name) for name in index[index.duplicated()].append(samples[samples.duplicated()])
        ]
        raise ValueError(
            f"Every sample must have a name of its own to match {what} by. Got {len(repeated)} "
            f"again ({listed(repeated)}); rename them, or pass {what} without names."
        )
    missing = [str(name) for name in samples.difference(index, sort=False)]
    unknown = [str(name) for name in index.difference(samples, sort=False)]
    raise ValueError(
        f"{what} must have the sample names of the {owner}, each once. Got "
        f"{len(missing)} missing ({listed(missing)}) and {len(unknown)} unknown "
        f"({listed(unknown)}); select the same samples in both."
    )


def warn_of_other_order(X, y) -> None:
    """Warn if two frames name the same samples in different orders: they go by position."""
    if not (hasattr(X, "iloc") and hasattr(y, "iloc")) or X.index.equals(y.index):
        return
    if len(X) != len(y) or _only_counts(X.index) or _only_counts(y.index):
        return
    if set(X.index) == set(y.index):
        row = int((X.index != y.index).argmax())
        warn_user(
            f"X and y name the same samples in different orders, such as {X.index[row]!r} and "
            f"{y.index[row]!r} in row {row}, and are matched by position; if that is not meant, "
            "pass y.loc[X.index].",
            SampleOrderWarning,
        )


def _only_counts(index: pd.Index) -> bool:
    return isinstance(index, pd.RangeIndex) and index.equals(pd.RangeIndex(len(index)))
