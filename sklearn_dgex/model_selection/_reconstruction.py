"""How well the transformer in front of a clusterer describes samples it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.base import is_clusterer
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import Pipeline

from sklearn_dgex.model_selection._estimators import check_seed, seeded_clone


@dataclass(frozen=True)
class HeldOutReconstructionScorer:
    """Cross-validated ``score`` of the last transformer that has one.

    A scorer, to be called with an estimator whose parameters alone it reads. Of a pipeline it
    takes the last transformer with a ``score(X)`` that sees no labels, such as ``SDATransformer``
    (minus the reconstruction loss) or ``PCA`` (log-likelihood), and all steps before it. For each
    fold these are fitted on the training part alone and scored on the rest.

    Parameters
    ----------
    cv : int or splitter, default=3
        How to hold samples out. An int is that many shuffled folds, since expression data often
        come sorted by class; three keep the cost at three more fits.
    random_state : int, default=0
        Seed of the shuffled folds, and of each ``random_state`` of the steps that is None. It is an
        int, so that every setting is judged on the same folds.

    Raises
    ------
    ValueError
        If a parameter is not what it must be.

    Notes
    -----
    Settings can be compared by this score only if it measures the same thing for each: search
    neither the loss nor the scaling before the transformer. It does not see the clusterer, so that
    settings which differ in the clusterer alone are tied.

    Examples
    --------
    A plane in ten dimensions is found by its dimension, without any label:

    >>> import numpy as np
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.pipeline import Pipeline
    >>> from sklearn_dgex.model_selection import HeldOutReconstructionScorer
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(90, 2)) @ rng.normal(size=(2, 10)) + 0.1 * rng.normal(size=(90, 10))
    >>> reconstruction = HeldOutReconstructionScorer()
    >>> scores = {
    ...     k: reconstruction(Pipeline([("pca", PCA(k)), ("cluster", KMeans(3))]), X)
    ...     for k in (1, 2, 3, 4)
    ... }
    >>> max(scores, key=scores.get)
    2
    """

    cv: object = 3
    random_state: int = 0

    def __post_init__(self):
        is_number = isinstance(self.cv, Integral) and not isinstance(self.cv, bool)
        if self.cv < 2 if is_number else not hasattr(self.cv, "get_n_splits"):
            raise ValueError(
                "The 'cv' parameter of HeldOutReconstructionScorer must be an int in the range "
                f"[2, inf) or a splitter. Got {self.cv!r} instead."
            )
        check_seed(self.random_state, type(self).__name__)

    def __call__(self, estimator, X, y=None) -> float:
        """Score an estimator by its parameters; whether it is fitted makes no difference.

        Parameters
        ----------
        estimator : transformer, or Pipeline that holds one
            It is cloned and not changed.
        X : array-like or frame of shape (n_samples, n_features)
            The samples, of which each is held out once.
        y : object, default=None
            Ignored: no label is seen.

        Returns
        -------
        float
            Mean over folds of the transformer's score; higher is better.

        Raises
        ------
        ValueError
            If no transformer has a score, or there are more folds than samples.
        """
        rng = np.random.default_rng(self.random_state)
        part, cv = seeded_clone(_reconstructing_part(estimator), rng), self.cv
        if isinstance(cv, Integral):
            cv = KFold(cv, shuffle=True, random_state=self.random_state)
        return float(np.mean(cross_val_score(part, X, cv=cv, error_score="raise")))


def _reconstructing_part(estimator):
    """Return a pipeline up to its last transformer with a score, or the estimator if it is one."""
    is_pipeline = isinstance(estimator, Pipeline)
    steps = [step for _, step in estimator.steps] if is_pipeline else [estimator]
    for n_steps in range(len(steps), 0, -1):
        step = steps[n_steps - 1]
        # KMeans is a transformer with a score, too, but its score rates the clusters
        if hasattr(step, "transform") and hasattr(step, "score") and not is_clusterer(step):
            return estimator[:n_steps] if is_pipeline else estimator
    raise ValueError(
        "Held-out reconstruction needs a transformer with score, such as SDATransformer or PCA. "
        f"Got {', '.join(_name(step) for step in steps)} instead; add one before the clusterer, or "
        "leave the criterion out by clustering_scorers(reconstruction=False)."
    )


def _name(step) -> str:
    return repr(step) if step is None or isinstance(step, str) else type(step).__name__
