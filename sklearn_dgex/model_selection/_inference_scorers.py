"""Scores of an inference by name, for searches and cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sklearn_dgex.metrics import inference_report
from sklearn_dgex.utils.genes import gene_names

SCORES = {
    "neg_mmae": ("all", "mmae", -1.0),
    "median_correlation": ("all", "median_correlation", 1.0),
    "above_half": ("all", "above_half", 1.0),
    "neg_mmae_unshared": ("unshared", "mmae", -1.0),
}


@dataclass(frozen=True)
class InferenceScorer:
    """A scorer of regressors that infer expression; higher is better.

    Parameters
    ----------
    name : {"neg_mmae", "median_correlation", "above_half", "neg_mmae_unshared"}
        See :func:`inference_scorers`.
    gene_of : mapping of str to str, default=None
        Gene of each probe, for "neg_mmae_unshared".

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.model_selection import InferenceScorer
    >>> X, y = make_expression(100, 20, 30, random_state=0)
    >>> InferenceScorer("median_correlation")(Ridge().fit(X[:50], y[:50]), X[50:], y[50:]) > 0.3
    True
    """

    name: str
    gene_of: object = None

    def __post_init__(self):
        if self.name not in SCORES:
            raise ValueError(
                f"The 'name' parameter must be one of {list(SCORES)}. Got {self.name!r} instead."
            )

    def __call__(self, estimator, X, y) -> float:
        """Score a fitted estimator.

        Parameters
        ----------
        estimator : regressor, or Pipeline that ends in one
            Fitted.
        X : array-like or frame of shape (n_samples, n_landmarks)
            Landmark expression. "neg_mmae_unshared" reads the landmarks' names from it.
        y : array-like or frame of shape (n_samples, n_targets)
            Measured expression.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If "neg_mmae_unshared" gets no gene names, or no target is left.
        """
        part, column, sign = SCORES[self.name]
        landmarks = self._landmarks(X) if part != "all" else None
        y_pred = np.asarray(estimator.predict(X))  # in the order of y, whatever its names
        report = inference_report(y, y_pred, landmarks=landmarks, gene_of=self.gene_of)
        if not report.loc[part, "n_genes"]:
            raise ValueError(
                f"The score {self.name!r} needs targets whose gene is no landmark. Got none; "
                "check gene_of."
            )
        return sign * float(report.loc[part, column])

    def _landmarks(self, X) -> np.ndarray:
        names = gene_names(X)
        if names is None:
            raise ValueError(
                f"The score {self.name!r} needs frames with gene names as X and y. "
                f"Got {type(X).__name__} instead."
            )
        return names


def inference_scorers(names=None, *, gene_of=None) -> dict[str, Callable]:
    """Make the scores of an inference, by name, for the ``scoring`` of a search.

    Parameters
    ----------
    names : str or sequence of str, default=None
        Which scores; None is the first three.

        ``"neg_mmae"``
            Mean over samples of the mean absolute error over genes, negated.
        ``"median_correlation"``
            Median over genes of Pearson's r over samples.
        ``"above_half"``
            Share of genes with r > 0.5.
        ``"neg_mmae_unshared"``
            As the first, without targets that measure a landmark gene through another probe;
            needs frames with gene names.
    gene_of : mapping of str to str, default=None
        Gene of each probe, where names are those of probes.

    Returns
    -------
    dict of str to callable
        For ``GridSearchCV(..., scoring=inference_scorers(), refit="neg_mmae")`` and for
        :func:`sklearn.model_selection.cross_validate`. All are better when higher.

    Raises
    ------
    ValueError
        If a name is unknown.

    Notes
    -----
    scikit-learn has no public way to add names to those that ``scoring="..."`` takes. Its own
    "neg_mean_absolute_error" is "neg_mmae" where all genes weigh alike, as they do by default.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.model_selection import inference_scorers
    >>> X, y = make_expression(100, 20, 30, random_state=0)
    >>> grid = {"alpha": [1, 100]}
    >>> search = GridSearchCV(Ridge(), grid, scoring=inference_scorers(), refit="neg_mmae")
    >>> sorted(k for k in search.fit(X, y).cv_results_ if k.startswith("mean_test"))
    ['mean_test_above_half', 'mean_test_median_correlation', 'mean_test_neg_mmae']
    """
    if names is None:
        names = list(SCORES)[:3]
    names = [names] if isinstance(names, str) else list(names)
    return {name: InferenceScorer(name, gene_of) for name in names}
