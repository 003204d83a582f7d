"""Which inferred genes are good enough, by a threshold or by a test."""

from __future__ import annotations

from numbers import Real

import pandas as pd

from sklearn_dgex.metrics import best_inferred_genes


def best_by_quality(quality: pd.DataFrame, min_correlation: float) -> pd.DataFrame:
    """Genes whose correlation in held-out samples reaches a threshold, the best first."""
    if not isinstance(min_correlation, Real) or not -1 <= min_correlation <= 1:
        raise ValueError(
            "The 'min_correlation' parameter must be a correlation, from -1 to 1. Got "
            f"{min_correlation!r} instead."
        )
    if quality["correlation"].isna().all():
        raise ValueError(
            "The regressor must have held samples out in its fit, to know which genes it infers "
            "well. Got none instead; pass profiles that were not in the fit, or fit with "
            "validation_fraction above 0."
        )
    return _best_first(quality[quality["correlation"] >= min_correlation])


def best_by_test(measured: pd.DataFrame, inferred: pd.DataFrame, **parameters) -> pd.DataFrame:
    """Genes that pass the test of the Connectivity Map, the best first."""
    tested = best_inferred_genes(measured, inferred, **parameters)
    return _best_first(tested[tested["is_best_inferred"]])


def _best_first(genes: pd.DataFrame) -> pd.DataFrame:
    return genes.sort_values("correlation", ascending=False, kind="stable")
