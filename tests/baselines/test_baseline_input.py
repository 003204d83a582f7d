"""What both baselines take, keep, give back and refuse."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_predict

from sklearn_dgex.baselines import KNNGeneRegressor, LincsRegression
from sklearn_dgex.datasets import make_expression
from sklearn_dgex.exceptions import GeneMismatchError
from sklearn_dgex.metrics import mmae

MODELS = [LincsRegression(), LincsRegression(5.0), LincsRegression("gcv"), KNNGeneRegressor(3)]
every_model = pytest.mark.parametrize("model", MODELS, ids=repr)


@pytest.fixture(scope="module")
def frames():
    X, y = make_expression(60, 8, 15, as_frame=True, random_state=0)
    return X.astype(np.float64), y.astype(np.float64)


# ------------------------------------------------------------------ gene names


@every_model
@pytest.mark.parametrize("seed", range(3))
def test_landmarks_may_stand_in_any_order(frames, model, seed):
    X, y = frames
    model = clone(model).fit(X, y)
    order = np.random.default_rng(seed).permutation(X.columns)
    np.testing.assert_array_equal(model.predict(X[order]), model.predict(X))
    assert model.feature_names_in_.tolist() == X.columns.tolist()
    assert model.target_names_in_.tolist() == y.columns.tolist()


@every_model
def test_other_landmarks_are_refused(frames, model):
    X, y = frames
    model = clone(model).fit(X, y)
    first = X.columns[0]
    with pytest.raises(GeneMismatchError, match="landmark genes must be the 8 of the fitted") as e:
        model.predict(X.rename(columns={first: "X99"}))
    assert f"missing from the table (1): {first!r}" in str(e.value)
    assert "unknown to the fitted model (1): 'X99'" in str(e.value)
    twice = pd.concat([X, X[[first]]], axis=1)
    with pytest.raises(GeneMismatchError, match="Every landmark gene must stand once"):
        clone(model).fit(twice, y)
    with pytest.raises(GeneMismatchError, match="Every target gene must stand once"):
        clone(model).fit(X, pd.concat([y, y], axis=1))


@every_model
def test_a_second_fit_forgets_the_first(frames, model):
    X, y = frames
    model = clone(model).fit(X, y)
    model.fit(X.to_numpy()[:, :5], y.to_numpy()[:, 0])
    assert not hasattr(model, "feature_names_in_")
    assert not hasattr(model, "target_names_in_")
    assert (model.n_features_in_, model.n_outputs_) == (5, 1)
    assert model.predict(X.to_numpy()[:, :5]).shape == (60,)


@every_model
def test_polars_frames_do(frames, model):
    polars = pytest.importorskip("polars")
    X, y = (polars.from_dict(frame.to_dict("list")) for frame in frames)
    model = clone(model)
    expected = clone(model).fit(*frames).predict(frames[0])
    np.testing.assert_allclose(model.fit(X, y).predict(X), expected, rtol=1e-9)
    assert model.predict(X.cast(polars.Float32)).dtype == np.float32


# ------------------------------------------------------------------ shapes and types


@every_model
def test_one_target_may_be_a_vector(frames, model):
    X, y = map(np.asarray, frames)
    vector = clone(model).fit(X, y[:, 3])
    column = clone(model).fit(X, y[:, [3]])
    assert vector.predict(X).shape == (60,)
    assert column.predict(X).shape == (60, 1)
    np.testing.assert_array_equal(vector.predict(X), column.predict(X)[:, 0])
    series = clone(model).fit(*(frames[0], frames[1].iloc[:, 3]))
    assert series.target_names_in_.tolist() == [frames[1].columns[3]]
    np.testing.assert_array_equal(series.predict(frames[0]), vector.predict(X))


@every_model
@pytest.mark.parametrize("kind", ["arrays", "frames"])
def test_float32_profiles_are_inferred_in_float32(frames, model, kind):
    X, y = frames if kind == "frames" else map(np.asarray, frames)
    X, y = X.astype(np.float32), y.astype(np.float32)
    small = clone(model).fit(X, y)
    assert small.predict(X).dtype == np.float32
    assert small.predict(X.astype(np.float64)).dtype == np.float64
    exact = clone(model).fit(X.astype(np.float64), y.astype(np.float64))
    assert exact.predict(X.astype(np.float64)).dtype == np.float64
    # and only the answer is rounded
    expected = exact.predict(X.astype(np.float64)).astype(np.float32)
    np.testing.assert_allclose(small.predict(X), expected, rtol=2e-7)


@every_model
def test_each_sample_is_inferred_by_itself(frames, model):
    X, y = map(np.asarray, frames)
    model = clone(model).fit(X, y)
    each = np.vstack([model.predict(x[None]) for x in X])
    np.testing.assert_allclose(model.predict(X), each, rtol=1e-12)


@every_model
def test_the_order_of_samples_and_targets_does_not_matter(frames, model):
    X, y = map(np.asarray, frames)
    rng = np.random.default_rng(0)
    samples, targets = rng.permutation(60), rng.permutation(15)
    expected = clone(model).fit(X, y).predict(X)[:, targets]
    other = clone(model).fit(X[samples], y[np.ix_(samples, targets)])
    np.testing.assert_allclose(other.predict(X), expected, rtol=1e-9)


@every_model
def test_the_input_is_not_touched(frames, model):
    X, y = frames
    given = X.copy(), y.copy(), X.to_numpy(copy=True), y.to_numpy(copy=True)
    model = clone(model)
    model.fit(given[0], given[1]).predict(given[0])
    model.fit(given[2], given[3]).predict(given[2])
    for thing, original in zip(given, [X, y, X, y], strict=True):
        np.testing.assert_array_equal(thing, original)


@every_model
def test_a_saved_model_infers_the_same(frames, model, tmp_path):
    X, y = frames
    model = clone(model).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert repr(loaded) == repr(model)
    assert loaded.target_names_in_.tolist() == y.columns.tolist()


# ------------------------------------------------------------------ constant genes


@every_model
@pytest.mark.parametrize("n_samples", [3, 500, 20_000])
@pytest.mark.parametrize("constant", [0.0, 0.1, -1e6 / 3])
def test_constant_genes_are_left_out_whatever_the_number_of_samples(model, n_samples, constant):
    """Rounding in the mean of many equal values must not count as variation."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n_samples, 6)), rng.normal(size=(n_samples, 4))
    X[:, 2] = y[:, 1] = constant
    model = clone(model).fit(X, y)
    assert model.feature_scaler_.constant.tolist() == [False, False, True, False, False, False]
    changed = X.copy()
    changed[:, 2] += 1.0  # as in a new batch
    np.testing.assert_array_equal(model.predict(changed), model.predict(X))
    np.testing.assert_array_equal(model.predict(X)[:, 1], np.full(n_samples, constant))
    if not isinstance(model, KNNGeneRegressor):
        without = clone(model).fit(np.delete(X, 2, axis=1), y)
        expected = without.predict(np.delete(X, 2, axis=1))
        np.testing.assert_allclose(model.predict(X), expected, rtol=1e-9, atol=1e-9)


