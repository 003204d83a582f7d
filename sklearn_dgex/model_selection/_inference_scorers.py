"""Scores of an inference by name, for searches and cross-validation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.metrics import make_scorer

from sklearn_dgex.metrics import inference_report, mmae, per_gene_correlation
from sklearn_dgex.utils.genes import gene_names

DEFAULT = ("neg_mmae", "median_correlation", "above_half")
NAMES = (*DEFAULT, "neg_mmae_unshared")


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
            needs frames with gene names as X and y.
    gene_of : mapping of str to str, default=None
        Gene of each probe, where names are those of probes; for "neg_mmae_unshared".

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
        names = DEFAULT
    names = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise ValueError(
            f"The 'names' parameter must be of {list(NAMES)}. Got {unknown[0]!r} instead."
        )
    # Scorers that scikit-learn makes share one prediction in a search.
    scorers = {
        "neg_mmae": make_scorer(_mmae, greater_is_better=False),
        "median_correlation": make_scorer(_median_correlation),
        "above_half": make_scorer(_above_half),
        "neg_mmae_unshared": UnsharedScorer(gene_of),
    }
    return {name: scorers[name] for name in names}


class UnsharedScorer:
    """The negated MMAE over targets whose gene is no landmark: it has to see the landmarks."""

    def __init__(self, gene_of=None):
        self.gene_of = gene_of

    def __call__(self, estimator, X, y) -> float:
        """Score a fitted estimator on frames with gene names."""
        landmarks = gene_names(X)
        if landmarks is None:
            raise ValueError(
                "The score 'neg_mmae_unshared' needs frames with gene names as X and y. "
                f"Got {type(X).__name__} instead."
            )
        y_pred = np.asarray(estimator.predict(X))  # in the order of y, whatever its names
        report = inference_report(y, y_pred, landmarks=landmarks, gene_of=self.gene_of)
        if not report.loc["unshared", "n_genes"]:
            raise ValueError(
                "The score 'neg_mmae_unshared' needs targets whose gene is no landmark. Got none; "
                "check gene_of."
            )
        return -float(report.loc["unshared", "mmae"])

    def __repr__(self) -> str:
        return "UnsharedScorer()"


def _mmae(y_true, y_pred) -> float:
    return mmae(y_true, np.asarray(y_pred))


def _median_correlation(y_true, y_pred) -> float:
    return float(np.median(per_gene_correlation(y_true, np.asarray(y_pred))))


def _above_half(y_true, y_pred) -> float:
    return float(np.mean(np.asarray(per_gene_correlation(y_true, np.asarray(y_pred))) > 0.5))
