"""What a fitted DGEXRegressor does: infer profiles, as an array or as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_dgex import nn, training
from sklearn_dgex._dgex import summary
from sklearn_dgex._dgex.data import check_landmarks
from sklearn_dgex.utils.rows import Rows
from sklearn_dgex.utils.summary import FittedBox


class GeneInference(FittedBox, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Inference with a trained net: the half of DGEXRegressor that does not learn."""

    @property
    def networks_(self) -> list[nn.TowerNetwork]:
        """The torch networks between which the targets are split."""
        check_is_fitted(self, "net_")
        return nn.networks_of(self.net_.module_)

    def predict(self, X) -> np.ndarray:
        """Infer the targets of landmark profiles.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_landmarks)
            Landmark expression. The genes of a frame may stand in any order.

        Returns
        -------
        ndarray of shape (n_samples, n_targets) or (n_samples,)
            Inferred expression, in units of the training targets; float32 for float32 profiles,
            else computed in float64.

        Raises
        ------
        GeneMismatchError
            If genes are missing or unknown; the message lists them.
        """
        check_is_fitted(self)
        X = check_landmarks(self, X, reset=False)
        y = self._infer_rows(X) if isinstance(X, Rows) else self._infer(X)
        return y if self._target_ndim == 2 else y.ravel()

    def _infer_rows(self, X: Rows) -> np.ndarray:  # (n, p) -> (n, q)
        y = np.empty((len(X), self.n_outputs_), X.dtype)
        for first, values in X.pieces():
            y[first : first + len(values)] = self._infer(values)
        return y

    def _infer(self, X: np.ndarray) -> np.ndarray:  # (n, p) -> (n, q)
        device = training.local_device(self.device, self.distributed)
        device, precision = training.prediction_setting(device, self.precision)
        y = training.predict_profiles(
            self.net_.module_,
            self.feature_scaler_.transform(X, dtype=X.dtype),
            device=device,
            precision=precision,
        )
        return self.target_scaler_.inverse_transform(y)

    def infer(self, X) -> pd.DataFrame:
        """Infer the targets as a table that keeps the names of samples and genes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_landmarks)
            As in :meth:`predict`.

        Returns
        -------
        DataFrame of shape (n_samples, n_targets)
            The index is that of ``X``, the columns are ``target_names_in_``, where there are any.
        """
        y = self.predict(X)
        return pd.DataFrame(
            y.reshape(len(y), -1),
            index=X.index if hasattr(X, "iloc") else None,  # a list has an index, too: a method
            columns=getattr(self, "target_names_in_", None),
            copy=False,
        )

    def _summary(self) -> dict[str, str]:
        return summary.summary(self)

    def _caption(self) -> str:
        return summary.genes(self)
