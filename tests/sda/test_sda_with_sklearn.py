"""scikit-learn's other tools, and this package's for clusterings, take it as their own."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from sklearn_dgex import SDATransformer
from sklearn_dgex.model_selection import (
    AllSamplesSplit,
    adjusted_rand_scorer,
    clustering_report,
    clustering_scorers,
)


@pytest.fixture(scope="module")
def grouped():
    """90 noisy profiles of three classes that differ in five of twelve features."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 30)
    centres = np.zeros((3, 12))
    centres[:, :5] = 2 * rng.normal(size=(3, 5))
    return centres[y] + rng.normal(size=(90, 12)), y


@pytest.mark.parametrize(
    "clusterer",
    [
        KMeans(3, n_init=5, random_state=0),
        SpectralClustering(3, affinity="nearest_neighbors", n_neighbors=25, random_state=0),
    ],
)
def test_search_of_a_clustering_does_not_depend_on_n_jobs(quick, grouped, clusterer):
    X, y = grouped
    pipeline = Pipeline([("sda", quick(max_iter=30)), ("cluster", clusterer)])
    grid = {
        "sda__hidden_layer_sizes": [2, (8, 4)],
        "sda__corruption_level": [0.0, 0.3],
        "sda__output": ["regenerated", "code"],
    }
    scores = []
    for n_jobs in (1, 2):
        search = GridSearchCV(
            pipeline, grid, scoring=adjusted_rand_scorer, cv=AllSamplesSplit(), n_jobs=n_jobs
        ).fit(X, y)
        scores.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)
    assert len(np.unique(scores[0])) > 4, "the parameters change nothing"
    assert search.best_score_ > 0.8
    best = clone(pipeline).set_params(**search.best_params_).fit(X)
    assert adjusted_rand_scorer(best, X, y) == search.best_score_


def test_search_by_its_own_score_finds_the_planted_dimension():
    """With squared errors on held-out profiles near a plane, two units beat one and twelve."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(120, 2)) @ rng.normal(size=(2, 12)) + 0.1 * rng.normal(size=(120, 12))
    model = SDATransformer(
        activation="identity",
        loss="squared_error",
        corruption_level=0,
        learning_rate_init=0.01,
        max_iter=300,
        random_state=0,
    )
    searches = [
        GridSearchCV(model, {"hidden_layer_sizes": [1, 2]}, cv=3, n_jobs=n_jobs).fit(X)
        for n_jobs in (1, 2)
    ]
    for key in ("split0_test_score", "split1_test_score", "split2_test_score"):
        np.testing.assert_array_equal(*(search.cv_results_[key] for search in searches))
    search = searches[0]
    assert search.best_params_ == {"hidden_layer_sizes": 2}
    assert search.best_score_ > 0.2 * search.cv_results_["mean_test_score"][0]
    by_hand = clone(model).set_params(hidden_layer_sizes=2).fit(X[40:]).score(X[:40])
    assert cross_val_score(search.best_estimator_, X, cv=3)[0] == by_hand


def test_feature_union_and_column_transformer(quick, frame):
    union = FeatureUnion([("pca", PCA(2)), ("codes", quick(output="code"))])
    table = union.set_output(transform="pandas").fit_transform(frame)
    assert list(table) == ["pca__pca0", "pca__pca1", *(f"codes__sda{i}" for i in range(4))]
    np.testing.assert_array_equal(table.iloc[:, 2:], quick().fit(frame).encode(frame))
    early, late = list(frame)[:5], list(frame)[5:]
    columns = ColumnTransformer(
        [("early", quick(hidden_layer_sizes=3), early), ("rest", "passthrough", late)],
        verbose_feature_names_out=False,
    )
    table = columns.set_output(transform="pandas").fit_transform(frame)
    assert list(table) == list(frame)
    expected = quick(hidden_layer_sizes=3).fit_transform(frame[early])
    np.testing.assert_array_equal(table[early], expected)


def test_halving_search_over_epochs(quick, grouped):
    X, _ = grouped
    search = HalvingGridSearchCV(
        quick(),
        {"hidden_layer_sizes": [2, 4, 6], "corruption_level": [0.0, 0.1, 0.2]},
        resource="max_iter",
        min_resources=2,
        max_resources=18,
        cv=2,
        random_state=0,
    ).fit(X)
    assert search.n_resources_ == [2, 6, 18]
    assert search.best_estimator_.n_iter_ == search.best_estimator_.max_iter_ == 18
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_clustering_report_over_corruption_levels(quick, grouped):
    X, y = grouped
    pipeline = Pipeline(
        [
            ("sda", quick(max_iter=100)),
            ("cluster", KMeans(3, n_init=5, random_state=0)),
        ]
    )
    search = GridSearchCV(
        pipeline,
        {"sda__corruption_level": [0.0, 0.1, 0.2], "sda__random_state": [0, 1]},
        scoring=clustering_scorers(),
        refit="stability",
        cv=AllSamplesSplit(),
    ).fit(X, y)
    report = clustering_report(search, seed="sda__random_state")
    assert list(report.index[:3]) == ["silhouette", "stability", "reconstruction"]
    assert set(report["sda__corruption_level"].iloc[:-1]) <= {0.0, 0.1, 0.2}
    assert np.isfinite(report.drop(columns="sda__corruption_level").to_numpy(float)).all()
    labels = next(name for name in report.index if name.startswith("adjusted_rand"))
    assert report["adjusted_rand"][labels] == report["adjusted_rand"].max() > 0.7


def test_parameters_round_trip(quick):
    model = quick()
    parameters = model.get_params()
    assert SDATransformer(**parameters).get_params() == parameters
    assert model.set_params(max_iter=4, corruption_level=[0.1]).max_iter == 4
    assert clone(model).corruption_level == [0.1]
    with pytest.raises(ValueError, match="Invalid parameter 'layers'"):
        model.set_params(layers=4)


def test_representations(quick, frame):
    model = Pipeline([("scale", StandardScaler()), ("sda", quick(hidden_layer_sizes=(6, 3)))])
    assert "hidden_layer_sizes=(6, 3)" in repr(model)
    assert repr(SDATransformer()) == "SDATransformer()"
    assert (
        repr(SDATransformer(np.array([4, 2]))) == "SDATransformer(hidden_layer_sizes=array([4, 2]))"
    )
    for state in (model, model.fit(frame)):
        assert "SDATransformer" in estimator_html_repr(state)
        assert "hidden_layer_sizes" in state._repr_html_()
