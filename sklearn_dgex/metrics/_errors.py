"""Errors and correlation of inferred expression: overall, a sample and a gene."""

from __future__ import annotations

import numpy as np

from sklearn_dgex.utils.annotations import ArrayOrFrame
from sklearn_dgex.utils.pairs import ExpressionPair, sample_shares


def mmae(y_true, y_pred, *, sample_weight=None) -> float:
    r"""Mean over samples of the mean absolute error over genes.

    Parameters
    ----------
    y_true : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
        Measured expression. A vector is one gene.
    y_pred : array-like or frame of the shape of y_true
        Inferred expression. If both are frames whose columns are strings, genes are matched by
        name; samples are always matched by position.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples; None weighs all equally, as the paper does.

    Returns
    -------
    float
        The error, in the unit of the expression values; 0 is perfect.

    Raises
    ------
    GeneMismatchError
        If both are frames with named genes and these differ.
    ValueError
        If shapes differ, a value is not finite, or a weight is negative or not finite.

    Notes
    -----
    .. math:: \mathrm{MMAE} = \frac{1}{N} \sum_{i=1}^{N} \frac{1}{G} \sum_{g=1}^{G}
              \lvert y_{ig} - \hat{y}_{ig} \rvert

    The matrices are read in blocks of rows, so no third matrix of their size is held.

    References
    ----------
    Kunc, V. and Kléma, J. (2020). On tower and checkerboard neural network architectures for
    gene expression inference. BMC Genomics 21, 454; equation 2.

    Examples
    --------
    >>> from sklearn_dgex.metrics import mmae
    >>> mmae([[0.0, 1.0], [2.0, 3.0]], [[0.0, 2.0], [2.0, 0.0]])
    1.0
    """
    errors = per_sample_mae(y_true, y_pred)
    return float(sample_shares(sample_weight, errors) @ errors)


def per_sample_mae(y_true, y_pred) -> np.ndarray:
    """Mean absolute error over genes of each sample.

    These are the paired values that tests between two models compare.

    Parameters
    ----------
    y_true : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
        Measured expression. A vector is one gene.
    y_pred : array-like or frame of the shape of y_true
        Inferred expression. If both are frames whose columns are strings, genes are matched by
        name.

    Returns
    -------
    ndarray of shape (n_samples,)
        Errors, in the unit of the expression values.

    Raises
    ------
    GeneMismatchError
        If both are frames with named genes and these differ.
    ValueError
        If shapes differ or a value is not finite.

    Examples
    --------
    >>> from sklearn_dgex.metrics import per_sample_mae
    >>> per_sample_mae([[0.0, 1.0], [2.0, 3.0]], [[0.0, 2.0], [2.0, 0.0]])
    array([0.5, 1.5])
    """
    pair = ExpressionPair(y_true, y_pred)
    errors = np.empty(pair.shape[0])
    for rows, true, pred in pair.blocks():
        errors[rows] = np.abs(true - pred).mean(axis=1)
    return errors


def per_gene_mae(y_true, y_pred, *, sample_weight=None) -> ArrayOrFrame:
    """Mean absolute error over samples of each gene.

    Parameters
    ----------
    y_true : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
        Measured expression. A vector is one gene.
    y_pred : array-like or frame of the shape of y_true
        Inferred expression. If both are frames whose columns are strings, genes are matched by
        name.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples; None weighs all equally.

    Returns
    -------
    ndarray or pandas.Series of shape (n_genes,)
        Errors, in the unit of the expression values; a series indexed by gene if ``y_true``
        is a pandas frame.

    Raises
    ------
    GeneMismatchError
        If both are frames with named genes and these differ.
    ValueError
        If shapes differ, a value is not finite, or a weight is negative or not finite.

    Examples
    --------
    >>> from sklearn_dgex.metrics import per_gene_mae
    >>> per_gene_mae([[0.0, 1.0], [2.0, 3.0]], [[0.0, 2.0], [2.0, 0.0]])
    array([0., 2.])
    """
    pair = ExpressionPair(y_true, y_pred)
    errors = np.zeros(pair.shape[1])
    weight = sample_shares(sample_weight, range(pair.shape[0]))
    for rows, true, pred in pair.blocks():
        errors += weight[rows] @ np.abs(true - pred)
    return _named_by_gene(errors, y_true, "mae")


def per_gene_correlation(y_true, y_pred) -> ArrayOrFrame:
    """Pearson correlation over samples of each gene.

    Parameters
    ----------
    y_true : array-like or frame of shape (n_samples, n_genes) or (n_samples,)
        Measured expression. A vector is one gene.
    y_pred : array-like or frame of the shape of y_true
        Inferred expression. If both are frames whose columns are strings, genes are matched by
        name.

    Returns
    -------
    ndarray or pandas.Series of shape (n_genes,)
        Correlations in [-1, 1], never NaN: a gene that is constant in either matrix, as every
        gene is with a single sample, has 0.0, since such an inference orders no samples. A
        series indexed by gene if ``y_true`` is a pandas frame.

    Raises
    ------
    GeneMismatchError
        If both are frames with named genes and these differ.
    ValueError
        If shapes differ or a value is not finite.

    Examples
    --------
    >>> from sklearn_dgex.metrics import per_gene_correlation
    >>> y_true = [[1.0, 1.0, 5.0], [2.0, 2.0, 5.0], [3.0, 3.0, 5.0]]
    >>> y_pred = [[0.0, 9.0, 1.0], [0.5, 8.0, 2.0], [1.0, 7.0, 3.0]]
    >>> per_gene_correlation(y_true, y_pred)
    array([ 1., -1.,  0.])
    """
    pair = ExpressionPair(y_true, y_pred)
    n_samples, n_genes = pair.shape
    mean = np.zeros((2, n_genes))
    low, high = np.full((2, n_genes), np.inf), np.full((2, n_genes), -np.inf)
    for _, *both in pair.blocks():
        for k, values in enumerate(both):
            mean[k] += values.sum(axis=0) / n_samples
            np.minimum(low[k], values.min(axis=0), out=low[k])
            np.maximum(high[k], values.max(axis=0), out=high[k])

    # Second pass, about the mean: the one-pass formula loses all digits on a gene whose mean is
    # large beside its spread. Dividing by the range keeps the squares of tiny values above zero.
    varies = (high > low).all(axis=0)
    scale = np.where(varies, high - low, 1.0)
    moments = np.zeros((3, n_genes))
    for _, true, pred in pair.blocks():
        true, pred = (true - mean[0]) / scale[0], (pred - mean[1]) / scale[1]
        for k, (a, b) in enumerate([(true, pred), (true, true), (pred, pred)]):
            moments[k] += np.einsum("ij,ij->j", a, b)

    correlation = np.zeros(n_genes)
    norm = np.sqrt(moments[1] * moments[2])
    np.divide(moments[0], norm, out=correlation, where=varies & (norm > 0))
    return _named_by_gene(correlation.clip(-1.0, 1.0), y_true, "correlation")


def _named_by_gene(values: np.ndarray, y_true, name: str):
    # polars frames have columns too, but no row labels: their users get the plain array
    if not hasattr(y_true, "columns") or not hasattr(y_true, "iloc"):
        return values
    import pandas as pd

    return pd.Series(values, index=y_true.columns, name=name)
