"""Yeast genes that follow the cell cycle, in 77 conditions: Spellman et al. (1998), embedded."""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np

from sklearn_dgex.datasets._base import gene_bunch

PHASES = ["G1", "S", "G2", "M", "M/G1"]
MISSING = np.iinfo(np.int16).min  # stands for a missing value in the embedded file


def load_spellman_yeast(*, return_X_y=False, as_frame=True) -> Any:
    """800 yeast genes that follow the cell cycle, in 77 conditions: cluster the genes by phase.

    Embedded, so it needs no network. In clustering the genes are the samples and the conditions
    the features: a row is a gene, and ``target`` is the phase in which it peaks.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        A frame with gene and condition names; False gives an array. True, since genes are matched
        by name throughout this package.

    Returns
    -------
    Bunch, or tuple ``(data, target)`` if ``return_X_y``
        The Bunch has these attributes:

        data : float64 frame or ndarray of shape (800, 77)
            Log2 ratios to two decimals. 2,643 values are missing (NaN), in 728 of the genes: most
            estimators need an imputer first, such as :class:`sklearn.impute.KNNImputer`.
        target : ndarray of str, of shape (800,)
            Phase of each gene: G1 (300 genes), S (71), G2 (120), M (196) or M/G1 (113).
        target_names : list of str
            The five phases in the cycle's order.
        frame : frame of shape (800, 78), or None
            ``data`` and the column ``target``, if ``as_frame``.
        feature_names : list of str
            Conditions: series and number. Four series in time (``alpha_1`` to ``alpha_18``,
            ``cdc15_1`` to ``cdc15_24``, ``cdc28_1`` to ``cdc28_17``, ``elu_1`` to ``elu_14``),
            and cyclins induced (``cln_1``, ``cln_2``, ``clb_1``, ``clb_2``).
        gene_names : list of str
            Systematic names (ORFs), sorted.
        DESCR : str
            Origin, licence and processing. This data file has a licence of its own, the GPL.

    See Also
    --------
    fetch_yeast_cell_cycle : Smaller and complete sets, from one series.

    References
    ----------
    Spellman, P. T. et al. (1998). Comprehensive identification of cell cycle-regulated genes of
    the yeast Saccharomyces cerevisiae by microarray hybridization. Molecular Biology of the Cell
    9, 3273-3297.

    Examples
    --------
    >>> from sklearn.impute import KNNImputer
    >>> from sklearn_dgex.datasets import load_spellman_yeast
    >>> X, phase = load_spellman_yeast(return_X_y=True)
    >>> X.shape, int(X.isna().sum().sum())
    ((800, 77), 2643)
    >>> complete = KNNImputer().set_output(transform="pandas").fit_transform(X)
    >>> int(complete.isna().sum().sum())
    0
    """
    path = resources.files("sklearn_dgex.datasets") / "data" / "spellman_yeast.npz"
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
        hundredths, phase = stored["hundredths"], stored["phase"]
        gene_names, feature_names = stored["gene_names"].tolist(), stored["feature_names"].tolist()
    return gene_bunch(
        np.where(hundredths == MISSING, np.nan, hundredths / 100),
        target=phase,
        target_names=PHASES,
        gene_names=gene_names,
        feature_names=feature_names,
        descr="spellman_yeast",
        return_X_y=return_X_y,
        as_frame=as_frame,
    )
