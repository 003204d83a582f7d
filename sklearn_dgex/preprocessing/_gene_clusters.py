"""One gene a cluster, as the landmarks of the L1000 assay were chosen."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.linalg import eigh
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.extmath import randomized_svd

VARIANCE_KEPT = 0.9  # by the eigenspace, as in the Connectivity Map
MAX_COMPONENTS = 1000
MAX_EXACT = 2000  # dimensions up to which all eigenvectors are computed


def central_genes(vectors: np.ndarray, n_clusters: int, rng) -> np.ndarray:
    """Cluster genes in their eigenspace; return the gene nearest to each cluster's centre.

    Parameters
    ----------
    vectors : ndarray of shape (n_genes, n_dimensions), float64
        Each gene's deviations from its mean.
    n_clusters : int
    rng : RandomState

    Returns
    -------
    ndarray of int of shape (n_found,)
        One gene a cluster; fewer than asked for where genes are copies of each other.
    """
    places = _eigenspace(vectors, rng)
    kmeans = KMeans(n_clusters, n_init=1, random_state=rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer clusters: the caller says so
        labels = kmeans.fit_predict(places)
    distance = np.square(places - kmeans.cluster_centers_[labels]).sum(axis=1)
    nearest_first = np.lexsort((distance, labels))
    return nearest_first[np.unique(labels[nearest_first], return_index=True)[1]]


def _eigenspace(vectors: np.ndarray, rng) -> np.ndarray:
    """Genes' coordinates along the components that hold nine tenths of the variance.

    In float32: copies of a gene, which differ by rounding in float64, are then the same.
    """
    if vectors.shape[1] <= MAX_EXACT:
        values, axes = eigh(vectors.T @ vectors)
        values, axes = values[::-1], axes[:, ::-1]
    else:
        n_components = min(MAX_COMPONENTS, *vectors.shape)
        _, singular, axes = randomized_svd(vectors, n_components, random_state=rng)
        values, axes = np.square(singular), axes.T
    total = np.einsum("gd,gd->", vectors, vectors)
    n_kept = 1 + int(np.searchsorted(np.cumsum(values), VARIANCE_KEPT * total))
    places = vectors @ axes[:, :n_kept]
    return (places / np.abs(places).max()).astype(np.float32)
