"""Which inferred genes can be trusted: the best-inferred set of the Connectivity Map."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control
from sklearn.utils import check_random_state

from sklearn_dgex.utils.pairs import ExpressionPair
from sklearn_dgex.utils.validation import check_count, check_share

NULLS = ("genes", "samples")


def best_inferred_genes(
    y_true, y_pred, *, level=0.95, null="genes", n_permutations=20, random_state=None
) -> pd.DataFrame:
    """Find the genes whose inference is better than chance, by a permutation test.

    Call it on samples that the model has not learned from, such as a test set or the answer of
    :func:`sklearn.model_selection.cross_val_predict`.

    Parameters
    ----------
    y_true, y_pred : array-like or frame of shape (n_samples, n_genes)
        Measured and inferred expression; two frames are matched by gene name.
    level : float in (0, 1), default=0.95
        A best-inferred gene correlates more strongly than this share of the null: the level of
        the Connectivity Map.
    null : {"genes", "samples"}, default="genes"
        What chance is. "genes" correlates what was inferred for a gene with measurements of other
        genes, as the Connectivity Map does: a gene passes only if it is told from the others, and
        not if it merely follows what all genes follow. "samples" shuffles samples, which asks the
        much weaker question whether the inference tells anything at all.
    n_permutations : int, default=20
        Permutations, whose correlations are pooled over genes: with a thousand genes, 20 make a
        null of 20,000 values.
    random_state : int, RandomState instance or None, default=None
        Source of the permutations.

    Returns
    -------
    DataFrame of shape (n_genes, 4)
        By gene: ``correlation`` (Pearson's r of measured and inferred values), ``recall`` (share of
        the null below it), ``adjusted_p_value`` (Benjamini-Hochberg) and ``is_best_inferred``. A
        gene that is constant in either matrix is never best-inferred.
        ``attrs["threshold"]`` is the correlation above which a gene is among them.

    Raises
    ------
    GeneMismatchError
        If both are frames and their genes differ.
    ValueError
        If there are fewer than three samples, fewer than two genes for ``null="genes"``, shapes
        differ, a value is not finite, or a parameter is out of range.

    Notes
    -----
    The Connectivity Map compares Spearman correlations of one platform with another; here it is
    Pearson's, as everywhere in this package, pooled over genes, since one threshold for all is
    what its best-inferred set has.

    References
    ----------
    Subramanian, A. et al. (2017). A next generation Connectivity Map: L1000 platform and the first
    1,000,000 profiles. Cell 171, 1437-1452; "Definition of recall".

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_val_predict
    >>> from sklearn_dgex.datasets import make_expression
    >>> from sklearn_dgex.metrics import best_inferred_genes
    >>> X, y = make_expression(200, 10, 50, as_frame=True, random_state=0)  # 20 modules, 10 seen
    >>> genes = best_inferred_genes(y, cross_val_predict(Ridge(), X, y), random_state=0)
    >>> int(genes["is_best_inferred"].sum())
    27
    """
    # NOTE[DIFF] pearson-recall: the Connectivity Map's recall is of Spearman correlations.
    _check_parameters(level, null, n_permutations)
    true, pred = ExpressionPair(y_true, y_pred).arrays()
    n_samples, n_genes = true.shape
    if n_samples < 3 or (null == "genes" and n_genes < 2):
        raise ValueError(
            "y_true must have at least three samples, and two genes to compare with others. "
            f"Got {n_samples} samples and {n_genes} genes instead."
        )
    varies = (np.ptp(true, axis=0) > 0) & (np.ptp(pred, axis=0) > 0)
    true, pred = _directions(true[:, varies]), _directions(pred[:, varies])
    correlation, below = np.zeros(n_genes), np.zeros(n_genes, dtype=int)
    correlation[varies] = np.einsum("ng,ng->g", true, pred)
    chance = _chance(true, pred, null, n_permutations, check_random_state(random_state))
    below[varies] = np.searchsorted(chance, correlation[varies], side="left")
    # One is added to both, for a p-value must not be 0; a gene that does not vary has 1.
    p_value = (len(chance) - below + 1) / (len(chance) + 1)
    recall = below / max(1, len(chance))
    columns = getattr(y_true, "columns", range(n_genes))
    result = pd.DataFrame(
        {
            "correlation": correlation.clip(-1.0, 1.0),
            "recall": recall,
            "adjusted_p_value": false_discovery_control(p_value),
            "is_best_inferred": recall >= level,
        },
        index=pd.Index(columns, name="gene"),
    )
    threshold = np.quantile(chance, level, method="inverted_cdf") if len(chance) else np.nan
    result.attrs["threshold"] = float(threshold)
    return result


def _directions(values: np.ndarray) -> np.ndarray:
    """Deviations of each gene, of length 1: their products are correlations."""
    # Dividing by the range first keeps the squares of tiny values above zero.
    deviations = (values - values.mean(axis=0)) / np.ptp(values, axis=0)
    return deviations / np.sqrt(np.einsum("ng,ng->g", deviations, deviations))


def _chance(true, pred, null: str, n_permutations: int, rng) -> np.ndarray:
    """Correlations of what does not belong together, sorted, of genes that vary alone.

    A gene that does not vary has none; zeros in its place would pass for a null.
    """
    n_genes = true.shape[1]
    if not n_genes or (null == "genes" and n_genes < 2):
        return np.empty(0)
    strangers = _other_genes if null == "genes" else _other_samples
    drawn = [np.einsum("ng,ng->g", strangers(true, rng), pred) for _ in range(n_permutations)]
    return np.sort(np.concatenate(drawn))


def _other_genes(true: np.ndarray, rng) -> np.ndarray:
    """Measurements in the order of a cyclic permutation: no gene meets itself."""
    order = rng.permutation(true.shape[1])
    partner = np.empty_like(order)
    partner[order] = np.roll(order, 1)
    return true[:, partner]


def _other_samples(true: np.ndarray, rng) -> np.ndarray:
    return true[rng.permutation(len(true))]


def _check_parameters(level, null, n_permutations) -> None:
    check_share(level, "level")
    check_count(n_permutations, "n_permutations")
    if null not in NULLS:
        raise ValueError(
            f"The 'null' parameter must be one of {list(NULLS)}. Got {null!r} instead."
        )
