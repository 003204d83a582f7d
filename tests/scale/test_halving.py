"""Successive halving with epochs as what there is to spend."""

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, HalvingRandomSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

BUDGET = {"resource": "max_iter", "min_resources": 2, "max_resources": 18, "factor": 3}
SEARCH = {"scoring": "neg_mean_absolute_error", "cv": 2, "random_state": 0}


def test_a_grid_that_holds_a_planted_best_rate(small, lab):
    """Rates of nothing, of too little and of enough: the last one wins each round."""
    search = HalvingGridSearchCV(
        small(),
        {"learning_rate_init": [1e-9, 1e-5, 3e-2], "n_towers": [1, 2, 3]},
        **BUDGET,
        **SEARCH,
    ).fit(lab.X, lab.y)
    assert search.n_resources_ == [2, 6, 18]
    assert search.n_candidates_ == [9, 3, 1]
    assert search.best_params_["learning_rate_init"] == 3e-2
    assert search.best_estimator_.max_iter == search.best_estimator_.n_iter_ == 18
    last = search.cv_results_["mean_test_score"][-1]
    by_hand = cross_val_score(
        clone(search.best_estimator_), lab.X, lab.y, cv=2, scoring=SEARCH["scoring"]
    )
    assert last == by_hand.mean()


def test_random_candidates_in_a_pipeline(small, lab):
    pipeline = Pipeline([("scale", StandardScaler()), ("infer", small())])
    search = HalvingRandomSearchCV(
        pipeline,
        {"infer__learning_rate_init": loguniform(1e-5, 1e-1), "infer__n_towers": [1, 2, 3]},
        n_candidates=6,
        **BUDGET | {"resource": "infer__max_iter"},
        **SEARCH,
    ).fit(lab.X, lab.y)
    assert search.n_resources_ == [2, 6]
    spent = [params["infer__max_iter"] for params in search.cv_results_["params"]]
    assert spent == search.cv_results_["n_resources"].tolist() == [2] * 6 + [6] * 2
    assert search.best_estimator_["infer"].max_iter_ == 6
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_the_course_of_the_rate_spans_the_epochs_given(small, lab):
    """A round is a whole short training, not the first part of a long one."""
    rates = {}
    for n_epochs in (6, 18):
        epochs = small(max_iter=n_epochs).fit(lab.X, lab.y).net_.history
        rates[n_epochs] = [epoch["learning_rate"] for epoch in epochs]
    assert rates[6][-1] < 0.2 * max(rates[6])
    assert rates[18][5] > 0.5 * max(rates[18])


def test_automatic_epochs_are_replaced_by_those_given(small, lab):
    """``max_iter`` is "auto" by default, which the search must not read as a number."""
    search = HalvingGridSearchCV(
        small(max_iter="auto"), {"n_towers": [1, 3]}, **BUDGET | {"max_resources": 6}, **SEARCH
    ).fit(lab.X, lab.y)
    assert search.n_resources_ == [2]  # two candidates: one round settles it
    assert search.best_estimator_.max_iter_ == 2
    with pytest.raises(ValueError, match="max_resources"):
        HalvingGridSearchCV(
            small(max_iter="auto"), {"n_towers": [1, 3]}, resource="max_iter", **SEARCH
        ).fit(lab.X, lab.y)
