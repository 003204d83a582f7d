"""scikit-learn's other tools take the imputer as their own."""

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import estimator_html_repr

from sklearn_dgex import DGEXRegressor, LandmarkImputer


@pytest.fixture
def small():
    return DGEXRegressor(width=10, n_members=1, max_iter=2, random_state=0)


def test_what_follows_learns_from_inferred_values(imputer, whole, landmarks):
    noisy = whole + np.random.default_rng(0).normal(scale=0.3, size=whole.shape)
    label = whole["T0001"]
    pipeline = make_pipeline(imputer(), LinearRegression()).fit(noisy[:40], label[:40])
    step = LinearRegression().fit(imputer().fit_transform(noisy[:40]), label[:40])
    completed = pipeline[0].transform(noisy[landmarks])
    np.testing.assert_allclose(pipeline.predict(noisy[landmarks]), step.predict(completed))


def test_names_reach_the_next_step(imputer, whole):
    pipeline = make_pipeline(imputer(), FunctionTransformer()).set_output(transform="pandas")
    completed = pipeline.fit_transform(whole)
    assert list(completed) == list(whole) == pipeline[0].get_feature_names_out().tolist()
    assert completed.index.equals(whole.index)


def test_a_scaler_in_front_takes_nan_for_genes_to_infer(imputer, whole, landmarks, targets):
    positions = [list(whole).index(name) for name in landmarks]
    pipeline = make_pipeline(StandardScaler(), imputer(landmarks=positions)).fit(whole[:40])
    unmeasured = whole[40:].assign(**dict.fromkeys(targets, np.nan))
    np.testing.assert_allclose(
        pipeline.transform(unmeasured), pipeline[0].transform(whole[40:]), atol=1e-8
    )


def test_grid_search_over_the_regressor(small, imputer, whole):
    pipeline = make_pipeline(FunctionTransformer(), imputer(regressor=small))
    grid = {"landmarkimputer__regressor__n_towers": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(whole)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    best = search.best_estimator_[-1]
    assert best.regressor_.n_towers_ == search.best_params_[next(iter(grid))]
    by_hand = clone(best).fit(whole[:30]).score(whole[30:])
    assert search.cv_results_["split1_test_score"][search.best_index_] == pytest.approx(by_hand)


def test_grid_search_over_the_imputer(imputer, whole):
    search = GridSearchCV(
        imputer(), {"landmarks": [[0], [0, 1, 2]], "regressor__alpha": [0.0, 1e6]}, cv=2
    )
    search.fit(whole)
    assert search.best_params_ == {"landmarks": [0, 1, 2], "regressor__alpha": 0.0}


def test_cross_validation(imputer, whole):
    np.testing.assert_allclose(cross_val_score(imputer(), whole, cv=3), 1.0)


@pytest.mark.parametrize(
    "copied",
    [
        lambda model, path: pickle.loads(pickle.dumps(model)),
        lambda model, path: copy.deepcopy(model),
        lambda model, path: joblib.load(joblib.dump(model, path / "model.joblib")[0]),
    ],
)
@pytest.mark.parametrize("kind", ["linear", "deep"])
def test_copies_infer_the_same(imputer, small, whole, tmp_path, copied, kind):
    model = imputer(regressor=small) if kind == "deep" else imputer()
    model.set_output(transform="pandas").fit(whole)
    twin = copied(model, tmp_path)
    pd.testing.assert_frame_equal(twin.transform(whole), model.transform(whole))
    assert not hasattr(clone(twin), "regressor_")


def test_fits_on_the_same_data_are_the_same(imputer, small, whole):
    model = imputer(regressor=small)
    first = model.fit(whole).transform(whole)
    np.testing.assert_array_equal(model.fit(whole).transform(whole), first)


def test_representations(imputer, whole):
    assert repr(LandmarkImputer()) == "LandmarkImputer()"
    for model in (imputer(), imputer().fit(whole)):
        assert "LincsRegression" in repr(model)
        assert "LincsRegression" in estimator_html_repr(model)
        assert "missing_landmarks" in model._repr_html_()


def test_any_regressor_of_many_targets(imputer, whole):
    for regressor in (LinearRegression(), MultiOutputRegressor(LinearRegression())):
        model = imputer(regressor=regressor).fit(whole[:40])
        np.testing.assert_allclose(model.transform(whole[40:]), whole[40:])


def test_weights_reach_the_regressor(imputer, whole):
    weight = np.arange(1.0, 61.0)
    expected = Ridge().fit(whole.iloc[:, :3], whole.iloc[:, 3:], weight).coef_
    model = imputer(regressor=Ridge(), landmarks=[0, 1, 2])
    np.testing.assert_allclose(model.fit(whole, sample_weight=weight).regressor_.coef_, expected)
    pipeline = make_pipeline(clone(model)).fit(whole, landmarkimputer__sample_weight=weight)
    np.testing.assert_allclose(pipeline[0].regressor_.coef_, expected)


def test_metadata_routing(imputer, whole):
    weight = np.arange(1.0, 61.0)
    with config_context(enable_metadata_routing=True):
        asks = Ridge().set_fit_request(sample_weight=True)
        routed = make_pipeline(imputer(regressor=asks)).fit(whole, sample_weight=weight)
        with pytest.raises(TypeError, match="sample_weight"):
            imputer().fit(whole, sample_weight=weight)  # LincsRegression takes none
    plain = imputer(regressor=Ridge()).fit(whole, sample_weight=weight)
    np.testing.assert_array_equal(routed.transform(whole), plain.transform(whole))


def test_linear_imputation_loads_no_torch():
    code = (
        "import sys, numpy as np\n"
        "from sklearn.linear_model import Ridge\n"
        "from sklearn_dgex import LandmarkImputer\n"
        "LandmarkImputer(Ridge(), [0, 1]).fit_transform(np.eye(5))\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
