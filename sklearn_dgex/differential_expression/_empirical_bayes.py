"""Empirical Bayes: residual variances borrow strength from those of all genes."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, polygamma

LEAST_SHARE_OF_MEDIAN = 1e-5  # limma's; below it the logarithm would speak of rounding


def variance_prior(
    variance: np.ndarray, df: float | np.ndarray
) -> tuple[float | np.ndarray, float | np.ndarray]:
    r"""Fit a scaled F distribution to residual variances by the moments of their logarithms.

    Parameters
    ----------
    variance : ndarray of shape (..., n_genes)
        Residual variances of at least one gene; several experiments at once along the first axes.
    df : float, or ndarray of shape (n_genes,)
        Their degrees of freedom, all positive.

    Returns
    -------
    df_prior, prior : float or ndarray of shape (...)
        Degrees of freedom of the prior, infinite where the variances differ by no more than
        chance, and its variance.

    References
    ----------
    Smyth, G. K. (2004). Linear models and empirical Bayes methods for assessing differential
    expression in microarray experiments. Stat. Appl. Genet. Mol. Biol. 3, section 6.2.
    """
    n_genes = variance.shape[-1]
    if n_genes == 1:
        return np.zeros(variance.shape[:-1]), variance[..., 0]
    median = np.median(variance, axis=-1, keepdims=True)
    floor = LEAST_SHARE_OF_MEDIAN * np.where(median > 0, median, 1.0)
    positive = np.maximum(variance, floor)
    e = np.log(positive)
    e -= digamma(df / 2) - np.log(df / 2)
    mean = e.mean(axis=-1)
    e -= mean[..., None]
    spread = np.einsum("...g,...g->...", e, e) / (n_genes - 1)
    excess = spread - np.mean(polygamma(1, df / 2))
    bounded = excess > 0
    half = inverse_trigamma(np.where(bounded, excess, 1.0))  # of the prior's degrees of freedom
    scale = np.exp(mean + digamma(half) - np.log(half))
    df_prior = np.where(bounded, 2 * half, np.inf)
    return df_prior, np.where(bounded, scale, positive.mean(axis=-1))


def squeeze(variance, df, df_prior, prior):
    """Weigh each variance with the prior's by their degrees of freedom; arrays broadcast."""
    with np.errstate(invalid="ignore"):
        squeezed = (df * variance + df_prior * prior) / (df + df_prior)
    return np.where(np.isinf(df_prior), prior, squeezed)


def inverse_trigamma(x: np.ndarray) -> np.ndarray:
    """Solve trigamma(y) = x for positive x by Newton's method on 1 / trigamma.

    >>> inverse_trigamma(np.array([np.pi**2 / 6])).round(12)
    array([1.])
    """
    x = np.asarray(x, dtype=float)
    y = 0.5 + 1 / x  # above the solution: from there no step on a convex function overshoots
    for _ in range(50):
        trigamma = polygamma(1, y)
        step = trigamma * (1 - trigamma / x) / polygamma(2, y)
        y = y + step
        if np.all(np.abs(step) < 1e-12 * y):
            break
    # Far out, where Newton's steps would have to be very many, the first term of a series is exact.
    y = np.where(x > 1e7, 1 / np.sqrt(x), y)
    return np.where(x < 1e-6, 1 / x, y)
