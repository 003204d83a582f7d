"""The linear regression that the LINCS program infers with, and its ridge variant."""

from __future__ import annotations

from numbers import Real

import numpy as np
from scipy.linalg import qr, svd

from sklearn_dgex.baselines._data import LinearInference

RELATIVE_ALPHAS = np.logspace(-4, 2, 31)  # in units of a standardised landmark's sum of squares


class LincsRegression(LinearInference):
    r"""Infer each target as a linear function of all landmarks.

    Ordinary least squares, one regression a target, is what the LINCS program's inference and D-GEX
    ("LR") are compared by. With few samples a ridge penalty ("LR-L2") is much better; here it is
    chosen for every target by itself, at no more cost than one fit.

    Parameters
    ----------
    alpha : float or "gcv", default=0.0
        Ridge penalty on standardised landmarks; 0 is the published method, and where there are
        fewer samples than landmarks its solution of least norm. "gcv" chooses one for each target
        by generalised cross-validation; the paper's LR-L2 has one for all.

    Attributes
    ----------
    coef_ : ndarray of shape (n_targets, n_landmarks)
        In units of the target for one standard deviation of the landmark.
    alpha_ : ndarray of shape (n_targets,)
        Penalty of each target.
    feature_scaler_, target_scaler_ : GeneScaler
        Mean and standard deviation of each gene in training.
    n_features_in_, n_outputs_ : int
        Landmarks and targets.
    feature_names_in_, target_names_in_ : ndarray of str
        Gene names, where ``X``, ``y`` had any.

    Notes
    -----
    With the singular value decomposition :math:`U S V^T` of the landmarks, the error of every
    penalty is known from :math:`U^T y` alone: generalised cross-validation takes the smallest

    .. math:: \frac{n \, \lVert y - \hat y_\alpha \rVert^2}
              {(n - 1 - \sum_j s_j^2 / (s_j^2 + \alpha))^2}.

    The decomposition is that of the small factor of a QR decomposition: its cost does not grow with
    the number of targets, and all else is matrix products. scikit-learn's ``LinearRegression`` and
    ``Ridge`` give the same predictions for one penalty; ``RidgeCV(alpha_per_target=True)`` holds
    samples × targets × penalties.

    References
    ----------
    .. [1] Chen, Y. et al. (2016). Gene expression inference with deep learning. Bioinformatics 32,
       1832-1839; "Linear regression".
    .. [2] Golub, G. H., Heath, M. & Wahba, G. (1979). Generalized cross-validation as a method for
       choosing a good ridge parameter. Technometrics 21, 215-223.

    Examples
    --------
    >>> from sklearn_dgex.baselines import LincsRegression
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.metrics import mmae
    >>> X, y = make_expression(150, n_landmarks=40, n_targets=60, random_state=0)
    >>> for alpha in (0.0, "gcv"):
    ...     model = LincsRegression(alpha).fit(X[:100], y[:100])
    ...     print(alpha, round(mmae(y[100:], model.predict(X[100:])), 2))
    0.0 0.73
    gcv 0.65
    """

    def __init__(self, alpha=0.0) -> None:
        self.alpha = alpha

    def _check_parameters(self) -> None:
        is_number = isinstance(self.alpha, Real) and not isinstance(self.alpha, bool)
        if self.alpha != "gcv" and not (is_number and 0 <= self.alpha < np.inf):
            raise ValueError(
                "The 'alpha' parameter of LincsRegression must be 'gcv' or a float in the range "
                f"[0, inf). Got {self.alpha!r} instead."
            )

    def _learn(self, Z: np.ndarray, y: np.ndarray) -> None:
        left, singular, right = _decompose(Z)
        self.coef_ = np.empty((y.shape[1], Z.shape[1]))
        self.alpha_ = np.empty(y.shape[1])
        for targets, centred in self._blocks(y):
            scores = left.T @ centred  # (rank, n_targets)
            alpha = self._penalties(singular, scores, centred)
            shrunk = scores * (singular[:, None] / (singular[:, None] ** 2 + alpha))
            self.coef_[targets], self.alpha_[targets] = shrunk.T @ right, alpha

    def _infer(self, Z: np.ndarray) -> np.ndarray:
        return Z @ self.coef_.T

    def _penalties(self, singular, scores, y) -> np.ndarray | float:
        if self.alpha != "gcv":
            return float(self.alpha)
        # NOTE[DIFF] ridge-per-target: Chen et al. choose one penalty for all targets.
        n_samples = len(y)
        alphas = RELATIVE_ALPHAS * n_samples
        squares = np.square(scores)
        outside = np.maximum(np.square(y).sum(axis=0) - squares.sum(axis=0), 0.0)
        kept = singular**2 / (singular**2 + alphas[:, None])  # (n_alphas, rank)
        errors = outside + np.square(1 - kept) @ squares  # (n_alphas, n_targets)
        errors /= np.square(n_samples - 1 - kept.sum(axis=1, keepdims=True))
        return alphas[errors.argmin(axis=0)]


def _decompose(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Singular vectors and values of the directions that the samples span."""
    if len(Z) > Z.shape[1]:
        basis, small = qr(Z, mode="economic", check_finite=False)
        left, singular, right = svd(small, full_matrices=False, check_finite=False)
        left = basis @ left
    else:
        left, singular, right = svd(Z, full_matrices=False, check_finite=False)
    spanned = singular > singular.max() * max(Z.shape) * np.finfo(float).eps
    return left[:, spanned], singular[spanned], right[spanned]
