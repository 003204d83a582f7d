"""What a fitted grid search found: its candidates' parameters and their scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from sklearn_dgex.utils.genes import listed


def searched_parameters(search, names: Sequence[str]) -> pd.DataFrame:
    """Values of some parameters, one row a candidate of the search.

    A parameter is known by the end of its name, so that ``sda__corruption_level`` of a pipeline is
    ``corruption_level``. One that is not in the grid has the value of the search's estimator, or
    None where that has no such parameter. Several of one name, such as the ``random_state`` of two
    steps, are a tuple.
    """
    check_is_fitted(search, "cv_results_")
    fixed = search.estimator.get_params()
    rows = []
    for candidate in search.cv_results_["params"]:
        values = [_ending(candidate, name) or _ending(fixed, name) for name in names]
        rows.append([v[0] if len(v) == 1 else tuple(v) or None for v in values])
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    # as objects: pandas would read a column of tuples or of None its own way
    return pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in columns.items()})


def split_scores(search, metric: str) -> np.ndarray:
    """Scores of shape (n_candidates, n_splits), by ``metric`` or by the search's only one.

    Raises
    ------
    ValueError
        If the search has several scores and not this one, or a fit failed.
    """
    results = search.cv_results_
    prefix = "split0_test_"
    found = [name.removeprefix(prefix) for name in results if name.startswith(prefix)]
    metric = "score" if found == ["score"] else metric
    if metric not in found:
        raise ValueError(
            f"search must be scored by {metric!r}, among others or alone. "
            f"Got {listed(found)} instead; name it in scoring."
        )
    splits = [results[f"split{i}_test_{metric}"] for i in range(search.n_splits_)]
    scores = np.column_stack([np.asarray(split, dtype=float) for split in splits])
    n_failed = int((~np.isfinite(scores)).any(axis=1).sum())
    if n_failed:
        raise ValueError(
            f"The scores of search must be finite. Got others in {n_failed} of {len(scores)} "
            "candidates; search again with error_score='raise' to see why."
        )
    return scores


def _ending(parameters: dict, name: str) -> list:
    return [value for key, value in parameters.items() if key.rpartition("__")[2] == name]
