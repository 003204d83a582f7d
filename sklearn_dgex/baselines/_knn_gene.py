"""KNN-GE: a target is the mean of the landmark genes it resembles most."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from scipy.sparse import csr_array

from sklearn_dgex.baselines._data import LinearInference


class KNNGeneRegressor(LinearInference):
    r"""Infer each target as the mean of the landmark genes nearest to it.

    Neighbours are genes, not samples: those landmarks whose standardised profile over the training
    samples lies nearest to the target's. scikit-learn's ``KNeighborsRegressor`` looks for similar
    samples instead.

    Parameters
    ----------
    n_neighbors : int, default=10
        Landmarks to average, all of them if there are fewer. Choose it by validation, as the D-GEX
        paper does.

    Attributes
    ----------
    neighbors_ : ndarray of int of shape (n_targets, n_neighbors)
        Positions of each target's landmarks, nearest first.
    feature_scaler_, target_scaler_ : GeneScaler
        Mean and standard deviation of each gene in training.
    n_features_in_, n_outputs_ : int
        Landmarks and targets.
    feature_names_in_, target_names_in_ : ndarray of str
        Gene names, where ``X``, ``y`` had any.

    Notes
    -----
    D-GEX standardises all genes, and so does this estimator, inside: the mean of the standardised
    landmarks is brought back to the target's own mean and standard deviation. Between standardised
    genes the Euclidean distance is :math:`\sqrt{2 n (1 - r)}`, so the nearest are those of the
    highest correlation, found by one matrix product for all targets. A gene that does not vary in
    training is nobody's neighbour, unless there are not enough others, and is inferred as its mean.

    References
    ----------
    Chen, Y. et al. (2016). Gene expression inference with deep learning. Bioinformatics 32,
    1832-1839; "K-nearest neighbor regression".

    Examples
    --------
    >>> from sklearn_dgex.baselines import KNNGeneRegressor
    >>> from sklearn_dgex.datasets import make_expression
    >>> X, y = make_expression(150, n_landmarks=40, n_targets=60, random_state=0)
    >>> model = KNNGeneRegressor(n_neighbors=2).fit(X, y)
    >>> model.neighbors_.shape
    (60, 2)
    """

    def __init__(self, n_neighbors=10) -> None:
        self.n_neighbors = n_neighbors

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # Nothing is fitted but the neighbours: a target that no landmark resembles is not learned.
        tags.regressor_tags.poor_score = True
        return tags

    def _check_parameters(self) -> None:
        if (
            not isinstance(self.n_neighbors, Integral)
            or isinstance(self.n_neighbors, bool)
            or self.n_neighbors < 1
        ):
            raise ValueError(
                "The 'n_neighbors' parameter of KNNGeneRegressor must be an int in the range "
                f"[1, inf). Got {self.n_neighbors!r} instead."
            )

    def _learn(self, Z: np.ndarray, y: np.ndarray) -> None:
        k = min(self.n_neighbors, Z.shape[1])
        self.neighbors_ = np.empty((y.shape[1], k), dtype=np.intp)
        for targets, centred in self._blocks(y):
            scale = self.target_scaler_.scale[targets]
            likeness = (centred / np.where(scale > 0, scale, np.inf)).T @ Z  # n times r
            likeness[:, self.feature_scaler_.constant] = -np.inf
            self.neighbors_[targets] = np.argsort(-likeness, axis=1, kind="stable")[:, :k]

    def _infer(self, Z: np.ndarray) -> np.ndarray:
        n_targets, k = self.neighbors_.shape
        # a sparse product reads outside its memory where a position is out of range
        if not 0 <= self.neighbors_.min() <= self.neighbors_.max() < Z.shape[1]:
            raise ValueError(
                f"The neighbors_ of KNNGeneRegressor must be positions of its {Z.shape[1]} "
                f"landmarks. Got {self.neighbors_.min()} to {self.neighbors_.max()} instead; fit "
                "the model anew, or load another copy."
            )
        shares = np.repeat(self.target_scaler_.scale / k, k)
        bounds = np.arange(0, n_targets * k + 1, k)
        means = csr_array((shares, self.neighbors_.ravel(), bounds), shape=(n_targets, Z.shape[1]))
        return (means @ Z.T).T
