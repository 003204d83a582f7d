"""KNN-GE equals a naive double loop over genes, and finds planted neighbours."""

import numpy as np
import pytest

from sklearn_dgex.baselines import KNNGeneRegressor, _data

SHAPES = [(30, 12, 9), (5, 40, 6), (3, 2, 3), (80, 1, 2)]
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def made(shape, seed=0):
    n, p, q = shape
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n + 9, 3))
    X = 7 + factors @ rng.normal(size=(3, p)) + 0.5 * rng.normal(size=(n + 9, p))
    y = 4 + factors[:n] @ rng.normal(size=(3, q)) * rng.gamma(2, 1, q) + rng.normal(size=(n, q))
    return X[:n], y, X[n:]


def naive(X, y, new, k):
    """For each target: standardise, sort landmarks by distance, average the nearest, scale back."""
    inferred, neighbors = np.empty((len(new), y.shape[1])), []
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    for t in range(y.shape[1]):
        target = (y[:, t] - y[:, t].mean()) / y[:, t].std()
        distance = [np.sqrt(np.sum((Z[:, j] - target) ** 2)) for j in range(X.shape[1])]
        nearest = np.argsort(distance, kind="stable")[:k]
        neighbors.append(nearest)
        for i in range(len(new)):
            profile = [(new[i, j] - X[:, j].mean()) / X[:, j].std() for j in nearest]
            inferred[i, t] = y[:, t].mean() + y[:, t].std() * np.mean(profile)
    return inferred, np.array(neighbors)


@every_shape
@pytest.mark.parametrize("k", [1, 3, 10])
@pytest.mark.parametrize("seed", range(3))
def test_inference_is_that_of_a_double_loop(shape, k, seed):
    X, y, new = made(shape, seed)
    model = KNNGeneRegressor(k).fit(X, y)
    inferred, neighbors = naive(X, y, new, k)
    np.testing.assert_array_equal(model.neighbors_, neighbors)
    np.testing.assert_allclose(model.predict(new), inferred, rtol=1e-10)
    np.testing.assert_allclose(model.target_scaler_.scale, y.std(axis=0))
    np.testing.assert_allclose(model.target_scaler_.offset, y.mean(axis=0))
    np.testing.assert_allclose(model.feature_scaler_.scale, X.std(axis=0))


@pytest.mark.parametrize("seed", range(5))
def test_planted_neighbours_are_found(seed):
    """Targets that are copies of two landmarks in another unit, with some noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(100, 30))
    pairs = np.array([rng.permutation(30)[:2] for _ in range(20)])
    y = 3 + 5 * X[:, pairs].mean(axis=2) + 0.2 * rng.normal(size=(100, 20))
    model = KNNGeneRegressor(2).fit(X[:60], y[:60])
    np.testing.assert_array_equal(np.sort(model.neighbors_), np.sort(pairs))
    assert model.score(X[60:], y[60:]) > 0.5


def test_a_target_that_is_a_landmark_is_inferred_as_it():
    X, _, new = made((30, 12, 9))
    model = KNNGeneRegressor(1).fit(X, 100 + 1e3 * X)
    assert model.neighbors_.ravel().tolist() == list(range(12))
    np.testing.assert_allclose(model.predict(new), 100 + 1e3 * new)


def test_a_gene_that_runs_against_the_target_is_far():
    X, _, _ = made((30, 5, 1))
    model = KNNGeneRegressor(5).fit(X, -X[:, 2])
    assert model.neighbors_[0, -1] == 2


@pytest.mark.parametrize("offset", [0.0, 1e5])
@pytest.mark.parametrize("scale", [1e-6, 1e4])
def test_units_do_not_matter(offset, scale):
    X, y, new = made((30, 12, 9))
    expected = KNNGeneRegressor(3).fit(X, y).predict(new)
    shift = offset * scale
    model = KNNGeneRegressor(3).fit(X * scale + shift, y * scale + shift)
    inferred = (model.predict(new * scale + shift) - shift) / scale
    np.testing.assert_allclose(inferred, expected, rtol=1e-7)


@pytest.mark.parametrize("block", [1, 4, 9, 10])
def test_targets_are_learned_alike_whatever_the_blocks(block, monkeypatch):
    X, y, new = made((30, 12, 9))
    expected = KNNGeneRegressor(3).fit(X, y).predict(new)
    monkeypatch.setattr(_data, "BLOCK_TARGETS", block)
    np.testing.assert_allclose(KNNGeneRegressor(3).fit(X, y).predict(new), expected)


def test_equal_landmarks_are_taken_in_their_order():
    X, _, _ = made((30, 3, 1))
    X = np.hstack([X, X])
    assert KNNGeneRegressor(4).fit(X, X[:, 1]).neighbors_[0, :2].tolist() == [1, 4]


@pytest.mark.parametrize("n_samples", [5, 300, 5000])
def test_a_landmark_that_does_not_vary_is_nobodys_neighbour(n_samples):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    X[:, 1] = 0.1
    y = rng.normal(size=(n_samples, 6))
    assert not (KNNGeneRegressor(3).fit(X, y).neighbors_ == 1).any()
    model = KNNGeneRegressor(4).fit(X, y)  # unless there are not enough others
    assert (model.neighbors_[:, 3] == 1).all()
    changed = X.copy()
    changed[:, 1] = 50.0
    np.testing.assert_array_equal(model.predict(changed), model.predict(X))


def test_more_neighbours_than_landmarks_are_all_landmarks():
    X, y, new = made((30, 4, 3))
    model = KNNGeneRegressor(10).fit(X, y)
    assert model.neighbors_.shape == (3, 4)
    np.testing.assert_allclose(model.predict(new), KNNGeneRegressor(4).fit(X, y).predict(new))


@pytest.mark.parametrize("n_neighbors", [0, -3, 2.0, "2", None, True])
def test_n_neighbors_is_a_number_of_landmarks(n_neighbors):
    X, y, _ = made((10, 3, 2))
    message = r"'n_neighbors' .* of KNNGeneRegressor must be an int in the range \[1, inf\). Got "
    with pytest.raises(ValueError, match=f"{message}{n_neighbors!r} instead"):
        KNNGeneRegressor(n_neighbors).fit(X, y)
    KNNGeneRegressor(np.int64(2)).fit(X, y)


@pytest.mark.parametrize("bad", [12, -1, 2**62, -(2**62)])
def test_neighbours_that_are_no_landmarks_are_refused(bad):
    """As a damaged file may hold them; a sparse product would read outside its memory."""
    X, y, new = made((30, 12, 9))
    model = KNNGeneRegressor(3).fit(X, y)
    model.neighbors_[8, 2] = bad
    with pytest.raises(ValueError, match=r"neighbors_ .* positions of its 12 landmarks\. Got"):
        model.predict(new)
