"""What each criterion chose in a search, and what the labels say of that choice."""

from __future__ import annotations

from numbers import Integral

import joblib
import numpy as np
import pandas as pd
from sklearn.base import is_clusterer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import BaseCrossValidator

from sklearn_dgex.model_selection._estimators import final_step

MEAN_ROW = "mean of all settings"


def clustering_report(search, *, seed=None, label_criteria=("adjusted_rand",)) -> pd.DataFrame:
    """Tabulate the setting that each criterion of a search chose, and all its scores.

    The setting that the labels choose, as published results often report it, stands beside those
    chosen without labels. Its score is optimistic, for the labels that rate it have also picked
    it; what a label-free choice reaches is honest.

    Parameters
    ----------
    search : GridSearchCV, RandomizedSearchCV or halving search
        Fitted, with several named criteria: ``scoring=clustering_scorers()``, or for halving
        ``scoring=RankedCriteria(clustering_scorers())``.
    seed : str, default=None
        A searched parameter to average over before choosing, such as "sda__random_state": settings
        that differ in it alone become one. One run says little, as runs of one setting differ by
        more than settings do.
    label_criteria : str or sequence of str, default=("adjusted_rand",)
        Names of the criteria that see labels; all others count as label-free.

    Returns
    -------
    DataFrame of shape (n_criteria + 1, n_parameters + n_scores)
        One row a criterion, the label-free ones first, then those chosen by the labels, named
        optimistic; last the mean of all settings, which is what a blind choice reaches. Columns
        are the searched parameters, then the score of every criterion at that choice, mean over
        folds (and seeds). With ``seed``, the column "adjusted_rand_std" has the standard deviation
        over seeds, and so for all label criteria; NaN where a setting had a single seed. A
        parameter without a value in a row is "".

    Raises
    ------
    NotFittedError
        A ValueError: if the search is not fitted.
    ValueError
        If the search has no named criteria, none of them is label-free, all scores of one are NaN,
        ``seed`` or ``label_criteria`` name what the search does not have, or a clusterer without
        ``predict`` was not scored on the samples it was fitted on.

    Notes
    -----
    Ties go to the first setting. A setting with NaN for one fold or seed has NaN as its mean and
    is never chosen by that criterion; the mean of all settings leaves it out. Of a halving search
    only the last iteration counts, since scores on more resources do not compare with scores on
    fewer.

    References
    ----------
    .. [1] Gupta, A., Wang, H. & Ganapathiraju, M. (2015). Learning structure in gene expression
       data using deep architectures, with an application to gene clustering. IEEE International
       Conference on Bioinformatics and Biomedicine, 1328-1335. Its best settings are the labels'.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import make_blobs
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_dgex.model_selection import (
    ...     AllSamplesSplit,
    ...     clustering_report,
    ...     clustering_scorers,
    ... )
    >>> X, y = make_blobs(60, centers=[[0, 0], [8, 0], [4, 7]], random_state=0)
    >>> search = GridSearchCV(
    ...     KMeans(n_init=3),
    ...     {"n_clusters": [2, 3, 4], "random_state": [0, 1]},
    ...     scoring=clustering_scorers(reconstruction=False),
    ...     refit="stability",
    ...     cv=AllSamplesSplit(),
    ... )
    >>> report = clustering_report(search.fit(X, y), seed="random_state")
    >>> report[["n_clusters", "adjusted_rand"]].round(2)
                                                     n_clusters  adjusted_rand
    chosen by
    silhouette                                                3           1.00
    stability                                                 3           1.00
    adjusted_rand (optimistic: chosen by the labels)          3           1.00
    mean of all settings                                                  0.82
    """
    settings, scores = _settings_and_scores(search)
    labelled, label_free = _told_apart(list(scores), label_criteria)
    _check_same_samples(search)

    scores = scores[labelled + label_free]
    if seed is not None:
        settings, scores = _average_over(seed, settings, scores, labelled)
    chosen = {name: _best(scores[name]) for name in label_free}
    chosen |= {
        f"{name} (optimistic: chosen by the labels)": _best(scores[name]) for name in labelled
    }
    rows, names = list(chosen.values()), _parameter_names(settings)
    shown = [*(settings[row] for row in rows), {}]
    parameters = [[setting.get(name, "") for name in names] for setting in shown]
    parameters = pd.DataFrame(parameters, columns=names, dtype=object)
    values = pd.concat([scores.iloc[rows], scores.mean().to_frame().T], ignore_index=True)
    return parameters.join(values).set_index(pd.Index([*chosen, MEAN_ROW], name="chosen by"))


