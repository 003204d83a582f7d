"""What comes in through fit and predict, checked and as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklearn_dgex.utils._sklearn_private import check_sample_weight
from sklearn_dgex.utils.targets import check_targets
from sklearn_dgex.utils.validation import check_profiles


def check_landmarks(estimator, X, *, reset: bool) -> np.ndarray:
    """Return landmark profiles of shape (n, p), their genes in the order of the fit.

    ``reset=True`` takes the genes of ``X`` as those of the fit.
    """
    return check_profiles(estimator, X, reset=reset, what="landmark")


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
    y, names = check_targets(estimator, y, known)
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
