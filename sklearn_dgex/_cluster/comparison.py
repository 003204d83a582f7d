"""Four ways to show profiles to a clusterer, and how each fares."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from joblib import Memory, Parallel, delayed
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_dgex._sda import SDATransformer
from sklearn_dgex.model_selection import StabilityScorer, adjusted_rand_scorer, silhouette_scorer

VIEWS = ("raw", "pca", "codes", "regenerated")
N_PARTS, FRACTION = 5, 0.8  # parts of the genes by which stability is measured, at least


@dataclass(frozen=True)
class Settings:
    """What is clustered by what."""

    n_clusters: int
    algorithm: str = "kmeans"
    hidden: tuple[int, ...] = (10,)
    corruption: float = 0.1
    n_seeds: int = 5


class Score(NamedTuple):
    """How a view fared with one seed."""

    labels: np.ndarray
    silhouette: float
    stability: float
    adjusted_rand: float  # NaN where no classes are known


class CodesAndProfiles(SDATransformer):
    """Codes and regenerated profiles side by side, so that one training serves both views."""

    def transform(self, X):
        """Return codes, then profiles, of shape (n_samples, n_codes + n_features)."""
        codes = self.encode(X)
        return np.hstack([codes, self.decode(codes)])


def compare(X: np.ndarray, known: np.ndarray | None, settings: Settings) -> dict[str, list[Score]]:
    """Cluster every view with every seed.

    Parameters
    ----------
    X : ndarray of shape (n_genes, n_conditions)
        Complete profiles.
    known : ndarray of shape (n_genes,) or None
        Known classes.
    settings : Settings

    Returns
    -------
    dict of str to list of Score
        For each of ``VIEWS`` one score a seed.
    """
    # numpy and the compiled kernel let other threads run meanwhile
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(folder, verbose=0)
        runs = Parallel(n_jobs=-1, prefer="threads")(
            delayed(_run)(X, known, settings, memory, seed) for seed in range(settings.n_seeds)
        )
    return {view: [run[view] for run in runs] for view in VIEWS}


def n_components(X: np.ndarray, settings: Settings) -> int:
    """Principal components: as many as codes, so that both views hold as many numbers."""
    return min(settings.hidden[-1], round(FRACTION * len(X)), X.shape[1])


def typical(scores: list[Score]) -> int:
    """Return the seed whose clustering agrees best with those of the others."""
    partitions = [score.labels for score in scores]
    agreement = [[adjusted_rand_score(a, b) for b in partitions] for a in partitions]
    return int(np.argmax(np.sum(agreement, axis=1)))


def _run(X, known, settings: Settings, memory: Memory, seed: int) -> dict[str, Score]:
    """Score every view with one seed, and on that seed's share of the parts."""
    stability = StabilityScorer(
        -(-N_PARTS // settings.n_seeds), FRACTION, refit="pipeline", random_state=seed
    )
    scores = {}
    for view, pipeline in _views(X, settings, memory).items():
        seeds = [name for name in pipeline.get_params() if name.endswith("__random_state")]
        pipeline.set_params(**dict.fromkeys(seeds, seed)).fit(X)
        labels = pipeline[-1].labels_
        silhouette = silhouette_scorer(pipeline, X)
        agreement = np.nan if known is None else adjusted_rand_scorer(pipeline, X, known)
        # Without a seed each part gets one of its own. The steps before the clusterer are trained
        # anew, too: kept, they make their codes look more stable than they are.
        pipeline.set_params(**dict.fromkeys(seeds))
        scores[view] = Score(labels, silhouette, stability(pipeline, X), agreement)
    return scores


def _views(X, settings: Settings, memory: Memory) -> dict[str, Pipeline]:
    """Return a pipeline for each of VIEWS."""
    n_codes = settings.hidden[-1]
    trained = CodesAndProfiles(settings.hidden, corruption_level=settings.corruption)
    before = {
        "raw": [],
        "pca": [("pca", PCA(n_components(X, settings), svd_solver="full"))],
        "codes": [("sda", trained), ("take", _columns(slice(n_codes)))],
        "regenerated": [("sda", trained), ("take", _columns(slice(n_codes, None)))],
    }
    return {
        view: Pipeline([*steps, ("cluster", _clusterer(settings, len(X)))], memory=memory)
        for view, steps in before.items()
    }


def _columns(kept: slice) -> FunctionTransformer:
    return FunctionTransformer(_take, kw_args={"kept": kept})


def _take(X, kept: slice):
    return X[:, kept]


def _clusterer(settings: Settings, n_genes: int):
    if settings.algorithm == "kmeans":
        return KMeans(settings.n_clusters, n_init=10)
    # A Gaussian kernel would need a width for each view; neighbours are the same in any unit
    n_neighbors = min(10, round(FRACTION * n_genes))
    return SpectralClustering(
        settings.n_clusters, affinity="nearest_neighbors", n_neighbors=n_neighbors
    )
