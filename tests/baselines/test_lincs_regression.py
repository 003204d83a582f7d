"""Linear inference equals scikit-learn's, and its penalties are those of the naive score."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_dgex.baselines import LincsRegression, _data
from sklearn_dgex.baselines._lincs import RELATIVE_ALPHAS
from sklearn_dgex.metrics import mmae

SHAPES = [(60, 10, 7), (12, 30, 5), (20, 20, 3), (11, 10, 4), (2, 5, 2), (200, 1, 1)]
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def made(shape, seed=0, noise=0.5):
    """Landmarks of different means and scales; targets linear in them."""
    n, p, q = shape
    rng = np.random.default_rng(seed)
    X = 6 + rng.normal(size=(n, p)) * rng.gamma(2, 0.5, p)
    y = 5 + X @ rng.normal(size=(p, q)) / np.sqrt(p) + noise * rng.normal(size=(n, q))
    return X, y, 6 + rng.normal(size=(9, p))


def naive_gcv(X, y, alpha):
    """n ||y - fit||^2 / (n - 1 - trace)^2 for one target, by the hat matrix."""
    n = len(X)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    hat = Z @ np.linalg.solve(Z.T @ Z + alpha * np.eye(Z.shape[1]), Z.T)
    residual = (y - y.mean()) - hat @ (y - y.mean())
    return n * residual @ residual / (n - 1 - np.trace(hat)) ** 2


# ------------------------------------------------------------------ against scikit-learn


@every_shape
def test_no_penalty_is_ordinary_least_squares(shape):
    X, y, new = made(shape)
    model = LincsRegression().fit(X, y)
    if shape[0] > shape[1]:
        np.testing.assert_allclose(
            model.predict(new), LinearRegression().fit(X, y).predict(new), rtol=1e-9
        )
    else:  # the solution of least norm, on standardised landmarks
        pipeline = make_pipeline(StandardScaler(), LinearRegression()).fit(X, y)
        np.testing.assert_allclose(model.predict(new), pipeline.predict(new), rtol=1e-9)
        np.testing.assert_allclose(model.predict(X), y, rtol=1e-9)
    np.testing.assert_array_equal(model.alpha_, np.zeros(shape[2]))


@every_shape
@pytest.mark.parametrize("alpha", [1e-3, 1, 250.0, np.float32(8)])
def test_a_penalty_is_ridge_on_standardised_landmarks(shape, alpha):
    X, y, new = made(shape)
    model = LincsRegression(alpha).fit(X, y)
    ridge = make_pipeline(StandardScaler(), Ridge(float(alpha), solver="svd")).fit(X, y)
    expected = ridge.predict(new).reshape(9, -1)  # a vector for one target
    np.testing.assert_allclose(model.predict(new), expected, rtol=1e-9)
    np.testing.assert_allclose(model.coef_, np.reshape(ridge[-1].coef_, model.coef_.shape), 1e-7)
    np.testing.assert_allclose(model.target_scaler_.offset, ridge[-1].intercept_)
    np.testing.assert_allclose(model.feature_scaler_.offset, X.mean(axis=0))
    np.testing.assert_allclose(model.feature_scaler_.scale, X.std(axis=0))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_samples", [15, 80])
def test_dependent_landmarks_have_the_solution_of_least_norm(seed, n_samples):
    X, y, new = made((n_samples, 8, 4), seed)
    X, new = np.hstack([X, X[:, :3]]), np.hstack([new, new[:, :3]])
    model = LincsRegression().fit(X, y)
    expected = make_pipeline(StandardScaler(), LinearRegression()).fit(X, y).predict(new)
    np.testing.assert_allclose(model.predict(new), expected, rtol=1e-8)
    np.testing.assert_allclose(model.coef_[:, :3], model.coef_[:, 8:], rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 3.0, "gcv"])
def test_the_penalty_is_of_standardised_landmarks(alpha):
    """A landmark in another unit gives the same inference."""
    X, y, new = made((40, 12, 5))
    unit, zero = np.logspace(-4, 4, 12), np.linspace(-50, 50, 12)
    expected = LincsRegression(alpha).fit(X, y).predict(new)
    other = LincsRegression(alpha).fit(X * unit + zero, y).predict(new * unit + zero)
    np.testing.assert_allclose(other, expected, rtol=1e-6)


# ------------------------------------------------------------------ the choice of penalties


@pytest.mark.parametrize("shape", [(60, 10, 12), (14, 40, 12), (25, 25, 12)], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_gcv_takes_the_minimum_of_the_naive_score(shape, seed):
    X, y, new = made(shape, seed, noise=np.logspace(-2, 1, 12))
    model = LincsRegression("gcv").fit(X, y)
    alphas = RELATIVE_ALPHAS * len(X)
    for target in range(12):
        scores = [naive_gcv(X, y[:, target], alpha) for alpha in alphas]
        assert model.alpha_[target] == pytest.approx(alphas[np.argmin(scores)])
        alone = LincsRegression(model.alpha_[target]).fit(X, y[:, target])
        np.testing.assert_allclose(model.predict(new)[:, target], alone.predict(new))
    assert len(np.unique(model.alpha_)) > 2  # each target has its own


def test_penalties_grow_with_the_noise():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 30))
    signal = X @ rng.normal(size=(30, 60)) / np.sqrt(30)
    median = [
        np.median(LincsRegression("gcv").fit(X, signal + noise * rng.normal(size=(80, 60))).alpha_)
        for noise in (0.05, 0.5, 5.0)
    ]
    assert median[0] < median[1] < median[2]


def test_gcv_is_scikit_learns_but_for_the_intercept():
    """RidgeCV counts no degree of freedom for it: the penalties are neighbours on the grid."""
    X, y, new = made((70, 20, 15), noise=1.0)
    Z = StandardScaler().fit(X)
    theirs = RidgeCV(RELATIVE_ALPHAS * 70, alpha_per_target=True).fit(Z.transform(X), y)
    ours = LincsRegression("gcv").fit(X, y)
    steps = np.abs(np.log10(ours.alpha_ / theirs.alpha_)) / 0.2
    assert np.median(steps) < 1.5  # theirs is leave-one-out
    difference = ours.predict(new) - theirs.predict(Z.transform(new))
    assert np.abs(difference).mean() < 0.1 * y.std()


@pytest.mark.parametrize("seed", range(5))
def test_gcv_is_more_accurate_than_no_penalty_where_there_is_noise(seed):
    n, p = 60, 40
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2 * n, p))
    truth = X @ rng.normal(size=(p, 30)) / np.sqrt(p)
    y = truth + rng.normal(size=truth.shape)
    error = {
        alpha: mmae(truth[n:], LincsRegression(alpha).fit(X[:n], y[:n]).predict(X[n:]))
        for alpha in (0.0, "gcv")
    }
    assert error["gcv"] < 0.7 * error[0.0]


def test_a_planted_map_comes_back():
    X, y, _ = made((50, 6, 4), noise=0.0)
    for alpha in (0.0, "gcv"):
        model = LincsRegression(alpha).fit(X, y)
        slope = np.linalg.lstsq(np.column_stack([np.ones(50), X]), y)[0][1:]
        tolerance = 1e-9 if alpha == 0 else 0.01
        np.testing.assert_allclose(
            model.coef_ / model.feature_scaler_.scale, slope.T, atol=tolerance
        )


@pytest.mark.parametrize("alpha", [0.0, 2.0, "gcv"])
@pytest.mark.parametrize("block", [1, 4, 7])
def test_targets_are_learned_alike_whatever_the_blocks(alpha, block, monkeypatch):
    X, y, new = made((30, 8, 15))
    expected = LincsRegression(alpha).fit(X, y)
    monkeypatch.setattr(_data, "BLOCK_TARGETS", block)
    model = LincsRegression(alpha).fit(X, y)
    np.testing.assert_allclose(model.predict(new), expected.predict(new), rtol=1e-12)
    np.testing.assert_array_equal(model.alpha_, expected.alpha_)


@pytest.mark.parametrize("alpha", [-1, -0.1, np.inf, np.nan, "GCV", None, True, [1.0]], ids=str)
def test_alpha_is_a_penalty(alpha):
    X, y, _ = made((10, 3, 2))
    message = r"'alpha' parameter of LincsRegression must be 'gcv' or a float in .* Got .* instead"
    with pytest.raises(ValueError, match=message):
        LincsRegression(alpha).fit(X, y)


def test_names_are_kept_with_the_coefficients():
    X, y, _ = made((20, 3, 2))
    model = LincsRegression().fit(
        pd.DataFrame(X, columns=["L1", "L2", "L3"]), pd.DataFrame(y, columns=["T1", "T2"])
    )
    assert model.feature_names_in_.tolist() == ["L1", "L2", "L3"]
    assert model.target_names_in_.tolist() == ["T1", "T2"]
    assert model.coef_.shape == (2, 3)
    assert (model.n_features_in_, model.n_outputs_) == (3, 2)
