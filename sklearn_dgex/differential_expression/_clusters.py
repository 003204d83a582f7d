"""Two large, distinct clusters of samples, to stand for two phenotypes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

MOST_CLUSTERS = 12


def distinct_clusters(profiles: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the two most distinct clusters of at least ``least`` samples each.

    Of every pair of clusters of a Ward tree cut into 2 to 12, the one whose means lie farthest
    apart, measured by the distance within: the share of the pair's variance that lies between them.

    Raises
    ------
    ValueError
        If no cut has two clusters so large.
    """
    # NOTE[DIFF] two-clusters: the paper names neither linkage nor cut of its hierarchical clusters.
    tree = linkage(profiles, "ward")
    best, chosen = -1.0, None
    for n_clusters in range(2, min(MOST_CLUSTERS, len(profiles)) + 1):
        labels = fcluster(tree, n_clusters, "maxclust")
        large = [name for name in np.unique(labels) if (labels == name).sum() >= least]
        for pair in combinations(large, 2):
            rows = [np.flatnonzero(labels == name) for name in pair]
            share = between_share(*(profiles[r] for r in rows))
            if share > best:
                best, chosen = share, rows
    if chosen is None:
        raise ValueError(
            f"The profiles must have two clusters of at least {least} samples each, half the "
            f"largest of sample_sizes. Got none among {len(profiles)} samples; lower "
            "sample_sizes, or pass the groups as clusters."
        )
    return tuple(sorted(chosen, key=len, reverse=True))


def between_share(a: np.ndarray, b: np.ndarray) -> float:
    """Share of the variance of two sets of rows, weighed alike, that lies between their means."""
    apart = np.square(a.mean(axis=0) - b.mean(axis=0)).sum() / 4
    within = (a.var(axis=0).sum() + b.var(axis=0).sum()) / 2
    return float(apart / (apart + within)) if apart + within > 0 else 0.0