def _settings_and_scores(search) -> tuple[list[dict], pd.DataFrame]:
    """Return settings, and their mean scores, of shape (n_settings, n_criteria)."""
    results = getattr(search, "cv_results_", None)
    if results is None:
        raise NotFittedError(
            f"The search must be fitted. Got {type(search).__name__} without cv_results_ instead; "
            "call its fit first."
        )
    prefix = "mean_test_"
    names = [key.removeprefix(prefix) for key in results if key.startswith(prefix)]
    if len(names) > 1 and "score" in names:  # the one that ranked, again: see RankedCriteria
        names.remove("score")
    if names in ([], ["score"]):
        raise ValueError(
            "The search must have named criteria. Got a single score without a name instead; "
            "search with scoring=clustering_scorers(), or for halving with "
            "scoring=RankedCriteria(clustering_scorers()) and refit='score'."
        )
    scores = pd.DataFrame({name: np.asarray(results[prefix + name], float) for name in names})
    iteration = np.asarray(results.get("iter", np.zeros(len(scores))))
    last = np.flatnonzero(iteration == iteration.max())
    return [results["params"][row] for row in last], scores.iloc[last].reset_index(drop=True)


def _told_apart(names: list[str], label_criteria) -> tuple[list[str], list[str]]:
    """Return the criteria that see labels, and those that do not."""
    seeing = {label_criteria} if isinstance(label_criteria, str) else set(label_criteria)
    unknown = seeing - {*names, "adjusted_rand"}  # the default, which may be left out
    if unknown:
        raise ValueError(
            f"The 'label_criteria' must be criteria of the search: {', '.join(names)}. "
            f"Got {', '.join(sorted(unknown))} instead."
        )
    labelled, label_free = [[n for n in names if (n in seeing) == see] for see in (True, False)]
    if not label_free:
        raise ValueError(
            "The search must have at least one criterion that sees no labels, to stand beside the "
            f"labels' choice. Got {', '.join(labelled)} alone instead; search with "
            "scoring=clustering_scorers()."
        )
    return labelled, label_free


def _check_same_samples(search) -> None:
    """Raise a ValueError if a clusterer without predict was scored on other samples."""
    clusterer = final_step(search.estimator)
    if hasattr(search.estimator, "predict") or not is_clusterer(clusterer):
        return
    name = type(clusterer).__name__
    # Every BaseCrossValidator holds out; two folds of equal size would go unnoticed by the scorers
    if search.cv is None or isinstance(search.cv, Integral | BaseCrossValidator):
        raise ValueError(
            "A clusterer without predict must be scored on the samples it was fitted on. Got "
            f"{name} and cv={search.cv!r} instead; search with cv=AllSamplesSplit()."
        )
    halves_samples = getattr(search, "resource", None) == "n_samples"
    if halves_samples and not isinstance(search.random_state, Integral):
        raise ValueError(
            "A halving search of a clusterer without predict must have an int random_state, since "
            f"it draws training and test samples one by one. Got {name} and random_state="
            f"{search.random_state!r} instead."
        )


def _average_over(seed, settings, scores, labelled):
    """Merge settings that differ in the seed alone: means, and standard deviations of labelled."""
    names = _parameter_names(settings)
    if seed not in names:
        raise ValueError(
            f"The 'seed' parameter must be a searched parameter: {', '.join(names)}. "
            f"Got {seed!r} instead."
        )
    settings = [{k: v for k, v in setting.items() if k != seed} for setting in settings]
    groups, _ = pd.factorize(np.array([joblib.hash(setting) for setting in settings]))
    firsts = [int(np.argmax(groups == group)) for group in range(groups.max() + 1)]
    by_setting = scores.groupby(groups)
    averages = by_setting.agg(lambda column: column.mean(skipna=False))
    for name in labelled:
        after = averages.columns.get_loc(name) + 1
        averages.insert(after, f"{name}_std", by_setting[name].std())
    return [settings[first] for first in firsts], averages


def _parameter_names(settings: list[dict]) -> list[str]:
    """Return every searched parameter once; grids in a list may search different ones."""
    return list(dict.fromkeys(name for setting in settings for name in setting))


def _best(scores: pd.Series) -> int:
    if scores.isna().all():
        raise ValueError(
            f"The scores of '{scores.name}' must not all be NaN. Got NaN for all {len(scores)} "
            "settings instead; search with error_score='raise' to see why, or leave this criterion "
            "out."
        )
    return int(np.nanargmax(scores.to_numpy()))
