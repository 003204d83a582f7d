"""What comes in through fit and predict, checked and as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length

from sklearn_dgex.utils._sklearn_private import check_sample_weight
from sklearn_dgex.utils.genes import align_genes
from sklearn_dgex.utils.validation import (
    FLOATS,
    check_finite_profiles,
    check_genes,
    check_profiles,
    frame_precision,
)


def check_landmarks(estimator, X, *, reset: bool) -> np.ndarray:
    """Return landmark profiles of shape (n, p), their genes in the order of the fit.

    ``reset=True`` takes the genes of ``X`` as those of the fit.
    """
    return check_profiles(estimator, X, reset=reset, what="landmark")


def check_targets(
    y, target_names: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return target profiles of shape (n,) or (n, q), and their genes' names if they have any.

    With ``target_names`` a frame's genes are put in that order.
    """
    if y is None:
        raise ValueError(
            "DGEXRegressor requires y to be passed, but the target y is None; pass the expression "
            "of the genes to be inferred, samples × genes."
        )
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


@dataclass
class TrainingData:
    """Checked arrays: X (n, p), y (n, q), and weight (n,) or None."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None


def check_training_data(estimator, X, y, sample_weight, *, reset: bool) -> TrainingData:
    """Check the data of a fit and, with ``reset``, take their genes as the estimator's."""
    X = check_landmarks(estimator, X, reset=reset)
    known = None if reset else getattr(estimator, "target_names_in_", None)
    y, names = check_targets(y, known)
    check_consistent_length(X, y)
    weight = None
    if sample_weight is not None:
        weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    n_targets = 1 if y.ndim == 1 else y.shape[1]
    if reset:
        estimator._target_ndim, estimator.n_outputs_ = y.ndim, n_targets
        vars(estimator).pop("target_names_in_", None)
        if names is not None:
            estimator.target_names_in_ = names
    elif n_targets != estimator.n_outputs_:
        raise ValueError(
            f"The target y must have the {estimator.n_outputs_} genes of the first fit. "
            f"Got {n_targets} instead; fit anew with warm_start=False."
        )
    return TrainingData(X, y.reshape(len(y), -1), weight)
