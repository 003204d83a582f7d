"""What both baselines ask of their data, and how they answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_dgex.utils.samples import warn_of_other_order
from sklearn_dgex.utils.scaling import GeneScaler, check_inferred
from sklearn_dgex.utils.targets import check_targets
from sklearn_dgex.utils.validation import check_profiles

BLOCK_TARGETS = 1024


class LinearInference(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Regressors that standardise landmarks, and infer all targets by one matrix product.

    ``_learn`` is given standardised landmarks and the targets as they are, and sets what ``_infer``
    multiplies standardised landmarks by.
    """

    def fit(self, X, y) -> Self:
        """Learn to infer targets from landmarks.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_landmarks)
            Landmark expression. A frame's gene names are kept, and later tables reordered to them.
        y : array-like or frame of shape (n_samples, n_targets) or (n_samples,)
            Target expression, in any unit.

        Returns
        -------
        LincsRegression or KNNGeneRegressor
            The fitted estimator itself.

        Raises
        ------
        GeneMismatchError
            If a gene name stands twice.
        ValueError
            If a parameter or the data are not what they must be.
        """
        self._check_parameters()
        warn_of_other_order(X, y)
        X = check_profiles(self, X, reset=True, what="landmark")
        y, names = check_targets(self, y)
        check_consistent_length(X, y)
        if len(X) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least two samples to learn from. Got n_samples = "
                f"{len(X)} instead."
            )
        self._target_ndim, self.n_outputs_ = y.ndim, 1 if y.ndim == 1 else y.shape[1]
        vars(self).pop("target_names_in_", None)
        if names is not None:
            self.target_names_in_ = names
        y = y.reshape(len(y), -1)
        self.feature_scaler_ = GeneScaler.fit(X, "standard")
        self.target_scaler_ = GeneScaler.fit(y, "standard")
        self._learn(self.feature_scaler_.transform(X, dtype=np.float64), y)
        return self

    def predict(self, X) -> np.ndarray:
        """Infer the targets of landmark profiles.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_landmarks)
            Landmark expression. The genes of a frame may stand in any order.

        Returns
        -------
        ndarray of shape (n_samples, n_targets) or (n_samples,)
            Inferred expression, in units of the training targets; float32 for float32 profiles.

        Raises
        ------
        GeneMismatchError
            If genes are missing or unknown; the message lists them.
        """
        check_is_fitted(self)
        X = check_profiles(self, X, reset=False, what="landmark")
        with np.errstate(over="ignore", invalid="ignore"):
            y = self._infer(self.feature_scaler_.transform(X, dtype=np.float64))
            y += self.target_scaler_.offset
            y = y.astype(X.dtype, copy=False)
        check_inferred(y)
        return y if self._target_ndim == 2 else y.ravel()

    def _blocks(self, y: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield some targets at a time, centred, as float64: no copy of them all is held."""
        for start in range(0, y.shape[1], BLOCK_TARGETS):
            targets = slice(start, start + BLOCK_TARGETS)
            yield targets, y[:, targets] - self.target_scaler_.offset[targets]
