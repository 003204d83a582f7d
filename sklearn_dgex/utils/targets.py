"""Target profiles that come in through fit, checked and as an array."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_array

from sklearn_dgex.utils.genes import align_genes, check_string_names
from sklearn_dgex.utils.validation import (
    FLOATS,
    check_finite_profiles,
    check_genes,
    check_holds_numbers,
    frame_precision,
)


def check_targets(
    estimator, y, target_names: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return target profiles of shape (n,) or (n, q), and their genes' names if they have any.

    With ``target_names`` a frame's genes are put in that order.
    """
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None; pass "
            "the expression of the genes to be inferred, samples × genes."
        )
    check_holds_numbers(y, what="target")
    check_string_names(y)
    names = check_genes(y, what="target")
    if target_names is not None:
        y = y.to_frame() if hasattr(y, "to_frame") else y  # so that a series' name is checked, too
        y, names = align_genes(y, target_names, what="target"), target_names
    if names is None and isinstance(getattr(y, "name", None), str):
        names = np.asarray([y.name], dtype=object)
    y = check_array(
        y,
        ensure_2d=False,
        dtype=frame_precision(y) or FLOATS,
        ensure_all_finite=False,
        ensure_min_features=0,  # the message below says more
        input_name="y",
        allow_nd=True,
    )
    if y.ndim not in (1, 2) or y.shape[-1] == 0:
        raise ValueError(
            "The target y must have shape (n_samples, n_targets), or (n_samples,) for one gene. "
            f"Got {y.shape} instead."
        )
    check_finite_profiles(y, names, what="target")
    return y, names
