"""Which genes are differentially expressed: the moderated t-test."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr
from scipy.stats import false_discovery_control

from sklearn_dgex.differential_expression._comparisons import (
    check_estimable,
    comparison_of_design,
    comparison_of_groups,
)
from sklearn_dgex.differential_expression._empirical_bayes import (
    squeeze,
    variance_prior,
)
from sklearn_dgex.differential_expression._linear_models import ContrastFits, fit_contrast
from sklearn_dgex.exceptions import ConstantGeneWarning
from sklearn_dgex.utils.validation import check_numeric_columns


def moderated_t(
    expression, groups=None, *, reference=None, design=None, contrast=None
) -> pd.DataFrame:
    r"""Test every gene for differential expression by the moderated t-statistic.

    The method of R's limma (``lmFit`` and ``eBayes``, without trend): one linear model a gene,
    whose residual variance is drawn towards what all genes have in common, so that few samples
    suffice. The statistics are those of limma 3.54 to ten digits and more.

    Parameters
    ----------
    expression : array-like or frame of shape (n_samples, n_genes)
        Expression on a logarithmic scale, samples in rows (limma has them in columns). NaN is a
        missing value: a gene is fitted on the samples that have it.
    groups : array-like of shape (n_samples,), default=None
        Two different labels. A series with the samples' names is matched by them.
    reference : label, default=None
        The group to compare with; None is the first of the two in sorted order.
    design : array-like or frame of shape (n_samples, n_terms), default=None
        Design matrix, in place of ``groups``. A frame with the samples' names is matched by them.
    contrast : int, str or array-like of shape (n_terms,), default=None
        What to test in a design: a column by position or name, or a weight for each column. None
        is the last, where a design usually has what is asked.

    Returns
    -------
    DataFrame of shape (n_genes, 4)
        By gene, in the order given: ``log_fold_change`` in units of the expression, ``t``,
        ``p_value`` (two-sided) and ``adjusted_p_value`` (Benjamini-Hochberg). NaN where the
        samples measured cannot tell. ``attrs`` has ``contrast`` (its name), ``df_prior`` and
        ``variance_prior``.

    Raises
    ------
    ValueError
        If not exactly one of ``groups`` and ``design`` is given, or an argument that belongs to the
        other one; if labels or shapes do not fit, the design has dependent columns or as many as
        there are samples (as two groups of one sample have), a value is infinite, or no gene varies
        within groups.

    Warns
    -----
    ConstantGeneWarning
        If some genes do not vary about the model. Their variance is the prior's share alone, and
        their significance as good as that prior.

    Notes
    -----
    With the residual variance :math:`s_g^2` of gene :math:`g` on :math:`d_g` degrees of freedom
    and a prior of variance :math:`s_0^2` and :math:`d_0` degrees,

    .. math:: \tilde s_g^2 = \frac{d_0 s_0^2 + d_g s_g^2}{d_0 + d_g}, \qquad
              \tilde t_g = \frac{\hat\beta_g}{\tilde s_g \sqrt{v_g}},

    which has :math:`d_0 + d_g` degrees of freedom, and no more than those of all genes together.
    The prior is fitted by moments, as limma fits it where all genes have the same degrees of
    freedom; for genes with missing values, later versions of limma do so with ``legacy=TRUE``.
    A group with a single sample is allowed beside a larger one, which then tells the variance of
    both.

    References
    ----------
    .. [1] Smyth, G. K. (2004). Linear models and empirical Bayes methods for assessing
       differential expression in microarray experiments. Statistical Applications in Genetics and
       Molecular Biology 3, article 3.
    .. [2] Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of
       the Royal Statistical Society B 57, 289-300.

    Examples
    --------
    >>> from sklearn_dgex.datasets import load_ecoli_precise
    >>> from sklearn_dgex.differential_expression import moderated_t
    >>> data = load_ecoli_precise()
    >>> two = data.frame[[group in ("wt_glc", "wt_fru") for group in data.groups]]
    >>> fructose = two.index.str.contains("fru")
    >>> result = moderated_t(two, fructose)
    >>> result.sort_values("p_value").head(2).round(2)  # fruA takes up fructose
           log_fold_change      t  p_value  adjusted_p_value
    gene
    b2167             4.41  13.78      0.0               0.0
    b4068             3.49  13.38      0.0               0.0
    """
    values, genes, samples = _check_expression(expression)
    if (groups is None) == (design is None):
        given = "neither" if groups is None else "both"
        raise ValueError(f"Either groups or design must be given. Got {given} instead.")
    stray, owner = ("contrast", "design") if design is None else ("reference", "groups")
    if (contrast if design is None else reference) is not None:
        raise ValueError(f"{stray} belongs to {owner}. Got it without; leave it out.")
    if design is None:
        comparison = comparison_of_groups(groups, reference, samples, len(values))
    else:
        last = -1 if contrast is None else contrast
        comparison = comparison_of_design(design, last, samples, len(values))
    check_estimable(comparison)
    fits = fit_contrast(values, comparison.design, comparison.contrast)
    test = moderate(fits, values)
    result = pd.DataFrame(
        {
            "log_fold_change": fits.estimate,
            "t": test.t,
            "p_value": test.p_value,
            "adjusted_p_value": adjust_p_values(test.p_value),
        },
        index=genes,
    )
    result.attrs = {
        "contrast": comparison.name,
        "df_prior": float(test.df_prior),
        "variance_prior": float(test.prior),
    }
    return result


@dataclass
class ModeratedTest:
    """Statistics of shape (n_genes,), and the prior they share."""

    t: np.ndarray
    p_value: np.ndarray
    df_prior: float
    prior: float


def moderate(fits: ContrastFits, values: np.ndarray) -> ModeratedTest:
    """Draw the variances of all genes towards each other, and test every contrast."""
    told = fits.df > 0
    constant = told & ~_varies(fits, values)
    if (constant | ~told).all():
        raise ValueError(
            "Some gene must vary within the groups, or about the design, for its variance to be "
            f"known. Got {len(told)} genes of which none does; add replicates, or genes."
        )
    if constant.any():
        warnings.warn(
            f"{constant.sum()} of {len(told)} genes do not vary within the groups, or about the "
            "design; their significance rests on the other genes' variance alone.",
            ConstantGeneWarning,
            stacklevel=3,
        )
    df = fits.df[told]
    df_prior, prior = variance_prior(fits.variance[told], df[0] if (df == df[0]).all() else df)
    variance = np.where(told, fits.variance, 0.0)
    deviation = np.sqrt(squeeze(variance, fits.df, df_prior, prior)) * fits.unscaled_deviation
    with np.errstate(divide="ignore"):
        t = fits.estimate / deviation
    total = np.minimum(fits.df + df_prior, fits.df.sum())
    p_value = 2 * stdtr(total, -np.abs(t))  # of the lower tail, so that none is lost to rounding
    return ModeratedTest(t, p_value, df_prior, prior)


def adjust_p_values(p_values: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg over the p-values that are numbers; NaN stays NaN."""
    adjusted = np.full(len(p_values), np.nan)
    known = ~np.isnan(p_values)
    if known.any():
        adjusted[known] = false_discovery_control(p_values[known])
    return adjusted


