"""Profiles that come in, checked, and the range in which the network sees them."""

from __future__ import annotations

import numpy as np

from sklearn_dgex.utils.scaling import GeneScaler
from sklearn_dgex.utils.validation import check_profiles

REMEDY = (
    "fill missing values with KNNImputer or SimpleImputer of sklearn.impute, before SDATransformer "
    "in a Pipeline"
)


def check_input(estimator, X, *, reset: bool) -> np.ndarray:
    """Return profiles of shape (n, d), their features in the order of the fit.

    ``reset=True`` takes the features of ``X`` as those of the fit.
    """
    return check_profiles(estimator, X, reset=reset, what="input", noun="feature", remedy=REMEDY)


def fit_scaler(X: np.ndarray, scaling: str, output_activation: str) -> GeneScaler:
    """Scale onto the range of the output: [-1, 1] for tanh, else [0, 1].

    "feature" stretches every feature to the whole range; "joint" keeps their proportions.
    """
    # NOTE[DIFF] profile-range: the paper does not say how log values come to [0, 1].
    if scaling == "joint":  # as if each went from the lowest of all values to the highest
        X = np.repeat([[X.min()], [X.max()]], X.shape[1], axis=1)
    scaler = GeneScaler.fit(X, "none" if scaling == "none" else "minmax")
    if scaling != "none" and output_activation == "tanh":
        scaler.scale = scaler.scale / 2
        scaler.offset = scaler.offset + scaler.scale
    return scaler


def check_range(X: np.ndarray, loss: str, scaling: str) -> None:
    """Raise a ValueError if unscaled values are no targets of a cross-entropy."""
    if loss == "cross_entropy" and scaling == "none" and (X.min() < 0 or X.max() > 1):
        raise ValueError(
            "The input values must lie in [0, 1] with loss='cross_entropy' and scaling='none'. Got "
            f"values from {X.min():.4g} to {X.max():.4g} instead; take scaling='feature', or "
            "loss='squared_error'."
        )


def as_targets(x: np.ndarray, loss: str) -> np.ndarray:
    """Return scaled profiles as the loss compares with them: a cross-entropy's lie in [0, 1]."""
    return np.clip(x, 0, 1) if loss == "cross_entropy" else x
