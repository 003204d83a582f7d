"""What the scorers ask of an estimator: its clusterer, its labels, and clones with seeds."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def final_step(estimator):
    """Return the last step of a pipeline, of pipelines in pipelines too; else the estimator."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return estimator


def cluster_labels(estimator, X) -> np.ndarray:
    """Labels of shape (n_samples,) that a fitted clusterer, alone or in a pipeline, gives to X.

    ``predict`` comes first. It equals ``labels_`` on the samples of the fit and is right on any
    others, also where these happen to be as many.
    """
    check_is_fitted(estimator)
    if hasattr(estimator, "predict"):
        return np.asarray(estimator.predict(X))
    clusterer = final_step(estimator)
    name = type(clusterer).__name__
    labels = getattr(clusterer, "labels_", None)
    if labels is None:
        raise ValueError(
            "The last step must be a clusterer, which has labels_ or predict once fitted. "
            f"Got {name} instead; end the pipeline with a clusterer."
        )
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    if len(labels) != n_samples:
        raise ValueError(
            "A clusterer without predict must be scored on the samples it was fitted on. Got "
            f"{name} with labels of {len(labels)} samples and {n_samples} samples to score "
            "instead; search with cv=AllSamplesSplit()."
        )
    return np.asarray(labels)


def is_trivial(labels) -> bool:
    """Whether all samples lie in one cluster, or each in its own."""
    return len(np.unique(labels)) in (1, len(labels))


def seeded_clone(estimator, rng: np.random.Generator):
    """Unfitted copy in which each random_state that is None has become an int drawn from rng."""
    copy = clone(estimator)
    names = [
        name
        for name, value in copy.get_params().items()
        if value is None and name.split("__")[-1] == "random_state"
    ]
    return copy.set_params(**{name: int(rng.integers(2**31)) for name in sorted(names)})


def check_seed(random_state, owner: str) -> None:
    """Raise a ValueError unless the random state is an int that numpy takes as a seed."""
    is_int = isinstance(random_state, int | np.integer) and not isinstance(random_state, bool)
    if not is_int or random_state < 0:
        raise ValueError(
            f"The 'random_state' parameter of {owner} must be an int in the range [0, inf), so "
            f"that every setting is judged on the same draws. Got {random_state!r} instead."
        )