def _varies(fits: ContrastFits, values: np.ndarray) -> np.ndarray:
    """Whether each gene's residuals are more than the rounding errors of its values."""
    highest, lowest = np.fmax.reduce(values), np.fmin.reduce(values)
    rounding = 4 * np.sqrt(len(values)) * np.finfo(float).eps * np.fmax(highest, -lowest)
    with np.errstate(invalid="ignore"):
        return fits.variance > np.square(rounding)


def _check_expression(expression) -> tuple[np.ndarray, pd.Index, pd.Index | None]:
    """Return float64 values (n_samples, n_genes), the genes' names and the samples'."""
    is_frame = hasattr(expression, "columns")
    if is_frame:
        check_numeric_columns(expression, what="expression")
    try:
        if hasattr(expression, "iloc"):
            values = expression.to_numpy(np.float64, na_value=np.nan)  # pandas' NA is no float
        else:
            values = np.asarray(expression, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"expression must hold numbers. Got others ({error}); leave annotation out."
        ) from error
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(
            "expression must have the shape (n_samples, n_genes), with at least one of each. "
            f"Got {values.shape} instead."
        )
    n_infinite = int(np.isinf(values).sum())
    if n_infinite:
        raise ValueError(
            f"expression must be finite, or NaN where missing. Got {n_infinite} infinite values; "
            "add an offset before taking logarithms."
        )
    genes = pd.Index(expression.columns if is_frame else range(values.shape[1]), name="gene")
    return values, genes, getattr(expression, "index", None) if is_frame else None
