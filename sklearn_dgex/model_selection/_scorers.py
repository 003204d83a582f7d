"""Scores of a fitted clustering, and the set of criteria that a search compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.metrics.pairwise import nan_euclidean_distances

from sklearn_dgex.model_selection._estimators import cluster_labels, is_trivial
from sklearn_dgex.model_selection._reconstruction import HeldOutReconstructionScorer
from sklearn_dgex.model_selection._stability import StabilityScorer


def adjusted_rand_scorer(estimator, X, y=None) -> float:
    """Compare a fitted clusterer's labels with known classes by the adjusted Rand index.

    A setting chosen by this score is chosen by the labels, so its score is optimistic: it is what
    the best setting could have reached, not what one chosen without labels reaches.

    Parameters
    ----------
    estimator : clusterer, or Pipeline that ends in one
        Fitted. Its labels are those it predicts for ``X``; a clusterer without ``predict`` must
        have been fitted on ``X`` and gives its ``labels_``.
    X : array-like or frame of shape (n_samples, n_features)
        The samples to score.
    y : array-like of shape (n_samples,), default=None
        Known classes, of any type; None, which searches pass where there are none, is refused.

    Returns
    -------
    float
        1 is the same partition, whatever the names of its clusters, and 0 the agreement expected
        by chance; at least -0.5.

    Raises
    ------
    ValueError
        If ``y`` is None, the last step is not a clusterer, or it has no ``predict`` and was fitted
        on another number of samples.

    See Also
    --------
    AllSamplesSplit : The splitter with which clusterers without ``predict`` can be searched.

    Notes
    -----
    The samples of a clusterer without ``predict`` are told apart by their number alone. Two folds
    of equal size pass that check and score noise; :func:`clustering_report` rejects such a search.

    References
    ----------
    .. [1] Hubert, L. & Arabie, P. (1985). Comparing partitions. Journal of Classification 2,
       193-218.
    .. [2] Gupta, A., Wang, H. & Ganapathiraju, M. (2015). Learning structure in gene expression
       data using deep architectures, with an application to gene clustering. IEEE International
       Conference on Bioinformatics and Biomedicine, 1328-1335.

    Examples
    --------
    >>> from sklearn.cluster import SpectralClustering
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import Pipeline
    >>> from sklearn_dgex.model_selection import AllSamplesSplit, adjusted_rand_scorer
    >>> X, y = make_blobs(60, n_features=5, centers=3, random_state=0)
    >>> steps = [("pca", PCA()), ("cluster", SpectralClustering(3, gamma=0.1, random_state=0))]
    >>> search = GridSearchCV(
    ...     Pipeline(steps),
    ...     {"pca__n_components": [1, 2]},
    ...     scoring=adjusted_rand_scorer,
    ...     cv=AllSamplesSplit(),
    ... )
    >>> print(search.fit(X, y).best_score_)
    1.0
    """
    if y is None:
        raise ValueError(
            "adjusted_rand_scorer needs the known classes as y. Got None instead; pass them to the "
            "search's fit, or use clustering_scorers(labels=False), whose criteria need none."
        )
    return float(adjusted_rand_score(y, cluster_labels(estimator, X)))


def silhouette_scorer(estimator, X, y=None) -> float:
    """Mean silhouette of a fitted clusterer's labels, in the space of its input.

    Distances are taken between the rows of ``X`` itself, not between their codes. So all settings
    are measured by the same distances; in its own codes a network that maps all samples onto a few
    points would look best. Scale ``X`` before the search if its features need it.

    Parameters
    ----------
    estimator : clusterer, or Pipeline that ends in one
        Fitted; labels as in :func:`adjusted_rand_scorer`.
    X : array-like or frame of shape (n_samples, n_features)
        The samples to score.
    y : object, default=None
        Ignored: no label is seen.

    Returns
    -------
    float
        In [-1, 1], higher is better. -1, the worst, if all samples lie in one cluster or each in
        its own, where the silhouette is not defined.

    Raises
    ------
    ValueError
        If the last step is not a clusterer, or it has no ``predict`` and was fitted on another
        number of samples.

    Notes
    -----
    The label -1 that some clusterers give to outliers counts as one more cluster. Missing values,
    which a step of the pipeline may impute, are left out of distances (nan_euclidean_distances).

    References
    ----------
    .. [1] Rousseeuw, P. J. (1987). Silhouettes: a graphical aid to the interpretation and
       validation of cluster analysis. Journal of Computational and Applied Mathematics 20, 53-65.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn_dgex.model_selection import silhouette_scorer
    >>> X, _ = make_blobs(60, centers=[[0, 0], [9, 0], [0, 9]], random_state=0)
    >>> scores = {k: silhouette_scorer(KMeans(k, random_state=0).fit(X), X) for k in (1, 2, 3, 4)}
    >>> max(scores, key=scores.get)
    3
    >>> scores[1]
    -1.0
    """
    labels = cluster_labels(estimator, X)
    if is_trivial(labels):
        return -1.0
    if issparse(X) or not np.isnan(np.asarray(X, dtype=float)).any():
        return float(silhouette_score(X, labels))
    distances = nan_euclidean_distances(X)
    np.fill_diagonal(distances, 0)  # which rounding leaves a little above
    return float(silhouette_score(distances, labels, metric="precomputed"))


def clustering_scorers(*, labels=True, stability=True, reconstruction=True) -> dict[str, Callable]:
    """Make the criteria for the ``scoring`` of a search over clusterings.

    Parameters
    ----------
    labels : bool, default=True
        Whether to score the agreement with known classes. Leave it out where there are none.
    stability : bool or callable, default=True
        Whether to score the stability over resamples; a scorer is taken as it is, and True is
        ``StabilityScorer()``.
    reconstruction : bool or callable, default=True
        Whether to score held-out reconstruction; a scorer is taken as it is, and True is
        ``HeldOutReconstructionScorer()``. Leave it out where no step reconstructs.

    Returns
    -------
    dict of str to callable
        Those of "adjusted_rand", "silhouette", "stability" and "reconstruction" that were asked
        for, in this order. All are better when higher.

    Raises
    ------
    ValueError
        If an argument is neither a bool nor, but for ``labels``, callable.

    See Also
    --------
    clustering_report : What each criterion chose in a search.

    Examples
    --------
    >>> from sklearn_dgex.model_selection import StabilityScorer, clustering_scorers
    >>> list(clustering_scorers())
    ['adjusted_rand', 'silhouette', 'stability', 'reconstruction']
    >>> list(clustering_scorers(stability=StabilityScorer(50), reconstruction=False))
    ['adjusted_rand', 'silhouette', 'stability']
    """
    if not isinstance(labels, bool):
        raise ValueError(f"The 'labels' parameter must be a bool. Got {labels!r} instead.")
    scorers = {
        "adjusted_rand": adjusted_rand_scorer if labels else None,
        "silhouette": silhouette_scorer,
        "stability": _asked_for(stability, StabilityScorer, "stability"),
        "reconstruction": _asked_for(reconstruction, HeldOutReconstructionScorer, "reconstruction"),
    }
    return {name: scorer for name, scorer in scorers.items() if scorer is not None}


@dataclass(frozen=True)
class RankedCriteria:
    """Several criteria in one scorer, one of which ranks the settings.

    ``HalvingGridSearchCV`` and ``HalvingRandomSearchCV`` take no dict of scorers. They take this,
    together with ``refit="score"``. Other searches take the dict itself.

    Parameters
    ----------
    scorers : dict of str to callable
        Criteria by name, as from :func:`clustering_scorers`.
    ranked_by : str, default="stability"
        The criterion by which halving keeps settings. A label-free one, so that the labels do not
        decide which settings are compared.

    Raises
    ------
    ValueError
        If ``ranked_by`` is none of the criteria.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn_dgex.model_selection import RankedCriteria, clustering_scorers
    >>> X, y = make_blobs(60, centers=3, random_state=0)
    >>> scoring = RankedCriteria(clustering_scorers(reconstruction=False))
    >>> list(scoring(KMeans(3, random_state=0).fit(X), X, y))
    ['score', 'adjusted_rand', 'silhouette', 'stability']
    """

    scorers: Mapping[str, Callable]
    ranked_by: str = "stability"

    def __post_init__(self):
        if self.ranked_by not in self.scorers:
            raise ValueError(
                "The 'ranked_by' parameter of RankedCriteria must be one of "
                f"{', '.join(self.scorers)}. Got {self.ranked_by!r} instead."
            )

    def __call__(self, estimator, X, y=None) -> dict[str, float]:
        """Score a fitted estimator by every criterion.

        Parameters
        ----------
        estimator : clusterer, or Pipeline that ends in one
            Fitted.
        X : array-like or frame of shape (n_samples, n_features)
            The samples to score.
        y : array-like of shape (n_samples,), default=None
            Known classes, for the criteria that see them.

        Returns
        -------
        dict of str to float
            The score of each criterion, and under "score" once more that of ``ranked_by``.
        """
        scores = {name: scorer(estimator, X, y) for name, scorer in self.scorers.items()}
        return {"score": scores[self.ranked_by], **scores}


def _asked_for(choice, default, name: str) -> Callable | None:
    """Return the default scorer for True, none for False, and a scorer as it is."""
    if isinstance(choice, bool):
        return default() if choice else None
    if not callable(choice) or isinstance(choice, type):
        raise ValueError(
            f"The '{name}' parameter must be a bool or a scorer, called with estimator, X and y. "
            f"Got {choice!r} instead."
        )
    return choice
