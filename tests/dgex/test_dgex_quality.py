"""``per_gene_quality_`` tells well inferred genes from others, and does not flatter."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def graded():
    """1,300 samples; the targets hold ever more noise, from none to nothing else."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1300, 6))
    signal = np.tanh(X @ rng.normal(size=(6, 4)))
    signal /= signal.std(axis=0)
    noise = rng.normal(size=(1300, 4))
    share = np.array([0.0, 0.4, 0.8, 1.0])
    return X, np.sqrt(1 - share) * signal + np.sqrt(share) * noise, share


@pytest.fixture(scope="module")
def fitted(graded):
    from sklearn_dgex import DGEXRegressor

    X, y, _ = graded
    return DGEXRegressor(
        width=60, n_members=4, max_iter=60, learning_rate_init=0.01, random_state=0
    ).fit(X[:300], y[:300])


def test_quality_ranks_planted_difficulty(fitted):
    quality = fitted.per_gene_quality_
    assert list(quality) == ["correlation", "mae"]
    assert quality["correlation"].is_monotonic_decreasing
    assert quality["mae"].is_monotonic_increasing
    assert quality["correlation"][0] > 0.9
    assert abs(quality["correlation"][3]) < 0.25, "noise looks as if it were inferred"


def test_quality_is_that_of_new_samples(fitted, graded):
    X, y, _ = graded
    inferred = fitted.predict(X[300:])
    correlation = [np.corrcoef(y[300:, g], inferred[:, g])[0, 1] for g in range(4)]
    mae = np.abs(y[300:] - inferred).mean(axis=0)
    np.testing.assert_allclose(fitted.per_gene_quality_["correlation"], correlation, atol=0.2)
    np.testing.assert_allclose(fitted.per_gene_quality_["mae"], mae, rtol=0.3)


def test_quality_is_in_units_of_the_targets(quick, arrays):
    X, y = arrays
    y = y.astype(np.float64)
    units = np.array([1.0, 10.0, 0.1, 1.0, 1000.0])
    one, other = quick().fit(X, y), quick().fit(X, y * units + 3)
    np.testing.assert_allclose(
        other.per_gene_quality_["mae"], one.per_gene_quality_["mae"] * units, rtol=1e-3
    )


def test_no_quality_without_held_out_samples(quick, frames):
    model = quick(validation_fraction=0).fit(*frames)
    assert model.per_gene_quality_.isna().all(axis=None)
    assert list(model.per_gene_quality_.index) == list(frames[1])
    assert model.validation_scores_ is model.best_validation_score_ is None
