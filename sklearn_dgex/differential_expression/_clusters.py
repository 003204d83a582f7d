"""Two large, distinct clusters of samples, to stand for two phenotypes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import calinski_harabasz_score

MOST_CLUSTERS = 12


def distinct_clusters(profiles: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the two most distinct clusters of at least ``least`` samples each, larger one first.

    Of every pair of clusters of a Ward tree cut into 2 to 12, the one with the highest
    Calinski-Harabasz index: the variance between the two means by that within, times the number of
    samples. So a whole cluster is preferred to a part of it.

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
            both = np.concatenate(rows)
            index = calinski_harabasz_score(profiles[both], labels[both])
            if index > best:
                best, chosen = index, rows
    if chosen is None:
        raise ValueError(
            f"The profiles must have two clusters of at least {least} samples each, half the "
            f"largest of sample_sizes. Got none among {len(profiles)} samples; lower "
            "sample_sizes, or pass the groups as clusters."
        )
    return tuple(sorted(chosen, key=len, reverse=True))