@every_model
def test_landmarks_that_are_all_constant_infer_the_mean(model):
    y = np.random.default_rng(0).normal(size=(200, 3))
    model = clone(model).fit(np.full((200, 4), 0.3), y)
    inferred = model.predict(np.random.default_rng(1).normal(size=(5, 4)))
    np.testing.assert_allclose(inferred, np.tile(y.mean(axis=0), (5, 1)))


# ------------------------------------------------------------------ quality, errors


@every_model
def test_every_baseline_is_better_than_the_mean(model):
    X, y = make_expression(300, 30, 40, random_state=0)
    inferred = cross_val_predict(model, X, y, cv=3)
    assert mmae(y, inferred) < 0.95 * mmae(y, np.broadcast_to(y.mean(axis=0), y.shape))


@every_model
def test_bad_input(frames, model):
    X, y = map(np.asarray, frames)
    model = clone(model)
    with pytest.raises(NotFittedError):
        model.predict(X)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        model.fit(X, None)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[1:])
    with pytest.raises(
        ValueError, match=r"needs at least two samples .* Got n_samples = 1 instead"
    ):
        model.fit(X[:1], y[:1])
    with pytest.raises(
        ValueError, match=r"must have shape \(n_samples, n_targets\), .* Got \(60, 0"
    ):
        model.fit(X, y[:, :0])
    with pytest.raises(ValueError, match=r"Got \(60, 15, 1\)"):
        model.fit(X, y[:, :, None])
    spoilt = X.copy()
    spoilt[3, 1] = np.nan
    with pytest.raises(
        ValueError, match=r"The landmark values must be finite. Got 1 NaN and 0 inf"
    ):
        model.fit(spoilt, y)
    with pytest.raises(ValueError, match="the first in sample 3, column 1"):
        model.fit(X, y).predict(spoilt)
    spoilt = y.copy()
    spoilt[5, 2] = np.inf
    with pytest.raises(
        ValueError, match=r"The target values must be finite. Got 0 NaN and 1 infini"
    ):
        model.fit(X, spoilt)
