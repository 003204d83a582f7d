"""scikit-learn's other tools take the estimator as their own."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.utils import estimator_html_repr

from sklearn_dgex import DGEXRegressor


def test_pipeline_keeps_gene_names(quick, frames):
    X, y = frames
    pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), quick()).fit(X, y)
    assert list(pipeline[-1].feature_names_in_) == list(X)
    # the model standardises inside: a scaler in front is not needed, and does no harm
    np.testing.assert_allclose(
        pipeline.predict(X), quick().fit(X, y).predict(X), rtol=1e-3, atol=1e-4
    )


def test_transformed_target(quick, arrays):
    X, y = arrays
    counts = np.exp(y)
    model = TransformedTargetRegressor(
        quick(), func=np.log, inverse_func=np.exp, check_inverse=False
    )
    inferred = model.fit(X, counts).predict(X)
    np.testing.assert_allclose(
        np.log(inferred), quick().fit(X, np.log(counts)).predict(X), rtol=1e-3, atol=1e-4
    )
    scaled = TransformedTargetRegressor(quick(), transformer=MinMaxScaler()).fit(X, y)
    assert scaled.predict(X).shape == y.shape


def test_halving_search_over_epochs(quick, arrays):
    search = HalvingGridSearchCV(
        quick(),
        {"n_towers": [1, 2, 3]},
        resource="max_iter",
        min_resources=2,
        max_resources=18,
        cv=2,
        random_state=0,
    ).fit(*arrays)
    assert search.n_resources_ == [2, 6]
    assert search.best_estimator_.n_iter_ == 6
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_cross_validation(quick, frames):
    X, y = frames
    inferred = cross_val_predict(quick(), X, y, cv=3)
    assert inferred.shape == y.shape
    by_hand = quick().fit(X.iloc[20:], y.iloc[20:]).predict(X.iloc[:20])
    np.testing.assert_array_equal(inferred[:20], by_hand)
    scores = cross_val_score(quick(), X, y, cv=3, scoring="neg_mean_absolute_error")
    assert -scores[0] == pytest.approx(np.abs(by_hand - y.iloc[:20]).to_numpy().mean(), rel=1e-5)


def test_parameters_round_trip(quick):
    model = quick()
    parameters = model.get_params()
    assert DGEXRegressor(**parameters).get_params() == parameters
    assert model.set_params(n_towers=4, dropout=[0.1, 0.2, 0.3]).n_towers == 4
    assert clone(model).dropout == [0.1, 0.2, 0.3]
    with pytest.raises(ValueError, match="Invalid parameter 'towers'"):
        model.set_params(towers=4)


def test_representations(quick, frames):
    model = make_pipeline(FunctionTransformer(), quick(n_towers=7))
    assert "n_towers=7" in repr(model)
    assert repr(DGEXRegressor()) == "DGEXRegressor()"
    for state in (model, model.fit(*frames)):
        assert "DGEXRegressor" in estimator_html_repr(state)
        assert "n_towers" in state._repr_html_()
