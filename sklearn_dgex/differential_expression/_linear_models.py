"""One least-squares fit a gene, over the samples in which it was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass
class ContrastFits:
    """A contrast of the coefficients of every gene, and what its variance is known from.

    Attributes
    ----------
    estimate, unscaled_deviation : ndarray of shape (n_genes,)
        The contrast, and its standard error in units of the gene's residual standard deviation.
        NaN where the samples measured cannot tell it, as with a group that has none.
    variance : ndarray of shape (n_genes,)
        Residual variance; NaN without residual degrees of freedom.
    df : ndarray of shape (n_genes,)
        Residual degrees of freedom.
    """

    estimate: np.ndarray
    unscaled_deviation: np.ndarray
    variance: np.ndarray
    df: np.ndarray


def fit_contrast(values: np.ndarray, design: np.ndarray, contrast: np.ndarray) -> ContrastFits:
    """Fit (n_samples, n_genes) values, NaN where missing, by a design of (n_samples, n_terms)."""
    n_genes = values.shape[1]
    fits = ContrastFits(*(np.full(n_genes, np.nan) for _ in range(3)), df=np.zeros(n_genes))
    for genes, measured in _patterns(values):
        rows, y = design[measured], values[:, genes]
        y = y if measured.all() else y[measured]
        left, singular, right = np.linalg.svd(rows, full_matrices=False)
        kept = singular > singular.max(initial=0.0) * max(design.shape) * np.finfo(float).eps
        left, axes = left[:, kept], right[kept] / singular[kept, None]
        scores = left.T @ y  # (rank, n_genes)
        fits.df[genes] = df = len(rows) - kept.sum()
        if df > 0:
            residuals = y - left @ scores
            fits.variance[genes] = np.einsum("ng,ng->g", residuals, residuals) / df
        # Orthogonal to the design's rows, a contrast is another way of saying nothing.
        weights = axes @ contrast  # (rank,)
        outside = contrast - right[kept].T @ (right[kept] @ contrast)
        if np.abs(outside).max() < 1e-8 * np.abs(contrast).max():
            fits.estimate[genes] = weights @ scores
            fits.unscaled_deviation[genes] = np.sqrt(weights @ weights)
    return fits


def _patterns(values: np.ndarray) -> Iterator[tuple[slice | np.ndarray, np.ndarray]]:
    """Yield genes that were measured in the same samples, and these samples as a mask."""
    missing = np.isnan(values)
    if not missing.any():
        yield slice(None), np.ones(len(values), dtype=bool)
        return
    packed = np.packbits(missing, axis=0).T  # (n_genes, n_bytes)
    _, first, group = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(group, kind="stable")
    for genes in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        yield genes, ~missing[:, first[group[genes[0]]]]
