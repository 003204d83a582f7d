"""Whether a part of the samples would have been clustered the same way."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags, resample

from sklearn_dgex.model_selection._estimators import (
    check_seed,
    cluster_labels,
    is_trivial,
    seeded_clone,
)


@dataclass(frozen=True)
class StabilityScorer:
    """Agreement of a clustering with those of random parts of its samples.

    A scorer, to be called with a fitted estimator. It draws parts of the samples, clusters each
    anew, and compares the new labels with those that the full fit gave to the same samples.

    Parameters
    ----------
    n_resamples : int, default=10
        Parts to draw. Ten settle the choice between settings that differ clearly; the mean over
        100, as in [1]_, tells close ones apart.
    fraction : float in (0, 1], default=0.8
        Share of the samples in a part, drawn without replacement; 0.8 as in [1]_.
    refit : {"clusterer", "pipeline"}, default="clusterer"
        What is fitted anew. "clusterer" keeps the fitted steps before the last and is cheap, but
        leaves out how much their own training varies: codes of one dimension, or collapsed onto a
        few points, look stable. "pipeline" fits everything, as often as there are parts; take it
        where the steps before the clusterer are searched.
    random_state : int, default=0
        Seed of the parts. It is an int, so that every setting is judged on the same parts.

    Raises
    ------
    ValueError
        If a parameter is not what it must be.

    Notes
    -----
    The score is the mean of the adjusted Rand indices, as :func:`adjusted_rand_scorer` has them.
    A part that the full fit puts into one cluster, or each sample of it into its own, counts 0:
    such a partition is always stable and says nothing.

    Each ``random_state`` of the clone that is None gets an int of its own for each part, so that
    scores repeat and the global generator is neither read nor moved; how much a clustering owes to
    its start is then part of its instability. A ``random_state`` that is set is kept. The fitted
    estimator is not changed.

    Stability is not accuracy: few clusters, or codes of few dimensions, can be as stable as the
    true partition. Look at another criterion beside when their number is searched.

    References
    ----------
    .. [1] Ben-Hur, A., Elisseeff, A. & Guyon, I. (2002). A stability based method for discovering
       structure in clustered data. Pacific Symposium on Biocomputing 7, 6-17. They compare parts
       with each other where these overlap; here each is compared with the full fit, whose labels
       are the ones in question.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn_dgex.model_selection import StabilityScorer
    >>> X, _ = make_blobs(60, centers=[[0, 0], [9, 0], [0, 9]], random_state=0)
    >>> stability = StabilityScorer(n_resamples=5)
    >>> stability(KMeans(3, n_init=5, random_state=0).fit(X), X)
    1.0
    >>> stability(KMeans(6, n_init=5, random_state=0).fit(X), X) < 0.9
    True
    """

    n_resamples: int = 10
    fraction: float = 0.8
    refit: str = "clusterer"
    random_state: int = 0

    def __post_init__(self):
        owner = f"parameter of {type(self).__name__} must be"
        n_resamples, fraction = self.n_resamples, self.fraction
        if not isinstance(n_resamples, Integral) or n_resamples < 1:
            raise ValueError(
                f"The 'n_resamples' {owner} an int in the range [1, inf). Got {n_resamples!r} "
                "instead."
            )
        if not isinstance(fraction, Real) or not 0 < fraction <= 1:
            raise ValueError(
                f"The 'fraction' {owner} a float in the range (0, 1]. Got {fraction!r} instead."
            )
        if self.refit not in ("clusterer", "pipeline"):
            raise ValueError(
                f"The 'refit' {owner} 'clusterer' or 'pipeline'. Got {self.refit!r} instead."
            )
        check_seed(self.random_state, type(self).__name__)

    def __call__(self, estimator, X, y=None) -> float:
        """Score a fitted estimator.

        Parameters
        ----------
        estimator : clusterer, or Pipeline that ends in one
            Fitted; labels as in :func:`adjusted_rand_scorer`.
        X : array-like or frame of shape (n_samples, n_features)
            The samples of the fit.
        y : object, default=None
            Ignored: no label is seen.

        Returns
        -------
        float
            At most 1; higher is better, and 0 is chance.

        Raises
        ------
        ValueError
            If the last step is not a clusterer, or it has no ``predict`` and was fitted on another
            number of samples.
        """
        labels = cluster_labels(estimator, X)
        model, data = estimator, X
        if self.refit == "clusterer" and isinstance(estimator, Pipeline):
            model = estimator[-1]
            data = estimator[:-1].transform(X) if len(estimator) > 1 else X
        generators = np.random.default_rng(self.random_state).spawn(self.n_resamples)
        return float(np.mean([self._agreement(model, data, labels, rng) for rng in generators]))

    def _agreement(self, model, data, labels, rng) -> float:
        part, rows = resample(
            data,
            np.arange(len(labels)),
            replace=False,
            n_samples=max(1, round(self.fraction * len(labels))),
            random_state=int(rng.integers(2**31)),
        )
        if get_tags(model).input_tags.pairwise:  # a matrix between samples loses columns, too
            part = part[:, rows]
        if is_trivial(labels[rows]):
            return 0.0
        again = seeded_clone(model, rng).fit(part)
        return adjusted_rand_score(labels[rows], cluster_labels(again, part))
