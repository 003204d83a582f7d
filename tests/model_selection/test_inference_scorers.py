"""Scores of an inference by name, in searches and cross-validation."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.baselines import LincsRegression
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.metrics import inference_report, mmae, per_gene_correlation
from sklearn_dgex.model_selection import inference_scorers

DEFAULT = ["neg_mmae", "median_correlation", "above_half"]
EVERY = [*DEFAULT, "neg_mmae_unshared"]


@pytest.fixture(scope="module")
def frames():
    X, y = make_expression(90, 12, 20, as_frame=True, random_state=0)
    return X.astype(np.float64), y.astype(np.float64)


@pytest.fixture(scope="module")
def gene_of(frames):
    """Of three targets the gene is a landmark's."""
    X, y = frames
    genes = {name: f"gene of {name}" for name in [*X.columns, *y.columns]}
    return genes | {y.columns[i]: genes[X.columns[i]] for i in (0, 4, 7)}


def test_the_names_are_those_documented():
    assert list(inference_scorers()) == DEFAULT
    assert list(inference_scorers("above_half")) == ["above_half"]
    assert list(inference_scorers(EVERY[::-1])) == EVERY[::-1]
    unshared = inference_scorers(EVERY, gene_of={"a": "b"})["neg_mmae_unshared"]
    assert unshared.gene_of == {"a": "b"}


def test_scores_are_the_metrics(frames, gene_of):
    X, y = frames
    model = Ridge().fit(X[:60], y[:60])
    X, y = X[60:], y[60:]
    inferred = model.predict(X)
    scores = {
        name: scorer(model, X, y)
        for name, scorer in inference_scorers(EVERY, gene_of=gene_of).items()
    }
    correlation = per_gene_correlation(y, inferred)
    unshared = [i for i in range(20) if i not in (0, 4, 7)]
    assert scores == pytest.approx(
        {
            "neg_mmae": -mmae(y, inferred),
            "median_correlation": correlation.median(),
            "above_half": (correlation > 0.5).mean(),
            "neg_mmae_unshared": -mmae(y.iloc[:, unshared], inferred[:, unshared]),
        }
    )
    assert all(type(score) is float for score in scores.values())
    report = inference_report(y, inferred, landmarks=X, gene_of=gene_of)
    assert scores["neg_mmae_unshared"] == -report.loc["unshared", "mmae"]


@pytest.mark.parametrize("kind", ["frames", "arrays", "one target"])
def test_neg_mmae_is_scikit_learns_neg_mean_absolute_error(frames, kind):
    X, y = frames if kind == "frames" else map(np.asarray, frames)
    y = y[:, 0] if kind == "one target" else y
    expected = cross_val_score(Ridge(), X, y, scoring="neg_mean_absolute_error")
    np.testing.assert_allclose(
        cross_val_score(Ridge(), X, y, scoring=inference_scorers("neg_mmae")["neg_mmae"]), expected
    )
    model = Ridge().fit(X, y)
    assert get_scorer("neg_mean_absolute_error")(model, X, y) == pytest.approx(
        inference_scorers("neg_mmae")["neg_mmae"](model, X, y)
    )


@pytest.mark.parametrize("refit", EVERY)
def test_a_search_refits_the_best_by_name(frames, gene_of, refit):
    X, y = frames
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()),
        {"ridge__alpha": [1e-3, 30.0, 1e6]},
        scoring=inference_scorers(EVERY, gene_of=gene_of),
        refit=refit,
        cv=3,
        error_score="raise",
    )
    clone(search).fit(X, y)
    search.fit(X, y)
    means = {name: search.cv_results_[f"mean_test_{name}"] for name in EVERY}
    assert search.best_index_ == means[refit].argmax()
    if "mmae" in refit:  # correlations do not mind shrinkage
        assert search.best_params_ == {"ridge__alpha": 30.0}
    assert (means["neg_mmae"] < 0).all()
    assert not np.allclose(means["neg_mmae"], means["neg_mmae_unshared"])
    assert search.score(X, y) == search.scorer_[refit](search.best_estimator_, X, y)


