"""What both baselines ask of their data, and how they answer."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_dgex.utils.targets import check_targets
from sklearn_dgex.utils.validation import check_profiles


class LinearInference(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Regressors that standardise landmarks, and infer all targets by one matrix product.

    ``_learn`` is given standardised landmarks and centred targets, and returns what ``_infer``
    multiplies standardised landmarks by.
    """

    def fit(self, X, y):
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
        y = y.reshape(len(y), -1).astype(np.float64)
        self.mean_, self.scale_ = _statistics(X)
        self.target_mean_, _ = _statistics(y)
        self._learn(self._standardised(X), y - self.target_mean_)
        return self

    def predict(self, X):
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
        y = self._infer(self._standardised(X)) + self.target_mean_
        y = y.astype(X.dtype, copy=False)
        return y if self._target_ndim == 2 else y.ravel()

    def _standardised(self, X: np.ndarray) -> np.ndarray:
        return (X.astype(np.float64) - self.mean_) / self.scale_


def _statistics(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each gene, infinite for one that does not vary."""
    # Taken from one of the samples, a constant gene's mean is exact, whatever their number.
    first = X[0].astype(np.float64)
    away = X - first
    mean, deviation = first + away.mean(axis=0), away.std(axis=0)
    constant = deviation <= 8 * np.finfo(float).eps * np.abs(mean)
    return mean, np.where(constant, np.inf, deviation)
