"""How well the genes called from inferred profiles agree with those called from measured ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sklearn_dgex.utils.genes import check_unique_genes, gene_order
from sklearn_dgex.utils.validation import check_share

COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")
SCORES = ("f0.5", "f1", "f2", "accuracy", "mcc")
BETAS = {"f0.5": 0.5, "f1": 1.0, "f2": 2.0}


def de_agreement(true, inferred, *, alpha=0.05) -> pd.Series:
    r"""Score the differentially expressed genes of inferred profiles against the true ones.

    Parameters
    ----------
    true : frame of :func:`moderated_t`, or array-like of bool of shape (n_genes,)
        What the measured profiles say: the test's result, or whether each gene is called.
    inferred : frame of :func:`moderated_t`, or array-like of bool of shape (n_genes,)
        What the inferred profiles say. Two frames, or two series, are matched by gene.
    alpha : float in (0, 1), default=0.05
        Level for ``adjusted_p_value``, the share of false calls that is accepted; only for frames.
        The paper does not say its own; 0.05 is limma's.

    Returns
    -------
    Series
        ``f0.5``, ``f1``, ``f2``, ``accuracy``, ``mcc`` (Matthews correlation) and the counts
        ``true_positives``, ``false_positives``, ``false_negatives``, ``true_negatives``.

    Raises
    ------
    GeneMismatchError
        If both sides have gene names and these differ.
    ValueError
        If shapes differ, a call is neither true nor false, or ``alpha`` is out of range.

    Notes
    -----
    .. math:: F_\beta = \frac{(1 + \beta^2) TP}{(1 + \beta^2) TP + \beta^2 FN + FP}

    Two empty sets of genes agree fully: all scores are 1. Where the Matthews correlation is 0/0
    otherwise, it is 0.

    References
    ----------
    Kunc & Kléma (2020), "Practical impact on differential gene expression analysis".

    Examples
    --------
    >>> from sklearn_dgex.differential_expression import de_agreement
    >>> de_agreement([True, True, False, False], [True, False, True, False])["f1"]
    np.float64(0.5)
    """
    check_share(alpha, "alpha")
    if hasattr(true, "iloc") and hasattr(inferred, "iloc"):
        inferred = _in_order(inferred, true.index)
    calls, inferred_calls = _calls(true, alpha, "true"), _calls(inferred, alpha, "inferred")
    if calls.shape != inferred_calls.shape:
        raise ValueError(
            f"inferred must have a call for each of the {len(calls)} genes of true. "
            f"Got {len(inferred_calls)} instead."
        )
    counts = confusion(calls, inferred_calls)
    scores = {name: float(score) for name, score in scores_of_counts(*counts).items()}
    return pd.Series(scores | dict(zip(COUNTS, counts, strict=True)))


def confusion(true: np.ndarray, inferred: np.ndarray) -> tuple[np.ndarray, ...]:
    """Count genes in the order of ``COUNTS``, over the last axis."""
    n_genes = true.shape[-1]
    n_true, n_inferred = np.count_nonzero(true, -1), np.count_nonzero(inferred, -1)
    both = np.count_nonzero(true & inferred, -1)
    return both, n_inferred - both, n_true - both, n_genes - n_true - n_inferred + both


def scores_of_counts(tp, fp, fn, tn) -> dict[str, np.ndarray]:
    """Scores in the order of ``SCORES``, from counts of any shape."""
    tp, fp, fn, tn = (np.asarray(count, dtype=float) for count in (tp, fp, fn, tn))
    # NOTE[DIFF] empty-sets: the paper does not say what two empty sets score; here they agree.
    agree = (fp == 0) & (fn == 0)
    scores = {}
    for name, beta in BETAS.items():
        hits = (1 + beta**2) * tp
        scores[name] = _ratio(hits, hits + beta**2 * fn + fp, agree)
    scores["accuracy"] = (tp + tn) / (tp + fp + fn + tn)
    margins = np.sqrt((tp + fp) * (tp + fn)) * np.sqrt((tn + fp) * (tn + fn))
    scores["mcc"] = _ratio(tp * tn - fp * fn, margins, agree)
    return scores


def _in_order(inferred, genes: pd.Index):
    """Rows of a result in the order of ``genes``."""
    names = genes.to_numpy(dtype=object)
    order = gene_order(inferred.index.to_numpy(dtype=object), names, what="inferred", owner="true")
    if order is None:
        return inferred
    check_unique_genes(names, what="true")
    return inferred.iloc[order]


def _ratio(numerator, denominator, agree):
    ratio = np.divide(
        numerator, denominator, out=np.zeros(np.shape(numerator)), where=denominator > 0
    )
    return np.where(agree, 1.0, ratio)


def _calls(side, alpha: float, what: str) -> np.ndarray:
    """Whether each gene is called; a gene without a p-value is not."""
    if hasattr(side, "columns"):
        if "adjusted_p_value" not in side.columns:
            raise ValueError(
                f"{what} must be a result of moderated_t, with the column 'adjusted_p_value'. Got "
                f"the columns {list(side.columns)[:5]} instead."
            )
        return side["adjusted_p_value"].to_numpy() <= alpha
    calls = np.asarray(side)
    if calls.dtype != bool or calls.ndim != 1 or not len(calls):
        raise ValueError(
            f"{what} must be a result of moderated_t, or one bool a gene. "
            f"Got {calls.dtype} of shape {calls.shape} instead."
        )
    return calls