def test_cross_validate_gives_every_score(frames, gene_of):
    scoring = inference_scorers(EVERY, gene_of=gene_of)
    result = cross_validate(
        LincsRegression("gcv"), *frames, scoring=scoring, cv=3, error_score="raise"
    )
    for name in EVERY:
        assert result[f"test_{name}"].shape == (3,)
        assert np.isfinite(result[f"test_{name}"]).all()


def test_better_inferences_score_higher(frames, gene_of):
    X, y = frames
    rng = np.random.default_rng(0)

    class Told(RegressorMixin, BaseEstimator):
        def __init__(self, error):
            self.noise = error * rng.normal(size=y.shape)

        def predict(self, X):
            return y.to_numpy() + self.noise

    for scorer in inference_scorers(EVERY, gene_of=gene_of).values():
        scores = [scorer(Told(error), X, y) for error in (0.1, 1.5, 8.0)]
        assert scores == sorted(scores, reverse=True)
        assert scores[0] > scores[2]


def test_names_of_landmarks_in_another_order_do_not_matter(frames, gene_of):
    X, y = frames
    model = LincsRegression().fit(X, y)
    for scorer in inference_scorers(EVERY, gene_of=gene_of).values():
        assert scorer(model, X[X.columns[::-1]], y) == pytest.approx(scorer(model, X, y))


def test_scorers_pickle_and_clone(frames, gene_of):
    X, y = frames
    model = Ridge().fit(X, y)
    for scorer in inference_scorers(EVERY, gene_of=gene_of).values():
        for copy in [pickle.loads(pickle.dumps(scorer)), clone(scorer, safe=False)]:
            assert copy(model, X, y) == scorer(model, X, y)
    scorer = inference_scorers("neg_mmae")["neg_mmae"]
    parallel = cross_val_score(model, X, y, scoring=scorer, n_jobs=2)
    serial = cross_val_score(model, X, y, scoring=scorer)
    np.testing.assert_allclose(parallel, serial)


def test_a_network_is_searched_on_frames(frames, gene_of):
    search = GridSearchCV(
        DGEXRegressor(n_members=1, width=8, random_state=0),
        {"max_iter": [1, 60]},
        scoring=inference_scorers(EVERY, gene_of=gene_of),
        refit="neg_mmae_unshared",
        cv=2,
        error_score="raise",
    )
    search.fit(*frames)
    assert search.best_params_ == {"max_iter": 60}


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match=r"must be of \['neg_mmae', .*\]. Got 'mmae' instead"):
        inference_scorers(["neg_mmae", "mmae"])


def test_all_scores_but_one_share_a_prediction(frames):
    """Inferring is what costs: a search over three scores infers each fold once."""
    calls = []

    class Counting(Ridge):
        def predict(self, X):
            calls.append(len(X))
            return super().predict(X)

    cross_validate(Counting(), *frames, scoring=inference_scorers(), cv=3, error_score="raise")
    assert calls == [30, 30, 30]


def test_unshared_targets_need_names_and_must_exist(frames):
    X, y = frames
    scorer = inference_scorers("neg_mmae_unshared")["neg_mmae_unshared"]
    model = Ridge().fit(X.to_numpy(), y.to_numpy())
    message = "needs frames with gene names as X and y. Got ndarray instead"
    with pytest.raises(ValueError, match=message):
        scorer(model, X.to_numpy(), y)
    model = Ridge().fit(X, y)
    with pytest.raises(ValueError, match="y_true must be a frame with gene names"):
        scorer(model, X, y.to_numpy())
    everything = dict.fromkeys([*X.columns, *y.columns], "TP53")
    with pytest.raises(
        ValueError, match=r"targets whose gene is no landmark. Got none; check gene"
    ):
        inference_scorers("neg_mmae_unshared", gene_of=everything)["neg_mmae_unshared"](model, X, y)
    without_map = scorer(model, X, y)  # no name is shared: the whole error
    assert without_map == inference_scorers("neg_mmae")["neg_mmae"](model, X, y)


def test_the_input_is_not_touched(frames, gene_of):
    X, y = frames
    copies = X.copy(), y.copy()
    model = Ridge().fit(X, y)
    for scorer in inference_scorers(EVERY, gene_of=gene_of).values():
        scorer(model, X, y)
    for frame, copy in zip(frames, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
